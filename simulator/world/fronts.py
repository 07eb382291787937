"""Cold fronts: where the days grow colder, the warm air leaves at one hour of the day and not little by little.

Before a front the air is warmer than the days' means alone would have it and the pressure falls; behind it the air is
colder, the wind veers and the pressure rises. All of it fades within `REACH_H`, so that a day needs its neighbours
alone.
"""

from dataclasses import dataclass

import numpy as np

from park.model import Floats, Ints, Streams
from simulator.world.clock import grid_clock

REACH_H = 15.0
_SHARE = 0.42  # of the fall between two days' means that is a jump either way
_GREATEST = 6.0  # Cel
_WIDTH_H = 0.4  # in which most of the jump happens
_SPEED_KMH = 35.0
_FROM = np.radians(320)  # where fronts come from in the north; from the south-west in the south


@dataclass(frozen=True, kw_only=True, eq=False)
class Fronts:
    """Departures that fronts bring, (days, sites, GRID_POINTS): Cel, hPa, standard deviations, degrees."""

    warmth: Floats
    dew: Floats
    pressure: Floats
    wind: Floats
    veer: Floats


def delays(latitude: Floats, longitude: Floats) -> Floats:
    """Hours by which a front is later at each site than at 0, 0 of a plane about the first, (sites, 1)."""
    north = (latitude - latitude[0]) * 111.2
    east = (longitude - longitude[0]) * 111.2 * np.cos(np.radians(latitude[0]))
    poleward = np.where(latitude[0] < 0, -1.0, 1.0)
    along = -(north * poleward * np.cos(_FROM) + east * np.sin(_FROM))
    return np.asarray(np.clip(along / _SPEED_KMH, -1, 1)[:, None])


def fronts(streams: Streams, numbers: Ints, mean: Floats, late: Floats, latitude: float) -> Fronts:
    """The fronts about consecutive town days.

    Args:
        streams: randomness.
        numbers: of the calendar days about each, (days, 1, DAYS).
        mean: temperature of those days, (days, 1, DAYS), Cel.
        late: from `delays`.
        latitude: of the town: south of the equator the wind backs, and near it there are no fronts.
    """
    size = np.clip(_share(latitude) * (mean[..., :-1] - mean[..., 1:]) - 0.8, 0, _GREATEST)
    # A front passes between the noon of one day and the noon of the next.
    passage = 12 + 24 * streams.uniform("world/front", numbers[..., :-1])
    clock = grid_clock()
    warmth, dew, pressure, wind, veer = (np.zeros((len(mean), len(late), len(clock.hour))) for _ in range(5))
    for column in np.flatnonzero((size > 0).any(axis=(0, 1))).tolist():
        # By the clock, so that 04:00 has the same place at the end of a day as at the start of the next.
        since = clock.hour - passage[:, :, column, None] + 24 * (clock.day - column) - late
        near = np.maximum(1 - np.abs(since) / REACH_H, 0)
        strength = size[:, :, column, None] * near**2
        turn = np.tanh(since / _WIDTH_H)
        warmth -= strength * turn
        dew -= 1.2 * strength * turn
        pressure -= 0.7 * strength * near
        wind += 0.30 * strength * near**2
        veer += 12 * strength * turn
    return Fronts(warmth=warmth, dew=dew, pressure=pressure, wind=wind, veer=-veer if latitude < 0 else veer)


def _share(latitude: float) -> float:
    return _SHARE * min(max(abs(latitude) - 12, 0) / 12, 1)
