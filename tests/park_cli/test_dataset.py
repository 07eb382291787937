"""`park dataset`: a folder that is whole or not there, and that its own datasheet makes again."""

import json
import re
import signal
from pathlib import Path

import pytest

from tests.park_cli.command import park, running, shell

_WINDOW = ("--start", "2026-01-10T00:00:00+08:00", "--until", "2026-01-11T00:00:00+08:00")
_TOWN = ("--devices", "20", "--kind", "soil_probe", "--kind", "weather_station", "--events", "--interval", "10m")


def test_the_datasheet_makes_it_again(tmp_path: Path) -> None:
    rules = tmp_path / "mine.toml"
    rules.write_text('[faults.sleepy]\nclass = "dropout"\nper_year = 52\nhours = [100, 200]\n', encoding="utf-8")
    ended = park("dataset", str(tmp_path / "first"), *_TOWN, *_WINDOW, "--faults", str(rules), "--json")
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert told["readings"] == 20 * 144
    assert told["labels"] > 0
    assert told["twin"] > 0
    text = (tmp_path / "first" / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^park dataset AGAIN .*$", text, re.MULTILINE)
    again = shell(command, folder=tmp_path / "first")
    assert again.code == 0, again.err
    sums = [(tmp_path / name / "SHA256SUMS").read_bytes() for name in ("first", "first/AGAIN")]
    assert sums[0] == sums[1]
    assert shell("sha256sum --quiet --check SHA256SUMS", folder=tmp_path / "first").code == 0


@pytest.mark.parametrize("there", ["file", "full"])
def test_what_is_there_is_left_alone(tmp_path: Path, there: str) -> None:
    target = tmp_path / "mine"
    if there == "file":
        target.write_text("keep", encoding="utf-8")
    else:
        (target / "old").mkdir(parents=True)
    ended = park("dataset", str(target), *_TOWN, *_WINDOW)
    assert (ended.code, ended.clean) == (2, True)
    assert "something already" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("odd", ["?", "\\"])
@pytest.mark.parametrize("below", ["june", "new/june"])
def test_a_name_that_the_library_reads_otherwise_is_refused_before_any_work(
    tmp_path: Path, odd: str, below: str
) -> None:
    (tmp_path / f"a{odd}b").mkdir()
    (tmp_path / "plain").symlink_to(tmp_path / f"a{odd}b")
    for target in (tmp_path / f"a{odd}b" / below, tmp_path / "plain" / below, tmp_path / f"c{odd}d"):
        ended = park("dataset", str(target), *_TOWN, *_WINDOW)
        assert (ended.code, ended.clean) == (2, True)
        assert ended.err.startswith(f"error: {target.resolve()}: DuckDB knows no name with {odd} in it")
    assert not list((tmp_path / f"a{odd}b").iterdir())
    assert len(list(tmp_path.iterdir())) == 2


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    target = tmp_path / "mine"
    target.mkdir()
    window = ("--start", _WINDOW[1], "--until", "2026-01-10T01:00:00+08:00")
    assert park("dataset", str(target), *_TOWN, *window).code == 0
    assert (target / "SHA256SUMS").exists()


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    window = ("--start", _WINDOW[1], "--until", "2027-01-10T00:00:00+08:00")
    with running("dataset", "mine", "--faults", "typical", *window, folder=tmp_path, terminal=True) as one:
        one.await_text("generating")
        assert list(tmp_path.glob(".mine.*.part"))
        one.signal(signal.SIGINT)
        ended = one.end()
    assert ended.code == 130
    assert ended.clean
    assert [path.name for path in tmp_path.iterdir() if "mine" in path.name] == []
