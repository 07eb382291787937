"""From state to reading: what every instrument adds to what it measures."""

from dataclasses import dataclass

import numpy as np

from park.catalogue import DeviceKind
from park.grid import devices
from park.model import Floats, Ints, Moments, Setting, Streams


def constant(setting: Setting, kind: DeviceKind, cells: Ints, name: str, deviation: float) -> Floats:
    """(C * per_cell,) a constant of each device of a kind, normal about zero."""
    numbers = devices(cells, setting.per_cell[kind.name]).reshape(-1)
    return deviation * setting.streams.normal(f"{kind.name}.{name}.constant", numbers)


@dataclass(frozen=True, kw_only=True, eq=False)
class Bench:
    """The noise and the limits of one kind's instruments."""

    kind: DeviceKind
    streams: Streams
    at: Moments

    def noise(self, channel: str, deviation: float | Floats) -> Floats:
        """(N,) normal noise of the channel, a function of device and time."""
        noise = self.streams.normal(f"{self.kind.name}.{channel}", self.at.device, self.at.ts)
        noise *= deviation
        return noise

    def shown(self, channel: str, value: Floats) -> Floats:
        """(N,) the value held within the channel's range; NaN stays."""
        limits = self.kind.channel[channel]
        return np.clip(value, limits.low, limits.high)

    def noisy(self, channel: str, value: Floats, deviation: float | Floats) -> Floats:
        """(N,) both."""
        return self.shown(channel, value + self.noise(channel, deviation))
