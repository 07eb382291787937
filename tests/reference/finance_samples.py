"""What the finance sector published through some weeks, and the record that it is held against."""

import datetime as dt
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from park.catalogue import DeviceKind
from park.columns import quantise
from park.model import Bools, Floats, Observation, WorldDay
from sectors.finance.catalogue import BACKUP_SUPPLY, SECTOR
from tests.reference.walk import Walked, setting_of, shuffled_rhythm, shuffled_weather, walk, world_of

CELLS = 8
_FIRST = 5
#: Branches of which the supplies alone are looked at: what happens to one is rare.
SUPPLIES = 32
_EVERY_S = {
    "cash_machine": 300.0,
    "branch_queue": 60.0,
    "payment_terminal": 3600.0,
    "vault_room": 3600.0,
    "insured_car": 900.0,
}
_SUPPLY_S = 60.0
_PEOPLE = ("at_home", "at_work", "under_way", "out", "road_demand")


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """Published values, kind to channel to (cells, per_cell, days, readings), and the true days.

    Attributes:
        workday: (days,).
        weekday, month_day: (days,).
        people, out, outdoor, rain: (cells, days, GRID_POINTS - 1): out and half of those under way, out, Cel, mm/h.
    """

    kinds: dict[str, dict[str, Floats]]
    workday: Bools
    weekday: Floats
    month_day: Floats
    people: Floats
    out: Floats
    outdoor: Floats
    rain: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Supplies:
    """Backup supplies.

    Attributes:
        seen: published values, channel to (cells, days, minutes).
        interrupted: (cells, days, minutes) whether the model interrupts the supply before the next reading.
        voltage: (cells, days, GRID_POINTS - 1) of the district, V.
    """

    seen: dict[str, Floats]
    interrupted: Bools
    voltage: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Calendar:
    """(branches, days) tickets and withdrawals of whole days.

    Attributes:
        festival: (days,) days until Spring Festival.
        month_day, weekday, workday: (days,).
    """

    tickets: Floats
    withdrawals: Floats
    festival: Floats
    month_day: Floats
    weekday: Floats
    workday: Bools


@cache
def seen(seed: int, days: int, *, ablated: bool = False) -> Seen:
    """The park's own data; `ablated`, of days whose people, voltage and sky are those of others than the record's."""
    world = world_of(seed)
    true = [world.day(_FIRST + i) for i in range(days)]
    given = {day.index: day for day in (_others(true, seed) if ablated else true)}
    walked = list(
        walk("finance", seed, days, CELLS, first=_FIRST, weather=lambda i: given[i] if i in given else world.day(i))
    )
    site = setting_of("finance", seed).site_of(np.arange(CELLS))
    kinds = {kind.name: _readings(walked, kind) for kind in SECTOR.kinds if kind.name in _EVERY_S}
    return Seen(
        kinds=kinds,
        workday=np.array([day.workday for day in true]),
        weekday=np.array([day.weekday for day in true]),
        month_day=np.array([day.date.day for day in true]),
        people=np.stack([(day.out + 0.5 * day.under_way)[site, :-1] for day in true], axis=1),
        out=np.stack([day.out[site, :-1] for day in true], axis=1),
        outdoor=np.stack([day.temperature[site, :-1] for day in true], axis=1),
        rain=np.stack([day.precipitation[site, :-1] for day in true], axis=1),
    )


@cache
def supplies(seed: int, days: int, *, ablated: bool = False) -> Supplies:
    """The park's own; `ablated`, of days whose voltage is that of others than the record's."""
    world = world_of(seed)
    true = [world.day(i) for i in range(days)]
    given = _others(true, seed) if ablated else true
    site = setting_of("finance", seed).site_of(np.arange(SUPPLIES))
    walked = list(walk("finance", seed, days, SUPPLIES, weather=lambda i: given[i]))
    parts = [_published(day.observe(BACKUP_SUPPLY.name, _SUPPLY_S), BACKUP_SUPPLY) for day in walked]
    minute = 60_000 * np.arange(1440)
    dips = np.stack([day.state.supply.fed.dip for day in walked], axis=1)[..., None]
    return Supplies(
        seen={name: np.stack([part[name][:, 0] for part in parts], axis=1) for name in parts[0]},
        interrupted=np.asarray((dips[:, :, 0] < minute + 60_000) & (dips[:, :, 1] > minute)),
        voltage=np.stack([220.0 * day.supply_voltage[site, :-1] for day in true], axis=1),
    )


@cache
def calendar(seed: int, days: int) -> Calendar:
    """A year of branches' and machines' totals, no moment of which is looked at."""
    came, used, dates = [], [], []
    for day in walk("finance", seed, days, CELLS):
        came.append(day.after["tickets"] - day.before["tickets"])
        used.append((day.after["cash"][..., 0] - day.before["cash"][..., 0]).sum(axis=-1))
        dates.append(day.world)
    festival = dt.date(2026, 2, 17)
    return Calendar(
        tickets=np.stack(came, axis=1).astype(np.float64),
        withdrawals=np.stack(used, axis=1).astype(np.float64),
        festival=np.array([(festival - day.date).days for day in dates], dtype=np.float64),
        month_day=np.array([day.date.day for day in dates], dtype=np.float64),
        weekday=np.array([day.weekday for day in dates], dtype=np.float64),
        workday=np.array([day.workday for day in dates]),
    )


def _others(days: list[WorldDay], seed: int) -> list[WorldDay]:
    sky, people = shuffled_weather(days, seed), shuffled_rhythm(days, seed)
    return [
        replace(one, more={**one.more, **{name: other.more[name] for name in _PEOPLE}})
        for one, other in zip(sky, people, strict=True)
    ]


def _readings(walked: list[Walked], kind: DeviceKind) -> dict[str, Floats]:
    parts = [_published(day.observe(kind.name, _EVERY_S[kind.name]), kind) for day in walked]
    return {name: np.stack([part[name] for part in parts], axis=2) for name in parts[0]}


def _published(observed: Observation, kind: DeviceKind) -> dict[str, Floats]:
    found = {}
    for name, values in observed.items():
        whole, present = quantise(kind.channel[name], values)
        scaled = whole / kind.channel[name].scale
        found[name] = scaled if present is None else np.where(present, scaled, np.nan)
    return found
