"""From state to reading: what every instrument adds to what it measures."""

from dataclasses import dataclass

import numpy as np

from park.catalogue import DeviceKind
from park.model import Floats, Ints, Moments, Streams


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
