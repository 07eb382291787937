"""From state to reading: where on the day's grid a reading stands, and what every instrument adds to it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from park.catalogue import DeviceKind
from park.model import Floats, Ints, Moments, Setting, Streams


@dataclass(frozen=True, kw_only=True, eq=False)
class Between:
    """Readings between two points of (rows, points) series: found once, used for every series.

    Attributes:
        left: (N,) flat index of the point at or before the reading.
        share: (N,) how far it is on the way to the next.
    """

    left: Ints
    share: Floats

    def of(self, series: npt.NDArray[np.floating]) -> Floats:
        """(N,) values of the series, linear between its points."""
        flat = series.reshape(-1)
        start = flat.take(self.left).astype(np.float64, copy=False)
        rise = flat.take(self.left + 1) - start
        rise *= self.share
        rise += start
        return rise


def between(row: Ints, points: int, x: Floats) -> Between:
    """Readings at fractional points `x` of rows `row`."""
    whole = x.astype(np.int64)
    return Between(left=row * points + whole, share=x - whole)


def devices(cells: Ints, kind: DeviceKind, setting: Setting) -> Ints:
    """(C * units,) numbers of the kind's devices in `cells`, by cell, then unit."""
    units = setting.per_cell[kind.name]
    return (cells[:, None] * units + np.arange(units)).reshape(-1)


def spread(streams: Streams, name: str, numbers: Ints, mean: float, deviation: float) -> Floats:
    """A constant of each device, normal about `mean`."""
    return mean + deviation * streams.normal(f"{name}.constant", numbers)


@dataclass(frozen=True, kw_only=True, eq=False)
class Bench:
    """Adds the noise of one kind's instruments to what they measure."""

    kind: DeviceKind
    streams: Streams
    at: Moments

    def noise(self, channel: str, deviation: float | Floats) -> Floats:
        """(N,) normal noise of the channel, a function of device and time."""
        noise = self.streams.normal(f"{self.kind.name}.{channel}", self.at.device, self.at.ts)
        noise *= deviation
        return noise

    def shown(self, channel: str, value: Floats) -> Floats:
        """(N,) the value held within the channel's range."""
        limits = self.kind.channel[channel]
        return np.clip(value, limits.low, limits.high, out=value)
