"""A mistake in a file of delivery faults is named with its rule and key."""

from pathlib import Path

import pytest

from simulator.errors import FaultsError
from simulator.faults.delivery.classes import CLASSES
from simulator.faults.rules import read_rules
from simulator.observed import readings_of
from tests.simulator.faults.delivery.conftest import rules, selection_of

_HEAD = "[delivery.a]\nper_year = 1\nhours = [1, 2]\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (_HEAD + "class = 'eaten'", "delivery.a: class 'eaten': choose from lost"),
        (_HEAD + "class = 'late'", "delivery.a: minutes: class 'late' needs it"),
        (_HEAD + "class = 'late'\nminutes = [2, 1]", "delivery.a: minutes: 2.0 is above 1.0"),
        (_HEAD + "class = 'late'\nminutes = [1, 2000]", "delivery.a: minutes: (1.0, 2000.0) goes beyond 1440"),
        (_HEAD + "class = 'lost'\nminutes = [1, 2]", "delivery.a: minutes: class 'lost' has none"),
        (_HEAD + "class = 'burst'\nshare = 0.5", "delivery.a: share: class 'burst' befalls every reading"),
        (_HEAD + "class = 'lost'\nshare = 2", "delivery.a.share"),
        (_HEAD + "class = 'clock_offset'\nseconds = [-90000, 0]", "delivery.a: seconds: (-90000.0, 0.0) goes beyond"),
        (_HEAD + "class = 'lost'\nkinds = ['soil']", "delivery.a: kinds: 'soil' is not known"),
        (_HEAD + "class = 'lost'\nyearly = 2", "delivery.a.yearly"),
        ("[delivery.a]\nclass = 'burst'\nper_year = 1\nhours = [1, 25]", "delivery.a: hours: 25 is longer than the 24"),
        ("[delivery.a]\nclass = 'lost'\nhours = [1, 25]", "delivery.a.per_year"),
        ("[delivery.'A b']\nclass = 'lost'\nper_year = 1\nhours = [1, 2]", "A b"),
        (_HEAD + "class = 'lost'\n[faults.a]\nclass = 'stuck'\nper_year = 1\nhours = [1, 2]", "'a': both"),
        ("", "neither a [faults.NAME] nor a [delivery.NAME]"),
    ],
)
def test_a_mistaken_file_names_the_rule_and_the_key(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(FaultsError, match=r"mine\.toml") as error:
        read_rules(str(file))
    assert words in str(error.value)


def test_a_site_that_is_not_there_is_named() -> None:
    with pytest.raises(FaultsError, match=r"delivery\.lost: sites: 'atlantis'"):
        readings_of(selection_of(rules("lost", sites=["atlantis"])))


def test_several_are_taken_together_and_a_name_is_given_once(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(_HEAD + "class = 'lost'", encoding="utf-8")
    both = read_rules(f"typical,delivery,{file}")
    assert both is not None
    assert {"spike", "stuck"} < both.faults.keys()
    assert {"lost", "a"} < both.delivery.keys()
    with pytest.raises(FaultsError, match="'a' is named a second time"):
        read_rules(f"{file},{file}")


def test_what_is_built_in_has_every_class() -> None:
    found = read_rules("delivery")
    assert found is not None
    assert not found.faults
    assert {rule.class_ for rule in found.delivery.values()} == set(CLASSES)
