"""What the finance sector published through some weeks, and the record that it is held against."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from park.catalogue import DeviceKind
from park.columns import quantise
from park.model import Bools, Floats, Observation, WorldDay
from sectors.finance.catalogue import SECTOR
from tests.reference.walk import Walked, setting_of, shuffled_rhythm, shuffled_weather, walk, world_of

CELLS = 8
_FIRST = 5
_EVERY_S = {"cash_machine": 300.0, "branch_queue": 60.0, "backup_supply": 30.0, "insured_car": 900.0}
_PEOPLE = ("at_home", "at_work", "under_way", "out", "road_demand")


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """Published values, kind to channel to (cells, per_cell, days, readings), and the true days.

    Attributes:
        workday: (days,).
        weekday, month_day: (days,).
        people, voltage, rain: (cells, days, GRID_POINTS - 1): out and half of those under way, V, mm/h.
    """

    kinds: dict[str, dict[str, Floats]]
    workday: Bools
    weekday: Floats
    month_day: Floats
    people: Floats
    voltage: Floats
    rain: Floats


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
        voltage=np.stack([220.0 * day.supply_voltage[site, :-1] for day in true], axis=1),
        rain=np.stack([day.precipitation[site, :-1] for day in true], axis=1),
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
