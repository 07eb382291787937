"""What a block's buildings draw: homes by who is at home and awake, shops and offices by who is there.

A building's day has a volume of its own, spread over the day by a course that the people make; a pipe that drips
behind a meter runs on for weeks (McKenzie 1999, SANFLOW: night use is 6 % of the people active, 10 L a flush, and leaks
behind the meters).
"""

from dataclasses import dataclass

import numpy as np

from park.grid import HOURS, integral, smooth_noise
from park.model import DAY_STARTS_H, Floats, Ints, Streams
from sectors.municipal.catalogue import WATER_METER
from sectors.municipal.span import Span

_H = HOURS + DAY_STARTS_H
_HOME_M3 = 0.0235  # scale of a home's use
_TOGETHER, _OWN = 0.05, 0.06  # spread of a day's size in a block, and of a building's own
_HALF_HOUR, _FIVE_MINUTES = 0.10, 0.22
_SLOT_DAYS = 120
_DRIP_CHANCE = 0.3


def _bump(middle: Floats | float, width: float) -> Floats:
    return np.asarray(np.exp(-0.5 * ((_H - middle) / width) ** 2))


def awake(workday: Floats) -> Floats:
    """(rows, GRID_POINTS) share of those at home who are up; an hour later on rest days."""
    late = 0.9 * (1.0 - workday[:, None])
    return np.asarray(1.0 / (1.0 + np.exp((6.6 + late - _H) / 0.4)) / (1.0 + np.exp((_H - 23.3) / 0.5)))


def use(span: Span) -> Floats:
    """(rows, GRID_POINTS) m3/h of a home with its share of the shops and offices around, but for a scale."""
    workday = span.factor(lambda world: world.workday)
    late = (0.8 * (1.0 - workday))[:, None]
    home, up = span.series(lambda world: world.at_home), awake(workday)
    away = span.series(lambda world: np.asarray(world.at_work + world.out))
    busy = 0.70 + 0.68 * _bump(7.6 + late, 1.0) + 0.25 * _bump(12.2, 1.0) + 0.28 * _bump(20.2, 1.7)
    hot = np.maximum(span.series(lambda world: world.temperature).mean(axis=1) - 20.0, 0.0)
    return np.asarray((0.26 + home * up * busy + 0.75 * away * up) * (1.0 + 0.006 * hot)[:, None])


def homes(streams: Streams, meter: Ints) -> Ints:
    """Homes in the buildings of these meters."""
    return np.floor(30 + 81 * streams.uniform("municipal.homes", meter)).astype(np.int64)


def leaks_of(streams: Streams, meter: Ints, day: Ints) -> tuple[Ints, Ints, Floats]:
    """What runs behind meters: from which day on, up to which, and m3/h; 0s where nothing does about a day."""
    slot = day // _SLOT_DAYS
    chance, begin, long, size = (
        streams.uniform(f"municipal.drip.{what}", meter, slot) for what in ("comes", "begin", "long", "size")
    )
    first = slot * _SLOT_DAYS + np.floor(70 * begin).astype(np.int64)
    past = first + 4 + np.floor(44 * long).astype(np.int64)
    comes, none = chance < _DRIP_CHANCE, np.zeros_like(first)
    return np.where(comes, first, none), np.where(comes, past, none), np.where(comes, 0.04 + 0.20 * size, 0.0)


def dripping(streams: Streams, meter: Ints, day: Ints) -> Floats:
    """M3/h that runs behind meters on days, whatever the people do; 0 at most."""
    first, past, rate = leaks_of(streams, meter, day)
    return np.asarray(np.where((day >= first) & (day < past), rate, 0.0))


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawn:
    """What buildings draw on their days.

    Attributes:
        span: the days.
        volume: (rows,) m3 of a day, what drips left out.
        drip: (rows,) m3/h.
        course: (rows of cells, GRID_POINTS) `use`.
    """

    span: Span
    volume: Floats
    drip: Floats
    course: Floats

    def flow(self) -> Floats:
        """(rows, GRID_POINTS) m3/h of each building."""
        meter, day = self.span.number(WATER_METER.name), self.span.day(WATER_METER.name)
        stray = smooth_noise(self.span.setting.streams, "municipal.meter.use", (meter,), day, 1)
        block = smooth_noise(self.span.setting.streams, "municipal.use", (self.span.number(),), self.span.day(), 6)
        course = self.course * np.exp(_HALF_HOUR * block)
        shape = np.repeat(course, self.span.per_cell(WATER_METER.name), axis=0) * np.exp(_FIVE_MINUTES * stray)
        return np.asarray(shape * (self.volume / integral(shape)[:, -1])[:, None] + self.drip[:, None])


def drawn(span: Span) -> Drawn:
    """What the buildings of a span draw; orders do not change it."""
    name, streams = WATER_METER.name, span.setting.streams
    course = use(span)
    size = np.repeat(_TOGETHER * span.normal("municipal.use.size"), span.per_cell(name))
    size = size + _OWN * span.normal("municipal.meter.size", name)
    whole = np.repeat(integral(course)[:, -1], span.per_cell(name))
    return Drawn(
        span=span,
        volume=_HOME_M3 * homes(streams, span.number(name)) * whole * np.exp(size),
        drip=dripping(streams, span.number(name), span.day(name)),
        course=course,
    )
