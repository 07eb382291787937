"""Every type of event that a sector tells agrees with the readings: told late or early, it would not."""

from dataclasses import replace

import numpy as np
import pytest

from park.catalogue import DeviceKind
from park.event import Phase
from park.grid import Sampler
from park.model import Bools, Floats
from sectors import EVENTS, KINDS
from sectors.healthcare.stays import BEDS
from tests.reference.walk import walk
from tests.sectors.happening import SEED, Shown, lasting, watched

HOUR_MS = 3_600_000


def index(kind: str, channel: str, text: str) -> int:
    """Of a text in its channel."""
    one: DeviceKind = KINDS[kind]
    return one.channel[channel].texts.index(text)


BROKEN = index("cash_machine", "status", "hardware-error")
EMPTY = index("cash_machine", "cassette_state", "empty")
BURNING = index("waste_bin", "status", "burning")
ALARM = index("fire_detector", "detector_status", "alarm")
IDLE = index("call_point", "call_status", "idle")


def packed(density: Floats) -> Bools:
    """Of readings every five minutes: those near the evening's most, if that is a crowd."""
    by_day = density.reshape(-1, 288)
    evening = np.where(np.arange(288) / 12.0 > 13.0, np.nan_to_num(by_day), 0.0)
    most = evening.max(axis=1, keepdims=True)
    return np.asarray(((evening >= 0.75 * most) & (evening > 0.4)).reshape(-1))


def by_night(chlorophyll: Floats) -> Floats:
    """Of readings every ten minutes: the mean of each night, in which no sun dims the fluorescence; 0 of the river."""
    by_day = np.nan_to_num(chlorophyll).reshape(-1, 144)
    return np.repeat(by_day[:, 96:].mean(axis=1), 144)


def leaking_nights(inflow: Floats) -> Bools:
    """Of readings every ten minutes: those of days whose night, 2 to 4 h, draws a third more than most."""
    nights = inflow.reshape(-1, 144)[:, 132:].mean(axis=1)
    return np.repeat(nights > 1.3 * np.median(nights), 144)


SHOWN = (
    Shown(
        sector="finance",
        kind="cash_machine",
        type="cash_out",
        shows=lambda seen, _: seen["cassette_state"] == EMPTY,
        days=120,
        cells=12,
    ),
    Shown(
        sector="finance",
        kind="cash_machine",
        type="machine_fault",
        shows=lambda seen, _: seen["status"] == BROKEN,
        inside=0.9,  # while it is filled it says so
        days=60,
    ),
    Shown(
        sector="finance",
        kind="backup_supply",
        type="supply_interruption",
        shows=lambda seen, _: np.asarray(seen["on_battery"]),
        every_s=10.0,
        cells=8,
    ),
    Shown(
        sector="logistics",
        kind="cold_room",
        type="compressor_failure",
        shows=lambda seen, every_s: lasting(~seen["compressor_on"].astype(bool), every_s, 115 * 60.0),
        outside=0.0005,  # one that rests when it fails has rested for an hour at most
        days=60,
    ),
    Shown(
        sector="logistics",
        kind="cold_room",
        type="door_left_open",
        shows=lambda seen, every_s: lasting(seen["door_open"].astype(bool), every_s, 400.0),
        every_s=30.0,
        days=60,
        cells=12,
    ),
    Shown(
        sector="municipal",
        kind="pressure_zone",
        type="main_burst",
        shows=lambda seen, _: leaking_nights(seen["inflow"]),
        inside=0.9,  # by days, of which it runs through a part of its first and its last
        outside=0.02,
        days=60,
        cells=16,
        every_s=600.0,
        late_h=72.0,
    ),
    Shown(
        sector="municipal",
        kind="water_meter",
        type="water_leak",
        shows=lambda seen, _: np.asarray(seen["alarm_flow_persistence"]),
        days=60,
        cells=8,
        every_s=3600.0,
    ),
    Shown(
        sector="municipal",
        kind="waste_bin",
        type="bin_overfull",
        shows=lambda seen, _: seen["filling_level"] >= 97.0,
        every_s=300.0,
    ),
    Shown(
        sector="municipal",
        kind="waste_bin",
        type="bin_fire",
        shows=lambda seen, _: seen["status"] == BURNING,
        days=60,
        cells=8,
    ),
    Shown(
        sector="municipal",
        kind="light_cabinet",
        type="cabinet_visit",
        shows=lambda seen, _: np.asarray(seen["door_open"]),
        cells=8,
    ),
    Shown(
        sector="public-safety",
        kind="zone_camera",
        type="gathering",
        shows=lambda seen, _: packed(seen["crowd_density"]),
        inside=0.65,  # people drift from zone to zone
        outside=0.03,
        days=60,
        every_s=300.0,
    ),
    Shown(
        sector="public-safety",
        kind="fire_detector",
        type="fire_alarm",
        shows=lambda seen, _: seen["detector_status"] == ALARM,
        days=60,
        cells=16,
        every_s=300.0,
    ),
    Shown(
        sector="public-safety",
        kind="call_point",
        type="emergency_call",
        shows=lambda seen, _: seen["call_status"] != IDLE,
        every_s=10.0,
        days=20,
        cells=30,
    ),
    Shown(
        sector="healthcare",
        kind="bedside_monitor",
        type="deterioration",
        shows=lambda seen, _: seen["news2"] >= 5,
        inside=0.45,
        outside=0.05,
        every_s=300.0,
        late_h=24.0,  # it takes many hours to rise and fall
    ),
    Shown(
        sector="environment",
        kind="water_station",
        type="algal_bloom",
        shows=lambda seen, _: by_night(seen["chlorophyll_a"]) >= 38.0,
        inside=0.9,
        outside=0.4,  # scum gathers in a calm, whatever is in the bay
        late_h=192.0,  # it grows and goes by a tenth in a day
        first=180,
        days=60,
        every_s=600.0,
    ),
    Shown(
        sector="environment",
        kind="water_station",
        type="storm_runoff",
        shows=lambda seen, _: seen["water_level"] >= 2.56,
        inside=0.98,
        outside=0.02,
        first=180,
        days=60,
        every_s=600.0,
    ),
    Shown(
        sector="transport",
        kind="traffic_detector",
        type="jam",
        shows=lambda seen, _: seen["average_vehicle_speed"] < 30.0,
        inside=0.6,  # waves of a jam pass faster than its mean
        outside=0.001,
        cells=8,
    ),
    Shown(
        sector="agriculture",
        kind="irrigation_valve",
        type="irrigation",
        shows=lambda seen, _: np.asarray(seen["valve_open"]),
        first=200,
        days=50,
    ),
    Shown(
        sector="agriculture",
        kind="weather_station",
        type="frost",
        shows=lambda seen, _: seen["temperature"] < 0.0,
        inside=0.82,  # it is the site's air, and a station's own strays from it by 0.8 Cel for hours
        outside=0.03,
        days=60,
        cells=12,
        every_s=300.0,
    ),
)
BY_TYPE = pytest.mark.parametrize("one", SHOWN, ids=lambda one: one.type)


