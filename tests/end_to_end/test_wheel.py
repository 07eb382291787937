"""The built wheel in a bare environment, far from the checkout: what `pip install` gives, at work."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.test_arrows import ARROWS

ROOT = Path(__file__).parents[2]
PACKAGES = tuple(ARROWS)
PATIENCE_S = 120.0
MINUTE = ("--start", "2026-06-01T04:00:00+08:00", "--until", "2026-06-01T04:01:00+08:00")

#: Imports every module of the packages that are named; prints where each package is, and what could not be imported.
IMPORT_ALL = """
import importlib, pkgutil, sys
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    print(package.__file__)
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        importlib.import_module(module.name)
"""

#: What `park dashboards check` says of a panel when there are no soil probes in the store.
PROBED = "agriculture: Soil moisture by site: no rows"

pytestmark = pytest.mark.deadline(400)


@dataclass(frozen=True, kw_only=True)
class Installed:
    """An environment that holds the wheel and what it depends on, nothing else."""

    env: Path
    wheel: Path

    def run(self, folder: Path, *argv: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run one of the environment's programs in a folder."""
        program, *arguments = argv
        done = subprocess.run(
            [self.env / "bin" / program, *arguments],
            cwd=folder,
            env={"PATH": os.defpath, "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == code, f"{' '.join(argv)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def files(self) -> dict[str, str]:
        """Every file of the environment and what is in it, as a digest."""
        return {
            str(path.relative_to(self.env)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.env.rglob("*")
            if path.is_file()
        }


def call(*argv: str | Path) -> None:
    """Run a tool of packaging to its end."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{argv}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"


def call_uv(uv: Path, *arguments: str | Path) -> None:
    """Run uv on what its cache holds; on the network where that is not enough."""
    try:
        call(uv, "--offline", *arguments)
    except AssertionError:
        call(uv, *arguments)


def find_uv() -> Path | None:
    """The uv on PATH, or the one that the scripts made for themselves."""
    found = shutil.which("uv") or shutil.which("uv", path=str(ROOT / ".park" / "uv" / "bin"))
    return Path(found) if found else None


def absent(what: str) -> None:
    """Skip the test, or fail it where everything is required."""
    (pytest.fail if os.environ.get("PARK_REQUIRE_SERVERS") == "1" else pytest.skip)(what)


def pinned() -> str:
    """What is installed here, as constraints: the wheel is tried with what the lock names."""
    return "".join(f"{one.name}=={one.version}\n" for one in metadata.distributions() if one.name != "sensing-park")


def source(folder: Path) -> Path:
    """What a wheel is built from, without what a working copy holds besides."""
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, folder)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    env, dist = tmp_path_factory.mktemp("bare") / "env", tmp_path_factory.mktemp("dist")
    constraints = dist / "constraints.txt"
    constraints.write_text(pinned())
    tree = source(tmp_path_factory.mktemp("source"))
    if uv := find_uv():
        with_uv(uv, tree, env, dist, constraints)
    else:
        with_pip(tree, env, dist, constraints)
    return Installed(env=env, wheel=next(dist.glob("*.whl")))


def with_uv(uv: Path, tree: Path, env: Path, dist: Path, constraints: Path) -> None:
    """Build the wheel and install it, by uv."""
    call_uv(uv, "build", "--wheel", "--out-dir", dist, tree)
    call_uv(uv, "venv", "--python", sys.executable, env)
    (wheel,) = dist.glob("*.whl")
    call_uv(uv, "pip", "install", "--python", env / "bin" / "python", "--constraint", constraints, wheel)


def with_pip(tree: Path, env: Path, dist: Path, constraints: Path) -> None:
    """Build the wheel and install it, by Python's own tools."""
    try:
        call(sys.executable, "-m", "venv", env)
    except AssertionError as error:
        absent(f"neither uv nor venv with pip is here: {error}")
    pip = (env / "bin" / "python", "-m", "pip", "--disable-pip-version-check")
    call(*pip, "wheel", "--no-deps", "--wheel-dir", dist, tree)
    (wheel,) = dist.glob("*.whl")
    call(*pip, "install", "--constraint", constraints, wheel)


@pytest.fixture(scope="module", autouse=True)
def untouched(installed: Installed) -> Any:
    """Nothing that the commands do changes what is installed."""
    before = installed.files()
    yield
    assert installed.files() == before


def test_the_wheel_holds_every_file_of_the_packages(installed: Installed) -> None:
    held = {name for name in zipfile.ZipFile(installed.wheel).namelist() if ".dist-info/" not in name}
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file())
    assert held == {str(path.relative_to(ROOT)) for path in files if "__pycache__" not in path.parts}
    assert {"park/park.toml", "park/py.typed", "dashboards/viewer/style.css"} <= held


def test_every_module_is_imported_from_the_environment(installed: Installed, tmp_path: Path) -> None:
    places = installed.run(tmp_path, "python", "-c", IMPORT_ALL, *PACKAGES).stdout.split()
    assert len(places) == len(PACKAGES)
    assert all(Path(place).is_relative_to(installed.env) for place in places)


def test_help_names_every_command(installed: Installed, tmp_path: Path) -> None:
    said = installed.run(tmp_path, "park", "--help").stdout
    assert all(command in said for command in ("demo", "simulate", "generate", "ingest", "verify", "dashboards"))


def test_uvx_runs_it_from_the_file(installed: Installed, tmp_path: Path) -> None:
    uv = find_uv()
    if uv is None:
        absent("uv is neither on PATH nor in .park/uv")
        return
    (tmp_path / "constraints.txt").write_text(pinned())
    within = ("--python", sys.executable, "--constraints", tmp_path / "constraints.txt", "--from", installed.wheel)
    made = tmp_path / "minute.ndjson"
    call_uv(uv, "tool", "run", *within, "park", "generate", "--devices", "10", *MINUTE, "-o", made)
    assert json.loads(made.read_text().splitlines()[0])["topic"].startswith("park/")


def test_it_generates_what_the_checkout_generates(installed: Installed, tmp_path: Path) -> None:
    arguments = ("generate", "--devices", "40", *MINUTE)
    here = subprocess.run(
        [sys.executable, "-c", "from park_cli.main import main; main()", *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert installed.run(tmp_path, "park", *arguments).stdout == here.stdout
    assert {json.loads(line)["topic"].split("/")[1] for line in here.stdout.splitlines()} > {"agriculture", "energy"}


def test_the_demo_proves_that_nothing_was_lost_and_the_panels_show_it(installed: Installed, tmp_path: Path) -> None:
    store = ("--store", f"duckdb://{tmp_path}/kept.duckdb")
    done = installed.run(tmp_path, "park", "demo", "--for", "4s", "--backfill", "1h", "--json", *store)
    summary = json.loads(done.stdout.splitlines()[-1])
    verify = summary["verify"]
    assert verify["expected"] == verify["found"] == summary["simulate"]["acknowledged"] > 0
    assert (verify["lost"], verify["duplicated"], verify["altered"]) == (0, 0, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.duckdb"]
    assert PROBED not in empty_panels(installed, tmp_path, *store)


def test_panels_without_rows_are_told(installed: Installed, tmp_path: Path) -> None:
    duckdb.connect(tmp_path / "empty.duckdb").close()
    assert PROBED in empty_panels(installed, tmp_path, "--store", f"duckdb://{tmp_path}/empty.duckdb")


def empty_panels(installed: Installed, folder: Path, *store: str) -> list[str]:
    """The lines of `park dashboards check`; a demo of seconds is too short for the pipeline's own figures."""
    return installed.run(folder, "park", "dashboards", "check", *store, "--last", "2h", code=1).stderr.splitlines()


def test_a_folder_that_is_no_checkout_is_refused(installed: Installed, tmp_path: Path) -> None:
    said = installed.run(tmp_path, "park", "dashboards", "build", code=2).stderr
    assert "--root" in said
    assert "--out" in said
    assert not list(tmp_path.iterdir())


def test_the_installed_packages_are_no_checkout(installed: Installed) -> None:
    (place,) = (installed.env / "lib").glob("python*/site-packages")
    installed.run(place, "park", "dashboards", "build", code=2)


def _texts(folder: Path) -> dict[Path, str]:
    return {path.relative_to(folder): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_dashboards_are_built_into_any_folder(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text("{}")
    installed.run(tmp_path, "park", "dashboards", "build", "--out", ".", "--check", code=1)
    installed.run(tmp_path, "park", "dashboards", "build", "--out", "grafana/park")
    built, committed = tmp_path / "grafana" / "park", ROOT / "dashboards" / "out"
    assert _texts(built) == _texts(committed)
    installed.run(tmp_path, "park", "dashboards", "build", "--out", "grafana/park", "--check")
    assert (tmp_path / "mine.json").read_text() == "{}"
