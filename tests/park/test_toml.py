"""Settings that somebody else has written, for every reader of them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from controller.errors import RulesError
from controller.file import read_file
from park.errors import NotToml, TownError
from park.toml import parse_toml
from park.town import parse_town
from park_cli.certify.spec import read_spec
from park_cli.errors import UsageError
from sectors import SECTORS
from simulator.errors import FaultsError
from simulator.faults.rules import read_rules

ODD = {
    "nested": "a = " + "[" * 5000,
    "nested tables": "a = " + "{ a = " * 5000,
    "digits": "a = " + "9" * 5000,
    "no date": "a = 2026-13-45",
    "no value": "a =",
    "a key twice": "a = 1\na = 2",
    "a control character": 'a = "\0"',
}
READERS: dict[str, Callable[[Path], object]] = {
    "town": lambda path: parse_town(path.read_text(encoding="utf-8"), path.name, SECTORS),
    "faults": lambda path: read_rules(str(path)),
    "pipeline": read_spec,
    "rules": lambda path: read_file(path.read_text(encoding="utf-8"), path.name),
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_toml_is_an_error_of_use_that_names_the_file(reader: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises((TownError, FaultsError, UsageError, RulesError)) as caught:
        READERS[reader](path)
    assert "mine.toml" in str(caught.value)
    with pytest.raises(NotToml):
        parse_toml(text)


def test_a_byte_order_mark_is_no_key() -> None:
    assert parse_toml("\ufeffa = 1") == {"a": 1}


TOWN = "[town]\nlatitude = 1\nlongitude = 1\n"
FAULT = '[faults.a]\nclass = "{class_}"\nper_year = {per_year}\nhours = {hours}\n{size}\n'


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[town]\nlatitude = nan\nlongitude = 1", "town.latitude"),
        (TOWN + "elevation_m = nan", "town.elevation_m"),
        (TOWN + "[kinds.soil_probe]\nweight = inf", "kinds.soil_probe.weight"),
        (TOWN + "[kinds.soil_probe]\nweight = 1e-300", "kinds.soil_probe.weight"),
        (TOWN + "[kinds.soil_probe]\nweight = 1e300", "kinds.soil_probe.weight"),
        (TOWN + "[kinds.soil_probe]\ninterval_s = nan", "kinds.soil_probe.interval_s"),
        (TOWN + "commissioned = 1969-12-31", "town.commissioned"),
        (TOWN + "commissioned = 2100-01-01", "town.commissioned"),
        (TOWN + "seed = 9223372036854775808", "town.seed"),
        (TOWN + "devices = 1" + "0" * 30, "town.devices"),
    ],
)
def test_a_number_that_a_town_cannot_have_is_named(text: str, key: str) -> None:
    with pytest.raises(TownError, match=key):
        parse_town(text, "park.toml", SECTORS)


@pytest.mark.parametrize(
    "told",
    [
        {"per_year": "nan"},
        {"hours": "[1, nan]"},
        {"hours": "[nan, nan]"},
        {"size": "severity = [1, inf]"},
        {"size": "severity = [nan, nan]"},
        {"size": "amount = [nan, nan]"},
        {"size": "amount = [0, inf]"},
    ],
)
def test_a_fault_has_no_size_without_an_end(told: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    good = {"class_": "spike", "per_year": "1", "hours": "[1, 2]", "size": "severity = [1, 2]"}
    path.write_text(FAULT.format(**good), encoding="utf-8")
    assert read_rules(str(path)) is not None
    path.write_text(FAULT.format(**good | told), encoding="utf-8")
    with pytest.raises(FaultsError, match=r"faults\.toml"):
        read_rules(str(path))
