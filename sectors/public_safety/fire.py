"""Fire detectors: dust, kitchens and tests far more often than fires.

A fire grows as Q = a t^2 (NFPA 92: a from slow to ultra-fast) until it is held, and dies down. Heat under the ceiling
is Alpert's plume (1972). Smoke per kW is judgement; thresholds are about those of EN 54-7 and of class A1 of EN 54-5.

BS 5839-1 has one false alarm a year of 50 heads as usual, and of 20 as a reason to investigate. Here a head has one in
two years, by judgement: it hangs under an arcade beside open kitchens, and nobody would see those of a well-kept house.
"""

from dataclasses import dataclass

import numpy as np

from park.grid import Sampler, devices, rows
from park.happenings import Spells, within
from park.model import Bools, Floats, Ints, Moments, Observation, Streams, WorldDay

#: kW/s2: slow, medium, fast, ultra-fast.
GROWTH = np.array([0.0029, 0.0117, 0.0469, 0.1876])
#: A head and day; a square and day. About one automatic alarm in 130 is a fire.
NUISANCES = 0.0016
FIRES = 0.00006
ALARM_DB_M, PREALARM_DB_M, ALARM_CEL = 0.15, 0.08, 58.0
_NORMAL, _PREALARM, _ALARM, _FAULT, _TEST = range(5)
_HEIGHT_M = 5.0
_SMOKE_PER_KW = 0.0015
_DYING_S = 600.0
_HELD_S = (240.0, 600.0)
_RESET_H = 2.0
_TESTED_DAYS = 90
_TEST_H, _TEST_LENGTH_H = 5.5, 0.25


@dataclass(frozen=True, kw_only=True, eq=False)
class Incidents:
    """What sets heads off in one day, hours since 04:00; what does not happen begins after the day's end.

    Attributes:
        nuisance_h, peak, rise_s, reset_h: (C, heads) a nuisance's beginning, its smoke, dB/m, how long that takes, and
            the hour in which the panel is reset.
        fire_h, growth, held_s: (C,) a fire's beginning, kW/s2, and s until it is held.
    """

    nuisance_h: Floats
    peak: Floats
    rise_s: Floats
    reset_h: Floats
    fire_h: Floats
    growth: Floats
    held_s: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Heads:
    """A day of the heads of C squares, in arrays by cell, then unit, (C * heads,)."""

    heads: int
    incidents: Incidents
    near: Floats
    fault_h: Floats
    repaired_h: Floats
    test_h: Floats
    contamination: Floats
    warmth: Floats
    site: Ints
    world: WorldDay


def incidents(streams: Streams, cells: Ints, heads: int, day: int) -> Incidents:
    """What happens in these squares."""
    head = devices(cells, heads)
    happens = streams.uniform("nuisance", head, day) < NUISANCES
    begin = 2.0 + 18.0 * streams.uniform("nuisance.begin", head, day)
    burns = streams.uniform("fire", cells, day) < FIRES
    ignition = 1.0 + 20.0 * streams.uniform("fire.begin", cells, day)
    low, high = _HELD_S
    return Incidents(
        nuisance_h=np.where(happens, begin, 99.0),
        peak=0.26 * np.exp(0.5 * streams.normal("nuisance.peak", head, day)),
        rise_s=120.0 + 480.0 * streams.uniform("nuisance.rise", head, day),
        reset_h=begin + 0.25 + 0.9 * streams.uniform("nuisance.reset", head, day),
        fire_h=np.where(burns, ignition, 99.0),
        growth=GROWTH[np.minimum(4 * streams.uniform("fire.growth", cells, day), 3).astype(np.int64)],
        held_s=low + (high - low) * streams.uniform("fire.held", cells, day),
    )


def heads(streams: Streams, cells: Ints, heads: int, site: Ints, world: WorldDay) -> Heads:
    """One day of these heads."""
    head, day = devices(cells, heads).ravel(), world.index
    broken = streams.uniform("head.fault", head, day) < 0.003
    fault = 24.0 * streams.uniform("head.fault.begin", head, day)
    unit = np.tile(np.arange(heads), len(cells))
    phase = np.floor(_TESTED_DAYS * streams.uniform("head.tested", np.repeat(cells, heads)))
    tested = (day + phase) % _TESTED_DAYS == 0
    age = (day + 365.0 * streams.uniform("head.serviced", head)) % 365.0 / 365.0
    return Heads(
        heads=heads,
        incidents=incidents(streams, cells, heads, day),
        near=0.35 + 0.65 * streams.uniform("fire.near", head, day),
        fault_h=np.where(broken, fault, 99.0),
        repaired_h=fault + 1.0 + 9.0 * streams.uniform("head.fault.length", head, day),
        test_h=np.where(tested, _TEST_H + _TEST_LENGTH_H * unit, 99.0),
        contamination=age * (18.0 + 40.0 * streams.uniform("head.dust", head)),
        warmth=1.0 + 3.0 * streams.uniform("head.warmth", head),
        site=site,
        world=world,
    )


