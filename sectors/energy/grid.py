"""Power on the day's grid: straight lines between its instants, their exact integrals, smooth noise.

Every power of a microgrid is linear between two instants, so that sums of powers are too and a balance that
closes on the grid closes at every instant. Its integral is then a parabola, which the registers follow.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from park.model import GRID_POINTS, GRID_S, Floats, Ints, Streams

GRID_H = GRID_S / 3600
STEPS = GRID_POINTS - 1
#: Hours since 04:00 at the instants of the grid.
HOURS: Floats = np.arange(GRID_POINTS, dtype=np.float64) * GRID_H


def integral(power: Floats) -> Floats:
    """Energy since the start of the day, kWh, of powers in kW; (rows, points) both."""
    energy = np.zeros_like(power)
    np.cumsum(power[:, 1:] + power[:, :-1], axis=1, out=energy[:, 1:])
    energy *= GRID_H / 2
    return energy


def integral_above_zero(power: Floats) -> Floats:
    """As `integral`, of the parts of the lines that lie above zero."""
    energy = np.zeros_like(power)
    np.cumsum(area_above_zero(power[:, :-1], power[:, 1:], 1.0), axis=1, out=energy[:, 1:])
    return energy


def area_above_zero(start: Floats, end: Floats, span: Floats | float) -> Floats:
    """Energy above zero under a line from `start` to `end`, `span` steps of the grid apart, kWh."""
    top = np.maximum(start, end)
    crossing = (start < 0) != (end < 0)
    rise = np.abs(end - start)
    # A line that crosses zero has a triangle above it.
    triangle = top * top / np.where(crossing, rise, 1.0)
    trapezium = np.maximum(start, 0.0) + np.maximum(end, 0.0)
    return np.asarray(np.where(crossing, triangle, trapezium) * span * (GRID_H / 2))


def smooth_noise(streams: Streams, name: str, counters: tuple[Ints, ...], day: Ints | int, every: int) -> Floats:
    """Standard normals every `every` steps of the grid, joined by straight lines; (rows, points).

    The knots are numbered through from the commissioning, so that days join without a seam. `counters`, (rows,)
    integers each, tell the rows apart; `day` is one for all or (rows,); `every` is a divisor of `STEPS`.
    """
    count = STEPS // every
    number = np.reshape(day, (-1, 1)) * count + np.arange(count + 1)
    knots = streams.normal(name, *(counter[:, None] for counter in counters), number)
    lines = knots[:, :-1, None] + (knots[:, 1:] - knots[:, :-1])[:, :, None] * (np.arange(every) / every)
    return np.concatenate([lines.reshape(len(knots), STEPS), knots[:, -1:]], axis=1)


class Sampler:
    """Reads series of the grid at moments: row `row`, position `x`; the places are found once."""

    def __init__(self, row: Ints, x: Floats) -> None:
        step = x.astype(np.int64)
        self.share: Floats = x - step
        self._left = row * GRID_POINTS + step
        self._right = self._left + 1

    def ends(self, series: Floats) -> tuple[Floats, Floats]:
        """The values at the grid's instants before and after."""
        flat = series.reshape(-1)
        return flat.take(self._left), flat.take(self._right)

    def line(self, series: Floats) -> Floats:
        """The value in between."""
        left, right = self.ends(series)
        return left + (right - left) * self.share

    def hold(self, series: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The value at the instant before."""
        return series.reshape(-1).take(self._left)

    def energy(self, power: Floats, energy: Floats) -> Floats:
        """Energy since the start of the day, of a power that keeps its sign, and its `integral`."""
        left, right = self.ends(power)
        return self.hold(energy) + (left + (right - left) * (self.share / 2)) * (self.share * GRID_H)

    def energy_above_zero(self, power: Floats, energy: Floats) -> Floats:
        """Energy since the start of the day, of the part of a power above zero, and its `integral_above_zero`."""
        left, right = self.ends(power)
        return self.hold(energy) + area_above_zero(left, left + (right - left) * self.share, self.share)
