"""Readings to buckets: counts, extremes and last readings exactly, sums as float64 adds them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.stores.base import Chunk
from park.catalogue import Channel, DeviceKind, ValueType
from park.rollup import Step, state_field

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Buckets:
    """G buckets of devices.

    Attributes:
        device, site: (G,) names, as objects.
        ts: (G,) beginnings, Unix milliseconds.
        seq: (G,) of the last reading; -1 where it has none.
        fields: field to (G,) values; meaningless where not present.
        present: field to (G,) mask.
    """

    device: Array
    site: Array
    ts: Ints
    seq: Ints
    fields: dict[str, Array]
    present: dict[str, Array]

    def __len__(self) -> int:
        return len(self.ts)


class Readings:
    """N readings of a kind, in order of device and time.

    Args:
        kind: of which they are.
        chunks: as a store's scan gives them, one at least.
    """

    def __init__(self, kind: DeviceKind, chunks: Sequence[Chunk]) -> None:
        self._kind = kind
        device = np.concatenate([chunk.device for chunk in chunks])
        site = np.concatenate([chunk.site for chunk in chunks])
        ts = np.concatenate([chunk.ts for chunk in chunks])
        devices, of_device = np.unique(device.astype(str), return_inverse=True)
        sites, of_site = np.unique(site.astype(str), return_inverse=True)
        source = of_device * len(sites) + of_site
        order = np.lexsort((ts, source))
        self._source, self._ts = source[order], ts[order]
        self._devices, self._sites = devices.astype(object), sites.astype(object)
        self._seq = np.concatenate([chunk.seq for chunk in chunks])[order]
        names = [channel.name for channel in kind.channels]
        self._values = {name: np.concatenate([chunk.values[name] for chunk in chunks])[order] for name in names}
        self._present = {name: np.concatenate([chunk.present[name] for chunk in chunks])[order] for name in names}

    def buckets(self, step: Step) -> Buckets:
        """What they come to."""
        slot = self._ts // step.ms
        begins = np.ones(len(slot), dtype=np.bool_)
        begins[1:] = (self._source[1:] != self._source[:-1]) | (slot[1:] != slot[:-1])
        group = np.cumsum(begins) - 1
        first = np.flatnonzero(begins)
        last = np.append(first[1:], len(slot)) - 1
        source = self._source[first]
        fields: dict[str, Array] = {}
        present: dict[str, Array] = {}
        for channel in self._kind.channels:
            here = self._present[channel.name]
            for name, values, mask in _fields(channel, self._values[channel.name][here], group[here], len(first)):
                fields[name], present[name] = values, mask
        return Buckets(
            device=self._devices[source // len(self._sites)],
            site=self._sites[source % len(self._sites)],
            ts=slot[first] * step.ms,
            seq=self._seq[last],
            fields=fields,
            present=present,
        )


def _fields(channel: Channel, values: Array, group: Ints, size: int) -> Iterator[tuple[str, Array, Array]]:
    """A channel's fields: their names, (size,) values, and which of them are there.

    Args:
        channel: which.
        values: (M,) its readings, in order of their groups and of time.
        group: (M,) to which of `size` buckets each belongs.
        size: how many there are.
    """
    count = np.bincount(group, minlength=size)
    there = count > 0
    ends = np.cumsum(count)[there] - 1

    def spread(found: Array) -> Array:
        whole = np.zeros(size, dtype=found.dtype) if found.dtype != object else np.full(size, "", dtype=object)
        whole[there] = found
        return whole

    name = channel.name
    yield f"{name}_count", count, there
    yield f"{name}_last", spread(values[ends]), there
    if channel.type is ValueType.BOOL:
        yield f"{name}_true", np.bincount(group[values], minlength=size), there
    elif channel.type is ValueType.TEXT:
        for text in channel.texts:
            yield f"{name}_{state_field(text)}", np.bincount(group[values == text], minlength=size), there
    else:
        begins = ends - count[there] + 1
        yield f"{name}_sum", np.bincount(group, weights=values, minlength=size), there
        yield f"{name}_min", spread(_reduced(np.minimum.reduceat, values, begins)), there
        yield f"{name}_max", spread(_reduced(np.maximum.reduceat, values, begins)), there


def _reduced(reduce: Callable[[Array, Ints], Array], values: Array, begins: Ints) -> Array:
    """What each group comes to; no groups have no values."""
    return reduce(values, begins) if len(begins) else values
