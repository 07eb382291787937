"""A newcomer's store and codec: one folder each in a copy of the project, and nothing else of it changed."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("park", "sectors", "simulator", "ingest", "dashboards", "mqttlink", "park_cli", "tests")
FOLDERS = {"ndjson": "ingest/stores/ndjson", "tsv": "park/codecs/tsv"}
PATIENCE_S = 200.0

pytestmark = pytest.mark.deadline(400)


@dataclass(frozen=True, kw_only=True)
class House:
    """A copy of the project's packages, with the newcomer's folders in it."""

    root: Path

    def python(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run this Python on the copy."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env={
                "PYTHONPATH": str(self.root),
                "PYTHONDONTWRITEBYTECODE": "1",
                "PATH": "/usr/bin:/bin",
                "COLUMNS": "200",
            },
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def passed(self, suite: str, name: str) -> list[str]:
        """The tests of a suite that took the name in, and passed; none may fail."""
        told = self.python("-m", "pytest", "-v", "-p", "no:cacheprovider", suite, "-k", name).stdout
        return re.findall(r"::(\w+)\[.*\] PASSED", told)


def files(root: Path) -> dict[str, str]:
    """Every file and what is in it, as a digest."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    root = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", root)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    before = files(root)
    for name, folder in FOLDERS.items():
        shutil.copytree(ROOT / "tests" / "newcomers" / name, root / folder)
    after = files(root)
    assert {path: after[path] for path in before} == before
    return House(root=root)


def test_both_are_found(house: House) -> None:
    told = house.python(
        "-c",
        "import ingest.stores, park.codecs\nprint(ingest.stores.__file__, *ingest.stores.STORES, *park.codecs.CODECS)",
    ).stdout.split()
    assert told[0] == str(house.root / "ingest" / "stores" / "__init__.py")
    assert {"ndjson", "text/tab-separated-values"} <= set(told)


def test_the_stores_suite_takes_the_store_in(house: House) -> None:
    passed = house.passed("tests/ingest/test_stores.py", "ndjson")
    assert set(passed) == {
        "test_every_kind_comes_back_exactly_and_once",
        "test_events_come_back_from_the_log_of_their_type_and_once",
        "test_two_types_may_have_an_event_of_one_device_at_one_time",
        "test_the_window_is_half_open_and_an_unknown_kind_is_empty",
        "test_many_rows_come_in_chunks",
    }


def test_the_codecs_suite_takes_the_codec_in(house: House) -> None:
    passed = house.passed("tests/park/test_codecs.py", "tab-separated")
    assert set(passed) == {
        "test_every_row_reads_back_as_the_value_that_was_meant",
        "test_any_bytes_are_a_reading_or_a_decode_error",
        "test_every_kind_of_the_catalogue_has_a_decoder_in_every_codec",
    }


def test_the_commands_take_the_store(house: House, tmp_path: Path) -> None:
    store = f"ndjson://{tmp_path}/park"
    (tmp_path / "park").touch()  # nothing is read where nothing is
    park = ("-c", "from park_cli.main import main; main()")
    window = ("--start", "2026-01-01T16:00:00Z", "--until", "2026-01-01T16:05:00Z", "--devices", "4")
    summary = house.python(*park, "verify", "--store", store, *window, "--json", code=1).stdout.splitlines()[-1]
    verified = json.loads(summary)
    assert verified["found"] == 0
    assert verified["lost"] == verified["expected"] > 0
    refused = house.python(*park, "ingest", "--store", store, "--processes", "2", code=2).stderr
    assert "--processes 1" in refused
    unseen = house.python(*park, "dashboards", "check", "--store", store, code=2).stderr
    assert "answers no panels" in unseen
