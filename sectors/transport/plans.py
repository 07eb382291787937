"""Signals that are told a plan: what they show, and the traffic of their corridor run on under it.

A signal shows its plan from the millisecond on. Traffic meets it from the next instant of the grid, and an instant
shows what five minutes before it brought, so that no reading, which is a line to the next one, knows of a later order.
Whatever was told, a road is empty enough at 04:00 to begin the day as ever. Buses have a lane and a phase of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from park.happenings import LATER, Spells
from park.model import GRID_POINTS, GRID_S, Bools, Carry, Floats, Ints, Streams, WorldDay
from park.orders import Told
from sectors.transport.catalogue import SET_PLAN
from sectors.transport.corridor import Corridors
from sectors.transport.demand import STEPS, arrivals, at_dawn, wetness
from sectors.transport.traffic import Links, Traffic, disturbed, links_of, summary

AUTO = 0
_STEP_MS = GRID_S * 1000
_PER_POINT = STEPS // (GRID_POINTS - 1)
#: Steps of the grid by which a jam is told to have begun, or ended, once something was commanded.
_SURE = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """One signal's day.

    Attributes:
        own: its green share.
        entering: number of the plan and green share that it was told before; `AUTO` and `own` if nothing.
        told: the day's orders to it, by time.
    """

    own: float
    entering: tuple[int, float]
    told: Sequence[Told]

    @cached_property
    def said(self) -> list[tuple[int, float]]:
        """Plan and green share at first and after each order."""
        later = [
            (int(one.value[0]), float(one.value[1])) if one.action == SET_PLAN else (AUTO, self.own)
            for one in self.told
        ]
        return [self.entering, *later]

    def at(self, ms: Ints) -> tuple[Ints, Floats]:
        """(N,) number of the plan and green share at milliseconds since 04:00."""
        place = np.searchsorted([one.ms for one in self.told], ms, side="right")
        return np.array([plan for plan, _ in self.said])[place], np.array([green for _, green in self.said])[place]

    @property
    def first(self) -> int:
        """Point of the grid from which traffic meets another plan."""
        return 0 if self.entering != (AUTO, self.own) else -(-self.told[0].ms // _STEP_MS)

    @cached_property
    def green(self) -> Floats:
        """(GRID_POINTS - 1,) green share of each step of the grid, relative to its own."""
        return self.at(np.arange(GRID_POINTS - 1) * _STEP_MS)[1] / self.own


@dataclass(frozen=True, kw_only=True, eq=False)
class Road:
    """One corridor without orders; `roads` and `links` are of it alone.

    Attributes:
        entering: (1, 2, STEPS) vehicles that want to enter.
        vehicles: (MINUTES, 1, 2, LINKS + 2) what was on it.
    """

    roads: Corridors
    links: Links
    entering: Floats
    vehicles: Floats

    @staticmethod
    def of(streams: Streams, roads: Corridors, site: Ints, world: WorldDay) -> "Road":
        """Run it."""
        links = disturbed(streams, links_of(roads, wetness(world.precipitation[site])), roads, world)
        entering = arrivals(streams, roads, site, world).astype(np.float64)
        vehicles = links.run(entering, at_dawn(streams, roads, site, world))
        return Road(roads=roads, links=links, entering=entering, vehicles=vehicles)

    def under(self, plan: Plan, wanted: Ints) -> Traffic:
        """Its traffic under a plan, run on from where that is first met."""
        service = self.links.service * np.repeat(plan.green, _PER_POINT)[:, None, None]
        vehicles = replace(self.links, service=service).run(
            self.entering, self.vehicles[0, ..., 1:-1], known=self.vehicles[: plan.first * 5 + 1]
        )
        # What an instant shows came under the plan of the step before it.
        green = np.append(1.0, plan.green)[None]
        total = self.entering.sum(axis=-1)
        return summary(self.links, vehicles, total, wanted, plain=self.vehicles, green=green)


def shown(plain: Traffic, roads: Mapping[int, Traffic]) -> Traffic:
    """The traffic with these corridors' own, by row."""
    if not roads:
        return plain
    parts = {part.name: getattr(plain, part.name).copy() for part in fields(plain)}
    for row, one in roads.items():
        for name, whole in parts.items():
            whole[row] = getattr(one, name)[0]
    return Traffic(**parts)


def jams(plain: Spells, inside: Bools, first: int) -> Spells:
    """The jams of one detector, told for sure as nobody knows what will still be commanded.

    Args:
        plain: without orders.
        inside: (GRID_POINTS,) whether traffic is as slow as in a jam.
        first: point of the grid from which a plan is met.
    """
    since = first * _STEP_MS
    found = [(int(begin), int(end)) for begin, end in zip(plain.begin, plain.end, strict=True) if end <= since]
    open_ = [int(begin) for begin, end in zip(plain.begin, plain.end, strict=True) if begin < since < end]
    begun = open_[0] if open_ else None
    for point in range(first + _SURE, GRID_POINTS - 1):
        last = inside[point - _SURE + 1 : point + 1]
        if begun is None and last.all():
            begun = point * _STEP_MS
        elif begun is not None and not last.any():
            found.append((begun, point * _STEP_MS))
            begun = None
    if begun is not None:
        found.append((begun, LATER - 1))  # this day tells its end
    begins, ends = np.array(found, dtype=np.int64).reshape(-1, 2).T
    return Spells(row=np.zeros(len(found), dtype=np.int64), begin=begins, end=ends)


def begin(cells: int, per_cell: int) -> Carry:
    """Every signal by its program."""
    return {
        "signal_plan": np.full((cells, per_cell), AUTO),
        "signal_green": np.full((cells, per_cell), np.nan),
    }


def entering(carry: Carry, row: int, own: float) -> tuple[int, float]:
    """What the signal of a row was told before."""
    plan, green = int(carry["signal_plan"].reshape(-1)[row]), float(carry["signal_green"].reshape(-1)[row])
    return plan, own if np.isnan(green) else green


def after(carry: Carry, plans: Mapping[int, Plan]) -> Carry:
    """What is carried of signals."""
    left = {name: np.array(carry[name]) for name in ("signal_plan", "signal_green")}
    for row, one in plans.items():
        plan, green = one.said[-1]
        left["signal_plan"].reshape(-1)[row] = plan
        left["signal_green"].reshape(-1)[row] = np.nan if (plan, green) == (AUTO, one.own) else green
    return left