def holds(one: Shown, shift_ms: int) -> bool:
    """Whether readings agree with the events, shifted."""
    inside, outside = watched(one).shares(shift_ms)
    return bool(inside >= one.inside and outside <= one.outside)


@BY_TYPE
def test_readings_show_what_is_told_while_it_lasts_and_not_else(one: Shown) -> None:
    assert sum(map(len, watched(one).spells)) >= 3
    assert holds(one, 0), watched(one).shares()


@BY_TYPE
def test_were_it_told_late_or_early_they_would_not(one: Shown) -> None:
    shift = round(one.late_h * HOUR_MS)
    assert not holds(one, shift), watched(one).shares(shift)
    assert not holds(one, -shift), watched(one).shares(-shift)


@pytest.mark.parametrize("late_h", [0.0, 1.0, -1.0])
def test_a_bloom_begins_and_ends_to_the_minute_where_the_bay_crosses_the_limit(late_h: float) -> None:
    off = []
    for day in walk("environment", SEED, 60, 4, first=180):
        for some in day.model.tell("water_station", day.state):  # type: ignore[attr-defined]
            if some.type.name == "algal_bloom" and len(some):
                x = np.clip(some.ms / 300_000 + 12.0 * late_h, 0.0, 287.9)
                off += abs(Sampler(some.row, x).line(day.state.lake.chlorophyll) - 40.0).tolist()
    assert len(off) > 10
    assert (np.median(off) < 0.002) == (late_h == 0.0)


@pytest.mark.parametrize("late_h", [0.0, 1.0, -1.0])
def test_a_deterioration_begins_when_half_of_it_has_come(late_h: float) -> None:
    off = []
    for day in walk("healthcare", SEED, 30, 4):
        patients = day.state.patients
        well = replace(patients.course, peak=np.zeros_like(patients.course.peak))
        for some in day.model.tell("bedside_monitor", day.state):  # type: ignore[attr-defined]
            if some.phase is Phase.BEGIN and len(some):
                row = some.row * BEDS + some.unit
                hour = patients.beds.first_h[row, 0] + some.ms / HOUR_MS + late_h
                place, _ = patients.beds.which(row, hour)
                added = patients.course.severity(place, hour) - well.severity(place, hour)
                off += abs(added / patients.course.peak.take(place) - 0.5).tolist()
    assert len(off) > 10
    assert (np.median(off) < 0.02) == (late_h == 0.0)


def test_every_type_of_a_sector_is_held_to_the_readings() -> None:
    assert {one.type for one in SHOWN} == EVENTS.sectors.keys()
