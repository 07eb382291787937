"""The park's own rules: whole, and each fires and ends as a handmade series says."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from dashboards.alerting.course import Course, judged
from dashboards.alerting.reduce import ticks, window
from dashboards.alerting.rules import Rule, own, rules
from dashboards.definitions import dashboards
from dashboards.errors import PanelError
from dashboards.sources.base import Curve, Value
from park.alert import Alert, NoData, Severity
from park.catalogue import Sector
from park.panel import View
from sectors import KINDS, SECTORS
from tests.dashboards.alerting.made import alert

PAGES = dashboards()
RULES = rules(PAGES)
HOURS = 3_600_000
NOON = 1_782_878_400_000


#: Those of silence are made alike: a few of them stand for all.
SOME = [one for one in RULES if not one.alert.name.startswith("silent-")]
SOME += [one for one in RULES if one.alert.name.startswith("silent-")][::15]
HELD = [one for one in SOME if one.fitted(None).for_s > one.fitted(None).every_s]


@pytest.fixture(params=SOME, ids=lambda rule: rule.alert.name)
def rule(request: pytest.FixtureRequest) -> Rule:
    found: Rule = request.param
    return found


def test_every_sector_has_rules_of_its_own_and_every_kind_may_fall_silent() -> None:
    assert all(own(sector) for sector in SECTORS.values())
    silent = {one.alert.measurement for one in RULES if one.alert.name.startswith("silent-")}
    assert silent == KINDS.keys()


def test_the_most_severe_come_first() -> None:
    order = [list(Severity).index(one.alert.severity) for one in RULES]
    assert order == sorted(order)


def test_a_rule_says_what_to_do_and_leads_to_its_panel(rule: Rule) -> None:
    assert rule.alert.advice.endswith(".")
    assert rule.panel is None or rule.panel.view is not View.HEADING
    assert rule.panel is None or rule.panel.title == rule.alert.panel
    # A rule that somebody has written shows what it judges; that of silence may have no panel of its kind.
    assert rule.alert.name.startswith("silent-") or rule.panel is not None


def test_a_rule_looks_back_far_enough_to_see_every_device(rule: Rule) -> None:
    for spacing in (None, 1.0, 600.0, 7200.0):
        fitted = rule.fitted(spacing)
        known = rule.question.stored.interval_s if spacing is None else spacing
        assert fitted.over_s % fitted.every_s == 0
        assert fitted.over_s >= (2.5 * known)
        assert fitted.name == rule.alert.name


GOOD, BAD = "good", "bad"


def _points(rule: Rule, fitted: Alert, at: list[int], told: dict[int, str]) -> Curve:
    """A device that reports in every interval, well until `told` says otherwise from a moment on."""
    start, until = window(fitted, np.array(at)).start, at[-1]
    times: list[int] = []
    values: list[Value] = []
    state = GOOD
    for time in range(start, until, fitted.every_s * 1000):
        state = told.get(time, state)
        value = _value(rule, fitted, state)
        if value is not None:
            times.append(time)
            values.append(value)
    tags = dict.fromkeys(fitted.by, "a")
    return Curve(field=rule.question.course.fields[0], tags=tags, times=times, values=values)


def _value(rule: Rule, fitted: Alert, state: str) -> Value | None:
    if fitted.counts:
        return 1 if state == GOOD else None
    if fitted.states:
        if fitted.states == ("true",):
            return state == BAD
        others = [text for text in rule.question.channel(fitted.field).texts if text not in fitted.states]
        return fitted.states[0] if state == BAD else others[0]
    low, high = fitted.below, fitted.above
    if high is not None:
        return high + 1.0 if state == BAD else (high if low is None else (low + high) / 2) - 1e-3 - _back(fitted, high)
    assert low is not None
    return low - 1.0 if state == BAD else low + 1e-3 + _back(fitted, low)


def _back(fitted: Alert, bound: float) -> float:
    return 0.0 if fitted.until is None else abs(fitted.until - bound)


def _course(rule: Rule, hours: float, bad: float) -> Course:
    """A day or two in which a single device is bad from `hours` on for so many hours."""
    fitted = rule.fitted(None)
    at = ticks(fitted, NOON, NOON + 72 * HOURS)
    every = fitted.every_s * 1000
    begin = (NOON + round(hours * HOURS)) // every * every
    end = begin + max(every, round(bad * HOURS) // every * every)
    return judged(rule, fitted, at, [_points(rule, fitted, at.tolist(), {begin: BAD, end: GOOD})])


def _long_h(rule: Rule) -> float:
    """So long a thing has to be so that the rule surely fires."""
    fitted = rule.fitted(None)
    looked = fitted.over_s if fitted.reduce.value in {"mean", "min", "max"} else 0
    return (looked + fitted.for_s + 2 * fitted.every_s) / 3600


def test_it_fires_after_its_hold_and_ends(rule: Rule) -> None:
    course = _course(rule, 24.0, _long_h(rule))
    (one,) = course.fired()
    assert one.until is not None
    assert one.labels == dict.fromkeys(rule.alert.by, "a")
    pending = one.since >= NOON + 24 * HOURS - course.alert.over_s * 1000
    assert pending
    fired = course.at[np.flatnonzero(course.states[0] == 2)[0]]
    assert fired - one.since == -(-course.alert.for_s // course.alert.every_s) * course.alert.every_s * 1000


def test_it_does_not_fire_while_all_is_well(rule: Rule) -> None:
    fitted = rule.fitted(None)
    at = ticks(fitted, NOON, NOON + 72 * HOURS)
    assert judged(rule, fitted, at, [_points(rule, fitted, at.tolist(), {})]).fired() == []


@pytest.mark.parametrize("rule", HELD, ids=lambda rule: rule.alert.name)
def test_it_does_not_fire_for_less_than_its_hold(rule: Rule) -> None:
    fitted = rule.fitted(None)
    course = _course(rule, 24.0, (fitted.for_s - fitted.every_s) / 3600 / 2)
    assert course.fired() == []


def test_where_nothing_is_stored_only_what_says_so_fires(rule: Rule) -> None:
    fitted = rule.fitted(None)
    at = ticks(fitted, NOON, NOON + 6 * HOURS)
    fired = judged(rule, fitted, at, []).fired()
    assert [one.labels for one in fired] == ([{}] if rule.alert.no_data is NoData.ALERTING else [])


def _missing(*told: tuple[float, float]) -> Course:
    """The rule of readings that have not come, over a day: from each hour on so many are missing."""
    rule = next(one for one in RULES if one.alert.name == "dropped")
    at = ticks(rule.alert, NOON, NOON + 24 * HOURS)
    times = range(window(rule.alert, at).start, int(at[-1]), 60_000)
    values: list[Value] = [
        next((count for hour, count in reversed(told) if time >= NOON + hour * HOURS), 0.0) for time in times
    ]
    curve = Curve(field="gaps", tags={"instance": "a"}, times=list(times), values=values)
    return judged(rule, rule.alert, at, [curve])


def test_readings_that_are_lost_are_told_for_an_hour_and_not_for_ever() -> None:
    first, second = _missing((2, 50), (10, 53)).fired()
    for fired, hour, lost in ((first, 2, 50), (second, 10, 3)):
        assert 0 <= fired.since - NOON - hour * HOURS <= 120_000
        assert fired.value == lost
        assert fired.until is not None
        assert 0 <= HOURS - (fired.until - fired.since) <= 60_000


def test_readings_that_go_on_missing_are_told_until_an_hour_after_the_last() -> None:
    (fired,) = _missing(*((2 + quarter / 4, 1 + quarter) for quarter in range(9))).fired()
    assert fired.until is not None
    assert 0 <= fired.until - (NOON + 5 * HOURS) <= 120_000


def test_readings_that_come_late_were_not_lost() -> None:
    assert _missing((2, 50), (2.1, 0)).fired() == []  # disorder, which the hold covers
    (fired,) = _missing((2, 50), (2.5, 0)).fired()
    assert fired.until is not None
    assert 0 <= fired.until - (NOON + 2.5 * HOURS) <= 120_000


def test_an_ingester_that_starts_again_counts_what_is_missing_anew() -> None:
    (fired,) = _missing((-24, 50), (2, 0), (2.2, 4)).fired()
    assert fired.value == 4


def _with(monkeypatch: pytest.MonkeyPatch, *alerts: Alert) -> tuple[Rule, ...]:
    monkeypatch.setattr("sectors.transport.alerts.ALERTS", alerts)
    return rules(PAGES)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"panel": "No such panel"}, "alert 'made-up': page 'transport' has no panel 'No such panel'"),
        ({"measurement": "made_up"}, "alert 'made-up': measurement 'made_up'"),
        ({"measurement": "bus", "field": "altitude"}, "alert 'made-up': .*'altitude' is no channel"),
        ({"measurement": "bus", "field": "delay", "by": ("room",)}, "alert 'made-up': .*'room' is no tag"),
        ({"measurement": "bus", "field": "delay", "rate_s": 60.0}, "alert 'made-up': .*rate_s needs registers"),
        ({"measurement": "bus", "field": "delay", "name": "soil-dry"}, "alert 'soil-dry' is defined twice"),
        ({"measurement": "bus", "field": "status"}, "alert 'made-up': .*states"),
        ({"measurement": "bus", "field": "delay", "above": None, "states": ("late",)}, "alert 'made-up': .*states"),
        ({"measurement": "bus", "field": "status", "above": None, "states": ("late",)}, "'late' is no state"),
    ],
)
def test_a_rule_that_contradicts_the_catalogue_is_named(
    changes: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PanelError, match=said):
        _with(monkeypatch, alert(**changes))


def test_a_sector_without_rules_has_those_of_silence(made_up: Sector) -> None:
    assert own(made_up) == ()
    names = [one.alert.name for one in rules(dashboards()) if one.page.sector is made_up]
    assert names == ["silent-made-up"]


def test_the_value_that_fires_is_told() -> None:
    rule = next(one for one in RULES if one.alert.name == "jam")
    fitted = dataclasses.replace(rule.fitted(None), for_s=0)
    at = ticks(fitted, NOON, NOON + HOURS)
    slow = Curve(field="average_vehicle_speed", tags={"device": "a"}, times=[int(at[0]) - 300_000], values=[7.5])
    (one,) = judged(rule, fitted, at, [slow]).fired()
    assert one.value == 7.5
    assert one.older
