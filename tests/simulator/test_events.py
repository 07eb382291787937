"""Events as a pure function of the devices and the time."""

import datetime as dt
import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from park.codecs.json.event import encode_event, event_decoder
from park.event import PARK_EVENTS
from sectors import EVENTS, KINDS
from simulator.event_columns import Told
from simulator.observed import Readings, readings_of
from simulator.render import event_payload
from simulator.spells import Spells
from tests.simulator.conftest import HOUR, MINUTE, START, lines_of, select

DAY = 24 * HOUR
MORNING = START + 30 * MINUTE
RAINED_ON = ("agriculture", "energy", "transport")  # few kinds, so that few devices have stations among them
SELECTION = select(sectors=RAINED_ON, events=True)
READINGS = readings_of(SELECTION)
MORE = readings_of(select(sectors=RAINED_ON, events=True, devices=100))
MONTH = (MORNING, MORNING + 30 * DAY)


def rows(readings: Readings, start: int, until: int) -> list[tuple[Any, ...]]:
    """Every event as values that compare."""
    return sorted(
        (int(ts), told.kind.name, told.type.name, int(device), told.phase.value, int(number), told.row(at).items())
        for told in readings.events.told(start, until)
        for at, (ts, device, number) in enumerate(zip(told.ts, told.device, told.id, strict=True))
    )


def plain(found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [(*one[:-1], tuple(one[-1])) for one in found]


def test_every_device_tells_its_place_each_morning() -> None:
    found = READINGS.events.told(MORNING, MORNING + DAY)
    places = [one for one in found if one.type.name == "place"]
    assert sum(map(len, places)) == len(READINGS.plan) == 60
    assert {int(ts) for one in places for ts in one.ts} == {MORNING}
    sites = {site.name: site for site in SELECTION.town.sites}
    for told in places:
        group = next(group for group in READINGS.plan.groups if group.kind is told.kind)
        names = READINGS.plan.sites(group.sector)
        for row, site in enumerate(READINGS.plan.site_rows(group)):
            where = told.row(row)
            assert where["latitude"] == pytest.approx(sites[names[site]].latitude, abs=0.1)
            assert where["longitude"] == pytest.approx(sites[names[site]].longitude, abs=0.1)


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(*MONTH), max_size=6))
def test_a_window_cut_anywhere_tells_the_same(cuts: list[int]) -> None:
    bounds = [MONTH[0], *sorted(cuts), MONTH[1]]
    parts = [one for first, last in pairwise(bounds) for one in rows(READINGS, first, last)]
    assert plain(sorted(parts)) == plain(rows(READINGS, *MONTH))


@settings(max_examples=8, deadline=None)
@given(first=st.integers(0, 40), devices=st.integers(1, 60))
def test_a_part_of_the_devices_tells_what_it_tells_among_all(first: int, devices: int) -> None:
    part = readings_of(select(sectors=RAINED_ON, events=True, first_device=first, devices=devices))
    mine = {(group.kind.name, int(device)) for group in part.plan.groups for device in group.device}
    week = (MORNING, MORNING + 7 * DAY)
    assert plain(rows(part, *week)) == [one for one in plain(rows(MORE, *week)) if (one[1], one[3]) in mine]


def test_a_window_is_told_from_the_last_morning_on_and_never_from_before_the_town() -> None:
    events = READINGS.events
    assert events.since(MORNING) == events.since(MORNING + DAY - 1) == MORNING
    assert events.since(MORNING - 1) == MORNING - DAY
    commissioned = SELECTION.town.settings.commissioned_ms
    assert events.since(commissioned) == events.since(commissioned + HOUR) == commissioned
    found = [one for one in events.told(commissioned, commissioned + 4 * HOUR) if one.type.name == "place"]
    assert {int(ts) for one in found for ts in one.ts} == {commissioned}


