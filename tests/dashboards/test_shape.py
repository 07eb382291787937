"""A panel that contradicts the catalogue is refused with words that name the key."""

import dataclasses

import pytest

from dashboards.errors import PanelError
from dashboards.measured import measured
from dashboards.resolved import resolve
from park.catalogue import Sector
from park.panel import Aggregate, Panel, Threshold, View
from sectors import EVENTS

LEVEL = Panel(title="Level", story="", measurement="made_up", fields=("level",), unit="m")


@pytest.mark.usefixtures("made_up")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"measurement": "nothing"}, "measurement 'nothing'"),
        ({"fields": ()}, "fields is empty"),
        ({"fields": ("nope",)}, "field 'nope'"),
        ({"by": ("colour",)}, "by 'colour'"),
        ({"unit": "km"}, "unit 'km'"),
        ({"unit": None, "fields": ("level", "power")}, "fields are in 'm' and 'kW'"),
        ({"thresholds": (Threshold(value=1, level="awful"),)}, "level 'awful'"),
        ({"levels": {"idle": "odd"}}, "level 'odd'"),
        ({"across": Aggregate.LAST}, "across=LAST"),
        ({"fields": ("open",), "across": Aggregate.MEAN}, "booleans"),
        ({"fields": ("status",), "across": Aggregate.SUM}, "across=SUM"),
        ({"fields": ("status",), "rate_s": 60.0}, "rate_s"),
        ({"rate_s": 60.0}, "rate_s needs registers, and level is none"),
        ({"split": "status"}, "split 'status' needs to be a text channel, and cases"),
        ({"split": "level", "cases": {"Idle": ("idle",)}}, "split 'level'"),
        ({"split": "nope", "cases": {"Idle": ("idle",)}}, "split 'nope'"),
        ({"cases": {"Idle": ("idle",)}}, "split ''"),
        ({"split": "status", "cases": {"Idle": ("idle",)}, "fields": ("level", "depth")}, "cases are of one field"),
        ({"split": "status", "cases": {"Idle": ("idle",)}, "fields": ("open",)}, "cases are of a number"),
    ],
)
def test_a_wrong_panel_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(PanelError, match=words):
        resolve(dataclasses.replace(LEVEL, **change))  # type: ignore[arg-type]


def test_states_are_never_averaged(made_up: Sector) -> None:
    states = dataclasses.replace(LEVEL, fields=("status",), unit="1", view=View.STATES)
    assert resolve(states).asked.within is Aggregate.LAST


def test_a_table_is_over_the_whole_range_and_a_figure_is_the_newest(made_up: Sector) -> None:
    assert resolve(dataclasses.replace(LEVEL, view=View.TABLE, by=("device",))).asked.within is Aggregate.MEAN
    figure = resolve(dataclasses.replace(LEVEL, across=Aggregate.SUM, view=View.STAT)).newest
    assert (figure.within, figure.across) == (Aggregate.LAST, Aggregate.SUM)


def test_series_are_named_by_group_field_or_both(made_up: Sector) -> None:
    both = dataclasses.replace(LEVEL, fields=("level", "depth"), by=("site",), labels={"depth": "Below"})
    assert resolve(both).series_name("depth", {"site": "north"}) == "north · Below"
    assert resolve(LEVEL).series_name("level", {}) == "Level"
    assert resolve(dataclasses.replace(LEVEL, by=("site",))).series_name("level", {"site": "north"}) == "north"
    assert resolve(dataclasses.replace(LEVEL, view=View.TABLE)).labels["level"] == "Level (m)"


def test_cases_are_series_of_one_field(made_up: Sector) -> None:
    cases = {"Idle": ("idle",), "At work": ("busy", "broken")}
    apart = resolve(dataclasses.replace(LEVEL, split="status", cases=cases))
    assert apart.columns == ("Idle", "At work")
    assert apart.unit == "m"
    assert apart.series_name("Idle", {}) == "Idle"
    assert apart.channel("At work").name == "level"
    by_site = resolve(dataclasses.replace(LEVEL, split="status", cases=cases, by=("site",)))
    assert by_site.series_name("Idle", {"site": "north"}) == "north · Idle"


@pytest.mark.parametrize("log", list(EVENTS.logs))
def test_what_logs_keep_can_be_asked_for(log: str) -> None:
    found = measured(log)
    assert found.channels.keys() >= {"id", "phase"}
    assert found.tags == ("device", "sector", "site", "type")
    assert found.is_regular == (log == "park_twin")
    assert not found.is_kind


@pytest.mark.parametrize(
    ("change", "unit"),
    [
        ({}, "m"),
        ({"fields": ("level", "depth")}, "m"),
        ({"fields": ("open",)}, "1"),
        ({"aggregate": Aggregate.COUNT}, "1"),
        ({"fields": ("energy",), "rate_s": 3600.0}, "kW"),
        ({"fields": ("energy",), "rate_s": 60.0}, "kWh/min"),
        ({"fields": ("energy",), "rate_s": 3600.0, "unit": "kWh"}, "kWh"),
        ({"fields": ("level", "power"), "view": View.TABLE}, "1"),
    ],
)
def test_a_panel_has_its_channels_unit_unless_it_says_otherwise(
    change: dict[str, object], unit: str, made_up: Sector
) -> None:
    assert resolve(dataclasses.replace(LEVEL, **{"unit": None, **change})).unit == unit  # type: ignore[arg-type]
