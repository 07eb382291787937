"""From state to reading: what every instrument adds to what it measures."""

from dataclasses import dataclass

import numpy as np

from park.catalogue import DeviceKind
from park.model import Floats, Moments, Observation, Streams


@dataclass(frozen=True, kw_only=True, eq=False)
class Bench:
    """The noise and the limits of one kind's instruments."""

    kind: DeviceKind
    streams: Streams
    at: Moments

    def noisy(self, channel: str, value: Floats, deviation: float) -> Floats:
        """(N,) the value with normal noise, a function of device and time."""
        return np.asarray(
            value + deviation * self.streams.normal(f"{self.kind.name}.{channel}", self.at.device, self.at.ts)
        )

    def shown(self, seen: Observation) -> Observation:
        """Floats held within their channels' ranges; NaN stays."""
        return {
            name: np.clip(values, self.kind.channel[name].low, self.kind.channel[name].high)
            if values.dtype.kind == "f"
            else values
            for name, values in seen.items()
        }