def test_bad_air_is_told_by_who_measures_it_while_readings_show_it_and_not_else() -> None:
    readings = readings_of(select(sectors=("environment",), events=True, interval_ms=30 * MINUTE))
    winter = (MORNING, MORNING + 40 * DAY)
    told = [one for one in readings.events.told(*winter) if one.type.name == "pollution_episode"]
    assert {one.kind.name for one in told} == {"air_station", "air_sensor"}
    events = [one for one in plain(rows(readings, *winter)) if one[1:3] == ("air_station", "pollution_episode")]
    assert len(events) > 20
    (seen,) = [one for one in readings.columns(*winter) if one.kind.name == "air_station"]
    behind = seen.take(seen.device % 2 == 1)  # away from the kerb it is the district's air
    bad = behind.values["pm25"] / 10.0 > 72.0

    def shares(shift: int) -> tuple[float, float]:
        inside = np.zeros(len(behind), dtype=np.bool_)
        for device in np.unique(behind.device).tolist():
            mine = [one for one in events if one[3] == device]
            for begin, end in pairwise(mine):
                if begin[4] == "begin":
                    during = (behind.ts >= begin[0] + shift) & (behind.ts < end[0] + shift)
                    inside |= during & (behind.device == device)
        return float(bad[inside].mean()), float(bad[~inside].mean())

    assert shares(0)[0] > 0.98
    assert shares(0)[1] < 0.03
    assert shares(HOUR)[0] < 0.98
    assert shares(-HOUR)[0] < 0.98


