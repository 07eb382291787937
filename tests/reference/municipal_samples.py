"""What the municipal sector published: a year of evenings, some weeks of early summer, and what orders did."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from park.model import DAY_MS, GRID_POINTS, NO_ORDERS, Bools, Carry, Floats, Ints, Moments, Orders, WorldDay
from sectors.municipal.catalogue import SET_LEVEL, SET_PRESSURE
from sectors.municipal.model import MODEL, MunicipalDay, MunicipalModel
from tests.reference.walk import setting_of, world_of

CELLS = 4
_FIRST = 130  # the tenth of May
_YEAR_STEP = 5
_AT_ONCE = 16
_ZONES = 24


@dataclass(frozen=True, kw_only=True, eq=False)
class Evenings:
    """Days of a year, (days, cells) each.

    Attributes:
        lit_h: hours that a lamp was alight.
        day_h: hours that the sun was up.
        sun_on, sun_off: elevation at which it went on and off, degrees.
        early_min: minutes that it went on before a clear evening's moment, the sun at -3.8 degrees.
        cover: fraction of the sky that was clouded then.
    """

    lit_h: Floats
    day_h: Floats
    sun_on: Floats
    sun_off: Floats
    early_min: Floats
    cover: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Weeks:
    """Consecutive days, (cells, per_cell, days, readings) of a kind's channels, and the days themselves.

    Attributes:
        kinds: kind to channel to what was published: zones every 5 minutes, meters every hour, bins every 15 minutes,
            halls every minute.
        leaks: (cells, 1, days, 288) m3/h, the model's own.
        people: (cells, days, 24) those who pass bins.
        outside: (cells, days, 24) Cel.
        highest: (cells, days) Cel.
        weekday, workday: (days,).
    """

    kinds: dict[str, dict[str, Floats]]
    leaks: Floats
    people: Floats
    outside: Floats
    highest: Floats
    weekday: Ints
    workday: Bools


@dataclass(frozen=True, kw_only=True, eq=False)
class Steps:
    """A lamp that was told levels, one after another, by day: level, %, and power, kW, then; its night besides.

    Attributes:
        levels, power: (steps,) what it was told, and what it drew.
        night_kw, night_kwh: (minutes,) power and register of another through a night without orders.
        dark: (lamps, minutes) power, kW, of lamps at level 0.
    """

    levels: Floats
    power: Floats
    night_kw: Floats
    night_kwh: Floats
    dark: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Lowered:
    """Nights of zones as they are and with the setpoint 10 % lower: leaks, m3/h, and mean pressure, kPa, (cells,)."""

    leak: tuple[Floats, Floats]
    pressure: tuple[Floats, Floats]


@dataclass(frozen=True, kw_only=True, eq=False)
class Nights:
    """Zones from 2 to 4 h, (zones, days): m3/h, kPa at the farthest tap, whether a burst runs."""

    inflow: Floats
    tap: Floats
    bursts: Bools


def model_of(seed: int) -> MunicipalModel:
    """The sector's model in the default town."""
    return MODEL(setting_of("municipal", seed))


@cache
def reached(seed: int, day: int, cells: int = CELLS) -> Carry:
    """What the first cells carry into a day."""
    model, numbers, world = model_of(seed), np.arange(cells, dtype=np.int64), world_of(seed)
    if day == 0:
        return model.begin(numbers)
    first = (day - 1) // _AT_ONCE * _AT_ONCE
    return model.stride(numbers, reached(seed, first, cells), world.days(first, day))


def moments(world: WorldDay, per_cell: int, every_s: float, cells: int = CELLS, units: int | None = None) -> Moments:
    """Of all devices of a kind, or the first `units` of each cell, through a day."""
    x = np.arange(0, GRID_POINTS - 1, every_s / 300.0)
    row, unit, place = (
        part.ravel() for part in np.meshgrid(np.arange(cells), np.arange(units or per_cell), x, indexing="ij")
    )
    ts = world.times[0] + np.rint(place * 300_000).astype(np.int64)
    return Moments(row=row, unit=unit, device=row * per_cell + unit, ts=ts, x=place)


def observed(seed: int, day: MunicipalDay, kind: str, every_s: float, units: int | None = None) -> dict[str, Floats]:
    """(cells, units, readings) of each channel, as published but for the rounding."""
    per_cell = setting_of("municipal", seed).per_cell[kind]
    at = moments(day.world, per_cell, every_s, len(day.cells), units)
    shape = (len(day.cells), units or per_cell, -1)
    return {name: v.astype(np.float64).reshape(shape) for name, v in model_of(seed).observe(kind, day, at).items()}


def day_of(seed: int, number: int, orders: Orders = NO_ORDERS, cells: int = CELLS) -> MunicipalDay:
    """One day of the first cells."""
    world = world_of(seed).day(number)
    return model_of(seed).day(np.arange(cells, dtype=np.int64), reached(seed, number, cells), world, orders)


@cache
def evenings(seed: int, _days: int) -> Evenings:
    """Every fifth day of a year."""
    numbers = range(2, 365, _YEAR_STEP)
    found = [_evening(seed, number) for number in numbers]
    return Evenings(**{name: np.stack([one[name] for one in found]) for name in found[0]})