def nuisances(day: Heads) -> Spells:
    """When heads are in alarm for steam, dust and kitchens, until the panel is reset."""
    happened = day.incidents
    begin, peak, rise, reset = (
        part.reshape(-1) for part in (happened.nuisance_h, happened.peak, happened.rise_s, happened.reset_h)
    )
    begins = 3600.0 * begin + _crosses_s(peak, rise)
    row = np.flatnonzero((peak >= ALARM_DB_M) & (begin < 24.0))
    return within(row, 1000.0 * begins[row], 3_600_000.0 * reset[row])


def alarms(day: Heads) -> Spells:
    """When heads are in alarm for a fire."""
    begin, growth, held = (
        np.repeat(part, day.heads) for part in (day.incidents.fire_h, day.incidents.growth, day.incidents.held_s)
    )
    begins, reached = _detected_s(growth, held, day.near)
    row = np.flatnonzero(reached & (begin < 24.0))
    ignited = 3600.0 * begin[row]
    return within(row, 1000.0 * (ignited + begins[row]), 1000.0 * (ignited + 3600.0 * _RESET_H))


def _crosses_s(peak: Floats, rise_s: Floats) -> Floats:
    """S until the smoke of a nuisance has risen to the alarm; as long as it rises, if it does not get there."""
    return np.asarray(rise_s * np.sqrt(np.minimum(ALARM_DB_M / peak, 1.0)))


def _detected_s(growth: Floats, held_s: Floats, near: Floats) -> tuple[Floats, Bools]:
    """S until the smoke of a fire has risen to a head's alarm, and whether it does."""
    kilowatts = ALARM_DB_M / _SMOKE_PER_KW / near
    return np.sqrt(kilowatts / growth), np.asarray(growth * held_s * held_s >= kilowatts)


def heat_release(growth: Floats, held_s: Floats, since_s: Floats) -> Floats:
    """KW at s since the ignition: a t^2 until it is held, then dying down; nothing before."""
    grown = np.clip(since_s, 0.0, held_s)
    over = np.maximum(since_s - held_s, 0.0)
    return np.asarray(growth * grown * grown * np.exp(-over / _DYING_S))


def observe(streams: Streams, state: Heads, at: Moments) -> Observation:
    """What the heads measure and what the panel makes of it."""
    head, hour = rows(at, state.heads), at.x / 12.0
    happened, near = state.incidents, state.near[head]
    since_fire = 3600.0 * (hour - happened.fire_h[at.row])
    growth, held = happened.growth[at.row], happened.held_s[at.row]
    fire = heat_release(growth, held, since_fire) * near
    smoke, nuisance = _nuisance(happened, head, hour)
    testing = (hour >= state.test_h[head]) & (hour < state.test_h[head] + _TEST_LENGTH_H)
    clean = 0.004 + 0.0001 * state.contamination[head]
    clean += 0.002 * np.abs(streams.normal("head.smoke", at.device, at.ts))
    smoke = np.maximum(np.maximum(smoke, _SMOKE_PER_KW * fire), 0.3 * testing)
    detected, reached = _detected_s(growth, held, near)
    burning = (since_fire >= detected) & (since_fire < 3600.0 * _RESET_H)
    status = np.where(smoke + clean >= PREALARM_DB_M, _PREALARM, _NORMAL)
    status = np.where((hour >= state.fault_h[head]) & (hour < state.repaired_h[head]), _FAULT, status)
    status = np.where(testing, _TEST, status)
    status = np.where(nuisance | (burning & reached), _ALARM, status)
    here = Sampler(state.site[at.row], at.x)
    air = 19.0 + 0.45 * (here.line(state.world.temperature) - 15.0) + state.warmth[head]
    gas = 0.8 + 0.9 * here.line(state.world.road_demand) * 0.6
    return {
        "smoke": np.minimum(smoke + clean, 1.0),
        "temperature": np.minimum(
            air + 16.9 * fire ** (2 / 3) / _HEIGHT_M ** (5 / 3) + 0.15 * streams.normal("head.heat", at.device, at.ts),
            200.0,
        ),
        "carbon_monoxide": np.clip(gas + 0.5 * fire + 0.2 * streams.normal("head.gas", at.device, at.ts), 0.0, 1000.0),
        "contamination": state.contamination[head],
        "detector_status": status,
    }


def _nuisance(happened: Incidents, head: Ints, hour: Floats) -> tuple[Floats, Bools]:
    """(N,) smoke of steam, dust and kitchens, dB/m, and whether a head is in alarm for it."""
    peak, rise = happened.peak.reshape(-1)[head], happened.rise_s.reshape(-1)[head]
    since = 3600.0 * (hour - happened.nuisance_h.reshape(-1)[head])
    grown = np.clip(since / rise, 0.0, 1.0)
    smoke = peak * grown * grown * np.exp(-np.maximum(since - 1.5 * rise, 0.0) / 300.0)
    over = since >= _crosses_s(peak, rise)
    return smoke, over & (peak >= ALARM_DB_M) & (hour < happened.reset_h.reshape(-1)[head])