def test_rain_begins_and_ends_in_turn_and_what_falls_is_what_the_world_lets_fall() -> None:
    told = [one for one in READINGS.events.told(*MONTH) if one.type.name == "rain_spell"]
    assert {one.kind.name for one in told} == {kind.name for kind in KINDS.values() if "precipitation" in kind.channel}
    device = int(told[0].device[0])
    mine = sorted(one for one in rows(READINGS, *MONTH) if one[2] == "rain_spell" and one[3] == device)
    phases = [one[4] for one in mine]
    assert len(phases) > 10
    assert phases[phases[0] == "end" :] == ["begin", "end"] * (len(phases) // 2) or phases[-1] == "begin"
    spells = {one[5]: dict(one[6]) for one in mine if one[4] == "end"}
    begun = {one[0] for one in mine if one[4] == "begin"}
    ended = [one for one in mine if one[4] == "end" and one[5] in begun]
    assert all(one[0] - one[5] == spells[one[5]]["duration"] * 1000 for one in ended)
    world = readings_of(SELECTION)._state.world  # type: ignore[attr-defined]
    fell = 0.0
    for day in world.days(world.day_index(MONTH[0]), world.day_index(MONTH[1])):
        fell += float(np.trapezoid(day.precipitation[0], dx=300 / 3600))
    assert sum(float(one["precipitation"]) for one in spells.values()) == pytest.approx(fell, rel=0.1)


def test_a_spell_that_runs_through_the_morning_is_one() -> None:
    world = readings_of(SELECTION)._state.world  # type: ignore[attr-defined]
    spells, through = Spells(world, lambda day: day.precipitation), 0
    for day in range(1, 40):
        opened = {(one.site, one.begin_ms): one for one in spells.day(day - 1) if one.end_ms is None}
        for one in spells.day(day):
            if one.begin_ms <= world.day_start_ms(day):
                through += 1
                assert one.total > opened[one.site, one.begin_ms].total
        assert {site for site, _ in opened} == {
            site for site in range(len(SELECTION.town.sites)) if world.day(day).precipitation[site, 0] > 0
        }
    assert through > 2


def test_payloads_are_those_of_the_codec() -> None:
    read = event_decoder(EVENTS.types)
    for told in READINGS.events.told(*MONTH):
        payloads = event_payload(told).split()
        for at, payload in enumerate(payloads[:3]):
            event = read(payload)
            assert (event.ts, event.id, event.phase) == (told.ts[at], str(told.id[at]), told.phase)
            assert event.values == told.row(at)
            assert json.loads(payload) == json.loads(encode_event(event))


@given(north=st.integers(-90_000, 90_000), east=st.integers(-180_000, 180_000))
def test_any_place_on_earth_reads_back_as_it_was_told(north: int, east: int) -> None:
    place, kind = PARK_EVENTS[0], next(iter(KINDS.values()))
    one = {"latitude": np.array([north]), "longitude": np.array([east]), "models": np.array([1])}
    told = Told(
        kind=kind,
        type=place,
        phase=place.phases[0],
        device=np.array([0]),
        ts=np.array([START]),
        id=np.array([1]),
        values=one,
    )
    assert event_decoder(EVENTS.types)(event_payload(told).join()).values == told.row(0)


@pytest.mark.parametrize("format_", ["ndjson", "line"])
def test_generate_prints_events_in_order_however_the_window_is_cut(format_: str) -> None:
    whole = lines_of(SELECTION, MORNING - HOUR, MORNING + 3 * HOUR, format_).splitlines()
    first = lines_of(SELECTION, MORNING - HOUR, MORNING + HOUR, format_).splitlines()
    second = lines_of(SELECTION, MORNING + HOUR, MORNING + 3 * HOUR, format_).splitlines()
    events = [line for line in whole if b"/event" in line or line.startswith(b"park_")]
    assert len(events) >= 2 * len(READINGS.plan)
    readings = [line for line in whole if line not in set(events)]
    assert readings == lines_of(select(sectors=RAINED_ON), MORNING - HOUR, MORNING + 3 * HOUR, format_).splitlines()
    # The second begins with what has been told since the last morning, which the first told too.
    assert dict.fromkeys(first + second) == dict.fromkeys(whole)


def test_a_selection_without_events_tells_none() -> None:
    assert readings_of(select(sectors=RAINED_ON)).events.told(*MONTH) == []


def test_the_whereabouts_of_what_goes_with_a_person_are_not_told() -> None:
    readings = readings_of(select(devices=250, events=True))
    personal = {kind.name for kind in KINDS.values() if kind.personal}
    assert personal >= {"wearable_patch", "smart_inhaler", "insured_car"}
    observed = {group.kind.name for group in readings.plan.groups}
    assert personal <= observed
    told = {one.kind.name for one in readings.events.told(MORNING, MORNING + 1) if one.type.name == "place"}
    assert told == observed - personal


def test_a_holiday_and_a_weekend_that_is_worked_are_told_on_their_mornings_by_who_measures_rain() -> None:
    spring = (MORNING + 24 * DAY, MORNING + 41 * DAY)  # 13 February to 2 March
    events = readings_of(select(sectors=("agriculture",), devices=8, events=True)).events
    told = [one for one in events.told(*spring) if one.type.name in ("public_holiday", "made_up_workday")]
    assert {one.kind.name for one in told} == {kind.name for kind in KINDS.values() if "precipitation" in kind.channel}
    days: dict[str, set[str]] = {}
    for one in told:
        assert [int(until) - int(ts) for until, ts in zip(one.values["until"], one.ts, strict=True)] == [DAY] * len(one)
        date = dt.datetime.fromtimestamp(int(one.ts[0]) / 1000, dt.timezone(dt.timedelta(hours=8)))
        assert (date.hour, date.minute) == (4, 0)
        days.setdefault(one.type.name, set()).add(date.date().isoformat())
    assert days["public_holiday"] == {f"2026-02-{day}" for day in (16, 17, 18, 19, 20, 23)}
    assert days["made_up_workday"] == {"2026-02-14", "2026-02-28"}


def test_the_world_works_as_the_calendar_says_that_is_told() -> None:
    world = readings_of(SELECTION)._state.world  # type: ignore[attr-defined]
    for day in range(42, 62):
        kind, made = world.day_kind(day), world.day(day)
        assert (kind.workday, kind.holiday) == (made.workday, made.holiday)
        assert not (kind.holiday and kind.made_up)
        assert kind.made_up <= (kind.workday and made.weekday >= 5)
