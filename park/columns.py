"""N readings of one kind as whole-number columns: what generators make and codecs write."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from park.catalogue import Channel, DeviceKind, ValueType
from park.model import Bools, Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Columns:
    """N readings of one kind.

    Attributes:
        device: (N,) number of the device in its kind, from 0.
        ts: (N,) Unix milliseconds.
        seq: (N,) slot since commissioning.
        values: channel to (N,) whole numbers k: the value is k / 10^decimals for a float, k for an int,
            0 or 1 for a bool, an index into `texts` for a text.
        present: channel to (N,) mask; a channel that is not a key is always present.
    """

    kind: DeviceKind
    device: Ints
    ts: Ints
    seq: Ints
    values: Mapping[str, Ints]
    present: Mapping[str, Bools]

    def __len__(self) -> int:
        return len(self.ts)

    def take(self, rows: Ints | Bools) -> "Columns":
        """These rows, in this order."""
        return Columns(
            kind=self.kind,
            device=self.device[rows],
            ts=self.ts[rows],
            seq=self.seq[rows],
            values={name: column[rows] for name, column in self.values.items()},
            present={name: mask[rows] for name, mask in self.present.items()},
        )

    def floats(self, channel: Channel) -> npt.NDArray[np.float64]:
        """A float channel's values, exactly those that a parser reads from the published text."""
        return self.values[channel.name] / float(channel.scale)


def quantise(channel: Channel, observed: npt.NDArray[np.generic]) -> tuple[Ints, Bools | None]:
    """Observed values as whole numbers k, and the mask of those present (None: all).

    A float becomes k = rint(x 10^d); NaN is "not measured".
    """
    if channel.type is not ValueType.FLOAT:
        return observed.astype(np.int64), None
    scaled = np.rint(observed.astype(np.float64, copy=False) * channel.scale)
    missing = np.isnan(scaled)
    if not missing.any():
        return scaled.astype(np.int64), None
    return np.where(missing, 0.0, scaled).astype(np.int64), ~missing
