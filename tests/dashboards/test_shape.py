"""A panel that contradicts the catalogue is refused with words that name the key."""

import dataclasses

import pytest

from dashboards.errors import PanelError
from dashboards.sources.shape import label, series_name, shape
from park.catalogue import Sector
from park.panel import Aggregate, Panel, Threshold, View

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
        ({"thresholds": (Threshold(value=1, level="awful"),)}, "level 'awful'"),
        ({"levels": {"idle": "odd"}}, "level 'odd'"),
        ({"across": Aggregate.LAST}, "across=LAST"),
        ({"fields": ("open",), "across": Aggregate.MEAN}, "booleans"),
        ({"fields": ("status",), "across": Aggregate.SUM}, "across=SUM"),
        ({"fields": ("status",), "rate_s": 60.0}, "rate_s"),
    ],
)
def test_a_wrong_panel_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(PanelError, match=words):
        shape(dataclasses.replace(LEVEL, **change))  # type: ignore[arg-type]


def test_states_are_never_averaged(made_up: Sector) -> None:
    states = dataclasses.replace(LEVEL, fields=("status",), unit="1", view=View.STATES)
    assert shape(states).within is Aggregate.LAST


def test_a_table_is_over_the_whole_range_and_a_figure_is_the_newest(made_up: Sector) -> None:
    assert shape(dataclasses.replace(LEVEL, view=View.TABLE, by=("device",))).within is Aggregate.MEAN
    figure = shape(dataclasses.replace(LEVEL, across=Aggregate.SUM, view=View.STAT), over_time=False)
    assert (figure.within, figure.across) == (Aggregate.LAST, Aggregate.SUM)


def test_series_are_named_by_group_field_or_both(made_up: Sector) -> None:
    both = dataclasses.replace(LEVEL, fields=("level", "depth"), by=("site",), labels={"depth": "Below"})
    assert series_name(both, "depth", {"site": "north"}) == "north · Below"
    assert series_name(LEVEL, "level", {}) == "Level"
    assert series_name(dataclasses.replace(LEVEL, by=("site",)), "level", {"site": "north"}) == "north"
    assert label(dataclasses.replace(LEVEL, view=View.TABLE), "level") == "Level (m)"
