"""The models' tool chest: series on the day's grid, and the devices that stand in an array of cells.

A series is an array (rows, points); between two points it is a straight line, so sums of series are too, and a
balance that closes on the grid closes at every instant. Its integral is then a parabola.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from park.model import GRID_POINTS, GRID_S, Floats, Ints, Moments, Orders, Streams

GRID_H = GRID_S / 3600
STEPS = GRID_POINTS - 1
#: Hours since 04:00 at the instants of the grid.
HOURS: Floats = np.arange(GRID_POINTS, dtype=np.float64) * GRID_H


def devices(cells: Ints, per_cell: int) -> Ints:
    """(C, per_cell) numbers in the town of a kind's devices in these cells."""
    return cells[:, None] * per_cell + np.arange(per_cell)


def rows(at: Moments, per_cell: int) -> Ints:
    """(N,) row of each reading's device in arrays of all devices of its kind, by cell, then unit."""
    return at.row * per_cell + at.unit


class Sampler:
    """Reads series of the grid at N moments; the places are found once.

    Args:
        row: (N,) of the series.
        x: (N,) position on its points, 0 <= x < points - 1.
        points: of the series, if it is not on the day's own grid.
    """

    def __init__(self, row: Ints, x: Floats, points: int = GRID_POINTS) -> None:
        step = x.astype(np.int64)
        self.share: Floats = x - step
        self._left = row * points + step
        self._right = self._left + 1

    def ends(self, series: npt.NDArray[np.floating]) -> tuple[Floats, Floats]:
        """(N,) the values at the points before and after."""
        flat = series.reshape(-1)
        return _wide(flat.take(self._left)), _wide(flat.take(self._right))

    def line(self, series: npt.NDArray[np.floating]) -> Floats:
        """(N,) the value in between."""
        left, right = self.ends(series)
        right -= left
        right *= self.share
        right += left
        return right

    def turn(self, degrees: Floats) -> Floats:
        """(N,) the direction in between, the short way round, degrees; it may lie outside a circle."""
        left, right = self.ends(degrees)
        return left + ((right - left + 180.0) % 360.0 - 180.0) * self.share

    def hold(self, series: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """(N,) the value at the point before."""
        return series.reshape(-1).take(self._left)

    def energy(self, power: Floats, energy: Floats) -> Floats:
        """Energy since the start of the day, of a power that keeps its sign, and its `integral`."""
        left, right = self.ends(power)
        return self.hold(energy) + (left + (right - left) * (self.share / 2)) * (self.share * GRID_H)

    def energy_above_zero(self, power: Floats, energy: Floats) -> Floats:
        """Energy since the start of the day, of the part of a power above zero, and its `integral_above_zero`."""
        left, right = self.ends(power)
        return self.hold(energy) + area_above_zero(left, left + (right - left) * self.share, self.share)


def commanded(
    orders: Orders, action: int, parameter: int, *, cells: Ints, per_cell: int, times: Ints, before: Floats
) -> Floats:
    """(C * per_cell, points) what each device of a kind has last been told at the instants of a day.

    Args:
        orders: those of the day.
        action: the number of the action; others are passed over.
        parameter: which of its values.
        cells: (C,) ascending.
        per_cell: devices of the kind in a cell.
        times: (points,) Unix milliseconds.
        before: (C * per_cell,) what they had been told when the day began.
    """
    told = np.repeat(before[:, None], len(times), axis=1)
    mine = np.flatnonzero(orders.action == action)
    row = np.searchsorted(cells, orders.cell[mine]) * per_cell + orders.unit[mine]
    # In the order of effect, so that the last one stays.
    for one, point, value in zip(
        row, np.searchsorted(times, orders.effective[mine]), orders.value[mine, parameter], strict=True
    ):
        told[one, point:] = value
    return told


def integral(rate: Floats) -> Floats:
    """Integral since the start of the day of rates per hour, by trapezia; (..., points) both."""
    total = np.zeros_like(rate)
    np.cumsum(rate[..., 1:] + rate[..., :-1], axis=-1, out=total[..., 1:])
    total *= GRID_H / 2
    return total


def integral_above_zero(rate: Floats) -> Floats:
    """As `integral`, of the parts of the lines that lie above zero."""
    total = np.zeros_like(rate)
    np.cumsum(area_above_zero(rate[..., :-1], rate[..., 1:], 1.0), axis=-1, out=total[..., 1:])
    return total


def area_above_zero(start: Floats, end: Floats, span: Floats | float) -> Floats:
    """What lies above zero under a line of rates per hour from `start` to `end`, `span` steps of the grid apart."""
    top = np.maximum(start, end)
    crossing = (start < 0) != (end < 0)
    rise = np.abs(end - start)
    # A line that crosses zero has a triangle above it.
    triangle = top * top / np.where(crossing, rise, 1.0)
    trapezium = np.maximum(start, 0.0) + np.maximum(end, 0.0)
    return np.asarray(np.where(crossing, triangle, trapezium) * span * (GRID_H / 2))


def means_about(series: Floats, reach: int) -> Floats:
    """Means over the `reach` steps on either side of each point, fewer towards the day's ends; (..., points).

    The ends keep their own values, so that days still meet.
    """
    run = np.cumsum(np.concatenate([np.zeros((*series.shape[:-1], 1)), series], axis=-1), axis=-1)
    at = np.arange(GRID_POINTS)
    near = np.minimum(reach, np.minimum(at, STEPS - at))
    mean = (run[..., at + near + 1] - run[..., at - near]) / (2 * near + 1)
    mean[..., [0, -1]] = series[..., [0, -1]]
    return np.asarray(mean)


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


def _wide(values: npt.NDArray[np.floating]) -> Floats:
    return values.astype(np.float64, copy=False)
