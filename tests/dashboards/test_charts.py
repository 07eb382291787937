"""What is drawn of an answer: holes where readings are missing, dots where a line shows nothing, states that go on."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.resolved import ResolvedPanel, resolve
from dashboards.sources.base import Curve, Window
from dashboards.states import states
from dashboards.viewer import charts, timeline
from park.catalogue import ValueType
from park.panel import Panel, View
from sectors import KINDS

MINUTE = 60_000
KIND = next(kind for kind in KINDS.values() for channel in kind.channels if channel.type.value == "float")
CHANNEL = next(channel for channel in KIND.channels if channel.type.value == "float")


def panel() -> ResolvedPanel:
    return resolve(Panel(title="", story="", measurement=KIND.name, fields=(CHANNEL.name,)))


def curve(*minutes: int) -> Curve:
    return Curve(field=CHANNEL.name, times=[at * MINUTE for at in minutes], values=[1.0] * len(minutes))


def drawn(*minutes: int) -> charts.Options:
    window = Window(start=0, until=60 * MINUTE, interval=MINUTE)
    (series,) = charts.lines(panel(), window, [curve(*minutes)])["series"]
    found: charts.Options = series
    return found


@given(st.sets(st.integers(0, 59), min_size=1))
def test_every_reading_is_seen(minutes: set[int]) -> None:
    """As part of a line, or as a dot."""
    data = drawn(*sorted(minutes))["data"]
    points = [one["value"] if isinstance(one, dict) else one for one in data]
    for i, (one, (at, value)) in enumerate(zip(data, points, strict=True)):
        near = [p[1] for p in points[max(i - 1, 0) : i + 2] if p[0] != at]
        if value is not None and all(other is None for other in near):
            assert one["symbol"] == "circle"
        else:
            assert not isinstance(one, dict)
    assert [at // MINUTE for at, value in points if value is not None] == sorted(minutes)


def test_a_line_without_lone_points_has_no_dots() -> None:
    assert drawn(1, 2, 3)["showSymbol"] is False
    assert drawn(1, 2, 3, 30)["showSymbol"] is True


def test_the_axis_is_the_window_whatever_is_stored() -> None:
    window = Window(start=0, until=60 * MINUTE, interval=MINUTE)
    for answer in ([curve(58, 59)], [curve(0, 59)]):
        shown = charts.lines(panel(), window, answer)["xAxis"]
        behind = charts.sparkline(panel(), window, answer, "red")["xAxis"]
        assert [(axis["min"], axis["max"]) for axis in (shown, behind)] == [(0, 60 * MINUTE)] * 2


@pytest.mark.parametrize(("last", "until"), [(59, 60), (58, 60), (57, 59), (30, 32)])
def test_a_state_holds_on_until_its_device_could_have_told_another(last: int, until: int) -> None:
    window = Window(start=0, until=60 * MINUTE, interval=MINUTE)
    series = dataclasses.replace(curve(*range(last + 1)), values=["on"] * (last + 1))
    assert timeline.runs(series, window) == [(0, until * MINUTE, "on")]


def test_midnight_is_labelled_with_its_date() -> None:
    forms = charts.time_axis(Window(start=0, until=60 * MINUTE, interval=MINUTE))["axisLabel"]["formatter"]
    assert forms["day"] == forms["month"] == "{d} {MMM}"
    assert forms["hour"] == "{HH}:{mm}"


def value_axis(low: float, high: float) -> charts.Options:
    asked = dataclasses.replace(panel(), low=low, high=high)
    found: charts.Options = charts.lines(asked, Window(start=0, until=60 * MINUTE), [])["yAxis"]
    return found


@given(low=st.integers(-500, 500), span=st.integers(1, 100_000), part=st.sampled_from([1, 10, 1000]))
def test_an_axis_of_a_given_range_has_some_numbers_and_no_crowd_of_them(low: int, span: int, part: int) -> None:
    step = value_axis(low / part, (low + span) / part)["interval"]
    assert 2.5 * step <= span / part * 1.000001
    assert 5 * step >= span / part * 0.999999


@pytest.mark.parametrize(
    ("low", "high", "step", "shown"),
    [(0.0, 100.0, 20.0, (True, True)), (3.2, 4.3, 0.25, (False, False)), (195.0, 240.0, 10.0, (False, True))],
)
def test_numbers_stand_at_round_ones(low: float, high: float, step: float, shown: tuple[bool, bool]) -> None:
    axis = value_axis(low, high)
    assert axis["interval"] == pytest.approx(step)
    assert (axis["axisLabel"]["showMinLabel"], axis["axisLabel"]["showMaxLabel"]) == shown


def test_no_two_states_have_the_same_colour() -> None:
    for kind in KINDS.values():
        for channel in kind.channels:
            if channel.type in {ValueType.TEXT, ValueType.BOOL}:
                levels = dict.fromkeys(channel.texts, "good")
                asked = Panel(title="", story="", measurement=kind.name, fields=(channel.name,), levels=levels)
                shown = timeline.colors(states(resolve(dataclasses.replace(asked, view=View.STATES))))
                assert len(set(shown)) == len(shown), (kind.name, channel.name)
