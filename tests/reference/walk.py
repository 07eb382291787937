"""A sector's model driven day by day, without fleet or broker."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from park.model import GRID_POINTS, GRID_S, NO_ORDERS, Carry, Ints, Model, Moments, Setting, WorldDay
from park.town import Town, default_town
from sectors import SECTORS
from simulator.streams import CounterStreams
from simulator.world import Places, World

_PEOPLE = ("at_home", "at_work", "under_way", "out", "road_demand")


@dataclass(frozen=True, kw_only=True, eq=False)
class Walked:
    """One day of a sector.

    Attributes:
        world: the weather and calendar.
        cells: numbers of the cells, (C,).
        before, after: carried state at the day's beginning and end.
        state: what the model made of the day.
    """

    sector: str
    model: Model
    world: WorldDay
    cells: Ints
    before: Carry
    after: Carry
    state: Any

    def observe(self, kind: str, every_s: float = GRID_S, until: int = GRID_POINTS - 1) -> dict[str, npt.NDArray[Any]]:
        """All readings of a kind, channel to (C, per_cell, instants), every `every_s` seconds from 04:00.

        Args:
            kind: of device.
            every_s: interval.
            until: grid place before which the last reading is taken; the day's end, 288, if not given.
        """
        per_cell = {k.name: k.per_cell for k in SECTORS[self.sector].kinds}[kind]
        x = np.arange(0, until, every_s / GRID_S)
        row, unit, place = (
            part.ravel() for part in np.meshgrid(np.arange(len(self.cells)), np.arange(per_cell), x, indexing="ij")
        )
        cell = self.cells[row]
        moments = Moments(
            row=row,
            unit=unit,
            device=cell * per_cell + unit,
            ts=self.world.times[0] + np.rint(place * GRID_S * 1000).astype(np.int64),
            x=place,
        )
        observed = self.model.observe(kind, self.state, moments)
        return {name: values.reshape(len(self.cells), per_cell, len(x)) for name, values in observed.items()}


def town(seed: int, commissioned: dt.date | None = None) -> Town:
    """The default town with another seed or date."""
    default = default_town(SECTORS)
    changes = {"seed": seed} | ({"commissioned": commissioned} if commissioned else {})
    return replace(default, settings=default.settings.model_copy(update=changes))


@cache
def world_of(seed: int, commissioned: dt.date | None = None) -> World:
    """The world of the default town."""
    place = town(seed, commissioned).settings
    sites = town(seed, commissioned).sites
    return World(
        CounterStreams(seed),
        latitude=place.latitude,
        longitude=place.longitude,
        elevation_m=place.elevation_m,
        utc_offset_ms=place.utc_offset_ms,
        country=place.country,
        climate=place.climate,
        commissioned=place.commissioned,
        site_latitudes=[site.latitude for site in sites],
        site_longitudes=[site.longitude for site in sites],
    )


def setting_of(sector: str, seed: int) -> Setting:
    """What the sector's model knows of the default town."""
    park = town(seed)
    names = [site.name for site in park.sites]
    rows = np.array([names.index(site.name) for site in park.sites_of(SECTORS[sector])])
    return Setting(
        streams=CounterStreams(seed, sector),
        site_of=lambda cells: rows[cells % len(rows)],
        places=Places(park, SECTORS[sector], CounterStreams(seed)),
        latitude=park.settings.latitude,
        longitude=park.settings.longitude,
        elevation_m=park.settings.elevation_m,
        per_cell={kind.name: kind.per_cell for kind in SECTORS[sector].kinds},
    )


def walk(
    sector: str,
    seed: int,
    days: int,
    cells: int,
    *,
    first: int = 0,
    weather: Callable[[int], WorldDay] | None = None,
) -> Iterator[Walked]:
    """The sector's `cells` first cells through `days` days from day `first` on.

    Args:
        sector: its name.
        seed: of the town.
        days: how many are yielded.
        cells: how many, from cell 0.
        first: day on which to begin; the days before are carried unseen.
        weather: number of a day to its weather, where it is not to be the town's own.
    """
    model: Model = import_module(f"sectors.{sector.replace('-', '_')}.model").MODEL(setting_of(sector, seed))
    weather = weather or world_of(seed).day
    numbers = np.arange(cells, dtype=np.int64)
    carry = model.begin(numbers)
    for index in range(first + days):
        today = weather(index)
        after = model.advance(numbers, carry, today, NO_ORDERS)
        if index >= first:
            yield Walked(
                sector=sector,
                model=model,
                world=today,
                cells=numbers,
                before=carry,
                after=after,
                state=model.day(numbers, carry, today, NO_ORDERS),
            )
        carry = after


def shuffled_weather(days: list[WorldDay], seed: int) -> list[WorldDay]:
    """The days with the weather of other days: dates, clock and calendar stay, the sky is another's."""
    order = np.random.default_rng(seed).permutation(len(days))
    kept = ("index", "date", "times", "workday", "holiday", "weekday")
    return [replace(days[j], **{name: getattr(day, name) for name in kept}) for day, j in zip(days, order, strict=True)]


def shuffled_rhythm(days: list[WorldDay], seed: int) -> list[WorldDay]:
    """The days with the people of other days of their kind: the weather stays, how many were under way is another's."""
    rng = np.random.default_rng(seed)
    order = np.arange(len(days))
    kinds = np.array([(day.workday, day.holiday, day.weekday) for day in days]) @ (100, 10, 1)
    for kind in np.unique(kinds):
        alike = np.flatnonzero(kinds == kind)
        order[alike] = rng.permutation(alike)
    return [
        replace(day, more={**day.more, **{name: days[j].more[name] for name in _PEOPLE}})
        for day, j in zip(days, order.tolist(), strict=True)
    ]
