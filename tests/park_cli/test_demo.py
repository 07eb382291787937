"""The demo, as a person starts it: an address at once, moving data, and a proof at the end."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

PARK = [sys.executable, "-c", "from park_cli.main import main; main()"]


def start(folder: Path, *arguments: str) -> tuple["subprocess.Popen[bytes]", str]:
    """The demo's process and the viewer's address, once it is told."""
    process = subprocess.Popen([*PARK, "demo", "--json", *arguments], cwd=folder, stdout=-1, stderr=-1)
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(rb"http://127\.0\.0\.1:\d+/", line):
            return process, found[0].decode()
    raise AssertionError(f"no address; exit code {process.wait()}")


@pytest.mark.deadline(120)
def test_the_demo_ends_with_a_proof_that_every_sector_were_stored(tmp_path: Path) -> None:
    process, page = start(tmp_path, "--for", "3s", "--backfill", "4h", "--devices", "78")
    with urllib.request.urlopen(page, timeout=30) as answer:
        assert answer.status == 200
        assert b"Sensing park" in answer.read()
    out, err = process.communicate()
    assert process.returncode == 0, err.decode()
    summary = json.loads(out.splitlines()[-1])
    verify, simulate, ingest = summary["verify"], summary["simulate"], summary["ingest"]
    assert verify["expected"] == verify["found"] == simulate["offered"] == simulate["acknowledged"] > 4000
    assert (verify["lost"], verify["duplicated"], verify["altered"]) == (0, 0, 0)
    assert ingest["received"] == ingest["stored"] >= verify["expected"]
    assert not list(tmp_path.iterdir())


@pytest.mark.deadline(120)
def test_ctrl_c_drains_and_proves_as_well(tmp_path: Path) -> None:
    process, _ = start(
        tmp_path, "--backfill", "10m", "--devices", "33", "--control", "--store", f"duckdb://{tmp_path}/kept.duckdb"
    )
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 0, err.decode()
    assert b"The rules: " in err
    verify = json.loads(out.splitlines()[-1])["verify"]
    assert (verify["lost"], verify["duplicated"], verify["altered"]) == (0, 0, 0)
    assert (tmp_path / "kept.duckdb").exists()


@pytest.mark.deadline(240)
def test_an_incident_takes_the_demos_own_store_away_and_nothing_is_lost(tmp_path: Path) -> None:
    asked = ("--for", "10s", "--backfill", "5m", "--devices", "33", "--incident", "store-away", "--draw", "1")
    process, _ = start(tmp_path, *asked)
    out, err = process.communicate()
    assert process.returncode == 0, err.decode()
    assert b"Rush hour without a store" in err
    summary = json.loads(out.splitlines()[-1])
    verify, ingest = summary["verify"], summary["ingest"]
    assert (verify["lost"], verify["duplicated"], verify["altered"]) == (0, 0, 0)
    assert ingest["received"] == ingest["stored"] >= verify["expected"] + 60 * 5  # ten seconds, every two
    assert ingest["retries"] > 0
    (label,) = [json.loads(line) for line in (tmp_path / "store-away.labels").read_text(encoding="utf-8").splitlines()]
    assert (label["device"], label["fault"]) == ("store", "away")
    assert [path.name for path in tmp_path.iterdir()] == ["store-away.labels"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["--incident", "earthquake"], "store-away"),
        (["--incident", "store-away", "--broker", "mqtt://127.0.0.1:1"], "park incident"),
    ],
)
def test_an_incident_that_there_is_not_is_named(asked: list[str], words: str) -> None:
    ended = subprocess.run([*PARK, "demo", *asked], capture_output=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert words in ended.stderr.decode()
