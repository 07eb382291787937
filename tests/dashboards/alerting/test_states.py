"""The states of alert instances: case by case, and against a naive transcription of what Grafana documents."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards.alerting.states import State, states
from park.alert import Alert, NoData
from park.errors import CatalogueError
from tests.dashboards.alerting import naive
from tests.dashboards.alerting.made import MINUTE, alert

NAMES = {State.NORMAL: "Normal", State.PENDING: "Pending", State.ALERTING: "Alerting", State.NO_DATA: "NoData"}
OK, HIGH, NOT = 5.0, 11.0, None


def course(rule: Alert, *values: float | None) -> str:
    """The states of a single series over minutes, one letter each: of Normal, Pending, Alerting."""
    return _letters(rule, [values])[0]


def _letters(rule: Alert, series: list[tuple[float | None, ...]]) -> list[str]:
    at = np.arange(1, len(series[0]) + 1) * MINUTE
    points = np.array([[np.nan if one is None else one for one in values] for values in series], dtype=np.float64)
    found, _ = states(rule, at, points)
    return ["".join(NAMES[State(one)][:2][0 if one != State.NO_DATA else slice(None)] for one in row) for row in found]


def test_at_once_without_a_hold() -> None:
    assert course(alert(), OK, HIGH, HIGH, OK) == "NAAN"


def test_pending_then_firing_then_resolved() -> None:
    assert course(alert(for_s=120), OK, HIGH, HIGH, HIGH, HIGH, OK, OK) == "NPPAANN"


def test_who_flaps_within_the_hold_never_fires() -> None:
    assert course(alert(for_s=120), *[HIGH, HIGH, OK] * 4) == "PPN" * 4


def test_the_threshold_itself_is_not_beyond_it() -> None:
    assert course(alert(), 10.0, 10.001, 10.0) == "NAN"
    assert course(alert(above=None, below=10.0), 10.0, 9.999, 10.0) == "NAN"


def test_outside_of_a_range() -> None:
    assert course(alert(above=10.0, below=2.0), 5.0, 1.0, 2.0, 10.0, 10.5) == "NANNA"


def test_a_recovery_threshold_keeps_it_from_flapping() -> None:
    assert course(alert(until=8.0), OK, HIGH, 9.0, HIGH, 8.0, 7.9, 9.0) == "NAAAANN"
    assert course(alert(above=None, below=10.0, until=12.0), 11.0, 9.0, 11.0, 12.0, 12.1, 11.0) == "NAAANN"


def test_what_recovers_before_it_fires_begins_again() -> None:
    assert course(alert(for_s=120, until=8.0), HIGH, 9.0, 7.0, HIGH, HIGH, HIGH) == "PPNPPA"


def test_a_series_that_is_missing_is_resolved_the_second_time() -> None:
    sick, well = (HIGH, HIGH, NOT, NOT, NOT, HIGH), (OK,) * 6
    assert _letters(alert(), [sick, well]) == ["AAANNA", "NNNNNN", "NNNNNN"]


def test_a_series_that_is_missing_once_goes_on() -> None:
    sick, well = (HIGH, NOT, HIGH, HIGH), (OK,) * 4
    assert _letters(alert(for_s=120), [sick, well])[0] == "PPAA"


@pytest.mark.parametrize(
    ("no_data", "expected", "nameless"),
    [
        (NoData.OK, "ANNA", "NNNN"),
        (NoData.ALERTING, "AAAA", "NNNN"),
        (NoData.KEEP, "AAAA", "NNNN"),
        (NoData.NO_DATA, "AANA", "NNoNoNo"),
    ],
)
def test_no_data_at_all(no_data: NoData, expected: str, nameless: str) -> None:
    assert _letters(alert(no_data=no_data), [(HIGH, NOT, NOT, HIGH)]) == [expected, nameless]


def test_nothing_from_the_beginning_fires_without_a_name() -> None:
    rule = alert(no_data=NoData.ALERTING, for_s=60)
    assert _letters(rule, [(NOT, NOT, NOT, OK, OK)]) == ["NNNNN", "PAAAN"]


def test_since_when_is_when_it_began_to_hold() -> None:
    at = np.arange(1, 6) * MINUTE
    _, since = states(alert(for_s=120), at, np.array([[OK, HIGH, HIGH, HIGH, OK]]))
    assert since[0].tolist() == [0, 2 * MINUTE, 2 * MINUTE, 2 * MINUTE, 0]


POINTS = st.lists(st.sampled_from([None, None, 1.0, 4.0, 6.0, 9.0, 12.0]), min_size=12, max_size=12)


@st.composite
def alerts(draw: st.DrawFn) -> Alert:
    bounds: dict[str, Any] = draw(
        st.sampled_from(
            [
                {"above": 5.0},
                {"above": 8.0, "until": 5.0},
                {"above": None, "below": 5.0},
                {"above": None, "below": 5.0, "until": 8.0},
                {"above": 8.0, "below": 3.0},
                {"above": None, "states": ("bad",)},
            ]
        )
    )
    hold = draw(st.sampled_from([0, 60, 90, 120, 300]))
    return alert(for_s=hold, no_data=draw(st.sampled_from(NoData)), **bounds)


@settings(max_examples=300, deadline=None)
@given(rule=alerts(), series=st.lists(POINTS, min_size=1, max_size=4))
def test_as_a_naive_reading_of_the_documentation(rule: Alert, series: list[list[float | None]]) -> None:
    at = np.arange(1, 13) * MINUTE
    points = np.array([[np.nan if one is None else one for one in values] for values in series])
    found, since = states(rule, at, points)
    slow = naive.Rule(alert=rule)
    for column, now in enumerate(at.tolist()):
        slow.evaluate(now, {row: one[column] for row, one in enumerate(series) if one[column] is not None})  # type: ignore[misc]
        for row in range(len(series) + 1):
            key = naive.NAMELESS if row == len(series) else row
            instance = slow.instances.get(key, naive.Instance())
            assert NAMES[State(found[row, column])] == instance.state
            assert since[row, column] == (instance.since if instance.active else 0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "Too Long"}, "Too Long"),
        ({"above": None}, "either states, or a bound"),
        ({"states": ("bad",)}, "either states, or a bound"),
        ({"below": 12.0}, "below 12.0 must be less"),
        ({"until": 11.0}, "until 11.0"),
        ({"above": None, "below": 5.0, "until": 4.0}, "until 4.0"),
        ({"below": 2.0, "until": 5.0}, "until 5.0"),
        ({"every_s": 0}, "every_s"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(CatalogueError, match=said):
        alert(**changes)
