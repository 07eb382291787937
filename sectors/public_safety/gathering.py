"""Gatherings: now and then a square is full for an evening."""

from dataclasses import dataclass

import numpy as np

from park.grid import HOURS, STEPS
from park.model import Floats, Ints, Streams, WorldDay
from sectors.public_safety.square import Squares

_CHANCE = {"workday": 0.006, "free": 0.03, "holiday": 0.2}
_MINUTE = np.arange(STEPS * 5 + 1) / 60.0
_COMING_H, _GOING_H = 1.6, 0.7


@dataclass(frozen=True, kw_only=True, eq=False)
class Gatherings:
    """Those of C squares on one day; where there is none, nobody comes.

    Attributes:
        people: (C,) who come for it.
        begin_h, end_h: (C,) hours since 04:00.
        came_by_minute: (C, minutes of the day + 1) share of them that has come.
        gone: (C, GRID_POINTS) share that has left; none before all have come.
        there: (C, GRID_POINTS) share that is there, 0 where there is no gathering.
    """

    people: Ints
    begin_h: Floats
    end_h: Floats
    came_by_minute: Floats
    gone: Floats
    there: Floats


def chance(world: WorldDay) -> float:
    """Of a gathering in a square on such a day."""
    return _CHANCE["holiday" if world.holiday else "workday" if world.workday else "free"]


def people(streams: Streams, square: Squares, day: Ints, likely: Floats) -> Ints:
    """(C,) who come to these squares for a gathering in the evening of a day, if there is one; `likely` as `chance`."""
    cells = square.cells
    held = streams.uniform("gathering", cells, day) < likely
    if not held.any():
        return np.zeros(len(cells), dtype=np.int64)
    packed = 0.7 + 1.9 * streams.uniform("gathering.packed", cells, day) ** 2
    area = square.area[:, 0] + square.area[:, 1] + square.area[:, 2] + square.area[:, 3]
    return np.where(held, np.rint(packed * area), 0.0).astype(np.int64)


def gatherings(streams: Streams, square: Squares, world: WorldDay) -> Gatherings:
    """Which of these squares are full this evening, and when."""
    cells, day = square.cells, world.index
    come = people(streams, square, np.full(len(cells), day), np.full(len(cells), chance(world)))
    begin = 14.0 + 1.5 * streams.uniform("gathering.begin", cells, day)
    end = begin + 1.0 + 1.5 * streams.uniform("gathering.length", cells, day)
    gone = _ramp(HOURS, end, end + _GOING_H)
    return Gatherings(
        people=come,
        begin_h=begin,
        end_h=end,
        came_by_minute=_ramp(_MINUTE, begin - _COMING_H, begin),
        gone=gone,
        there=(_ramp(HOURS, begin - _COMING_H, begin) - gone) * (come > 0)[:, None],
    )


def _ramp(hours: Floats, first: Floats, last: Floats) -> Floats:
    """(C, points) a smooth step from 0 to 1."""
    share = np.clip((hours - first[:, None]) / (last - first)[:, None], 0.0, 1.0)
    return np.asarray(share * share * (3.0 - 2.0 * share))