def _evening(seed: int, number: int) -> dict[str, Floats]:
    day = day_of(seed, number, cells=2)
    seen = observed(seed, day, "street_lamp", 60.0, 1)
    hours, level = seen["operating_time"][:, 0], seen["level"][:, 0]
    site = setting_of("municipal", seed).site_of(np.arange(2))
    sun, grid, minute = day.world.sun_elevation[site], np.arange(GRID_POINTS), np.arange(1440) / 5.0
    fine = np.stack([np.interp(minute, grid, row) for row in sun])
    cover = np.stack([np.interp(minute, grid, row) for row in day.world.cloud_cover[site]])
    lit = level > 0
    on = 720 + np.diff(lit[:, 720:].astype(int), axis=1).argmax(axis=1)
    off = np.diff(lit.astype(int), axis=1).argmin(axis=1)
    rows = np.arange(2)
    clear = 720 + (fine[:, 720:] < -3.8).argmax(axis=1)
    return {
        "lit_h": hours[:, -1] - hours[:, 0],
        "day_h": (fine > -0.83).sum(axis=1) / 60.0,
        "sun_on": fine[rows, on],
        "sun_off": fine[rows, off],
        "early_min": (clear - on).astype(np.float64),
        "cover": cover[rows, on],
    }


@cache
def weeks(seed: int, days: int) -> Weeks:
    """Consecutive days from the tenth of May on."""
    every = {"pressure_zone": 300.0, "water_meter": 3600.0, "waste_bin": 900.0, "climate_zone": 60.0}
    parts: dict[str, list[dict[str, Floats]]] = {name: [] for name in every}
    leaks = []
    for day in _consecutive(seed, days):
        for name, every_s in every.items():
            parts[name].append(observed(seed, day, name, every_s))
        at = moments(day.world, 1, 300.0)
        leaks.append(day.zones.at(at).leaking.reshape(CELLS, 1, -1))
    true = [world_of(seed).day(_FIRST + i) for i in range(days)]
    site = setting_of("municipal", seed).site_of(np.arange(CELLS))
    people, air = (
        np.stack([row[site, :-1].reshape(CELLS, 24, 12).mean(-1) for row in rows], axis=1)
        for rows in ([day.out + 0.5 * day.under_way for day in true], [day.temperature for day in true])
    )
    return Weeks(
        kinds={
            name: {channel: np.stack([one[channel] for one in seen], axis=2) for channel in seen[0]}
            for name, seen in parts.items()
        },
        leaks=np.stack(leaks, axis=2),
        people=people,
        outside=air,
        highest=air.max(axis=2),
        weekday=np.array([day.weekday for day in true]),
        workday=np.array([day.workday for day in true]),
    )


def _consecutive(seed: int, days: int) -> Iterator[MunicipalDay]:
    return (day_of(seed, _FIRST + i) for i in range(days))


@cache
def nights(seed: int, days: int) -> Nights:
    """Many zones, seen from 2 to 4 h alone."""
    found = []
    for i in range(days):
        day = day_of(seed, _FIRST + i, cells=_ZONES)
        at = moments(day.world, 1, 300.0, _ZONES)
        late = replace(at, **{name: getattr(at, name)[at.x >= 264] for name in ("row", "unit", "device", "ts", "x")})
        zone = model_of(seed).observe("pressure_zone", day, late)
        parts = [zone[name].reshape(_ZONES, -1).mean(axis=1) for name in ("inflow", "critical_pressure")]
        index = np.full(_ZONES, day.world.index)
        # One that begins or ends in the night counts with the time that it ran.
        runs = [day.quarter.bursts.running(index, np.full(_ZONES, ms)) > 0 for ms in (22 * 3_600_000, DAY_MS - 1)]
        found.append((*parts, runs[0] | runs[1]))
    inflow, tap, bursts = (np.stack(part, axis=1) for part in zip(*found, strict=True))
    return Nights(inflow=inflow, tap=tap, bursts=bursts)


@cache
def steps(seed: int, _days: int) -> Steps:
    """A lamp is told 0 to 100 % at noon, ten minutes each."""
    world, levels = world_of(seed).day(_FIRST), np.arange(0.0, 101.0, 10.0)
    told = world.times[0] + 8 * 3_600_000 + np.arange(len(levels)) * 600_000
    orders = Orders.of(
        cell=np.zeros(11), unit=np.zeros(11), action=np.full(11, SET_LEVEL), effective=told,
        value=np.stack([levels, np.full(11, 20.0)], axis=1),
    )  # fmt: skip
    seen, plain = (observed(seed, day_of(seed, _FIRST, o), "street_lamp", 60.0) for o in (orders, NO_ORDERS))
    at = 480 + 10 * np.arange(len(levels)) + 8
    lit = plain["level"] > 0
    return Steps(
        levels=seen["level"][0, 0, at],
        power=seen["active_power"][0, 0, at],
        night_kw=plain["active_power"][1, 3],
        night_kwh=plain["total_active_energy_import"][1, 3],
        dark=plain["active_power"][~lit],
    )


@cache
def lowered(seed: int, _days: int) -> Lowered:
    """All zones are told 10 % less at 5 h; the night after is compared."""
    plain = day_of(seed, _FIRST)
    setpoint = plain.carried("zone_")["zone_setpoint"]
    told = np.full(CELLS, plain.world.times[0] + 3_600_000)
    orders = Orders.of(
        cell=np.arange(CELLS), unit=np.zeros(CELLS), action=np.full(CELLS, SET_PRESSURE), effective=told,
        value=0.9 * setpoint,
    )  # fmt: skip
    found = []
    for day in (plain, day_of(seed, _FIRST, orders)):
        seen = day.zones.at(moments(day.world, 1, 300.0))
        mean = 0.5 * (seen.inlet + seen.critical)
        found.append([part.reshape(CELLS, -1)[:, 264:].mean(axis=1) for part in (seen.leaking, mean)])
    return Lowered(leak=(found[0][0], found[1][0]), pressure=(found[0][1], found[1][1]))


def spoilt(data: Weeks, kind: str, channel: str, values: Any) -> Weeks:
    """With a channel replaced."""
    return replace(data, kinds={**data.kinds, kind: {**data.kinds[kind], channel: np.asarray(values)}})
