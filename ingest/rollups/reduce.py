"""Readings to buckets: counts, extremes and last readings exactly, sums as float64 adds them.

A reading is a bucket of one, and buckets come together to longer ones, or to the same where their readings came apart.
So an hour's readings need never be held at once.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.stores.base import Chunk
from park.catalogue import Channel, DeviceKind, ValueType
from park.rollup import Step, fields_of, state_field

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

HELD_READINGS = 100_000
"""So many readings wait to come together: some 40 MB."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Buckets:
    """G buckets of devices.

    Attributes:
        device, site: (G,) names, as objects.
        ts: (G,) beginnings, Unix milliseconds; of a single reading its time.
        ends: (G,) times of the last readings.
        seq: (G,) of the last reading; -1 where it has none.
        fields: field to (G,) values; meaningless where its channel is not present.
        present: channel to (G,) mask.
        last: channel to (G,) times of the last readings that have it.
    """

    device: Array
    site: Array
    ts: Ints
    ends: Ints
    seq: Ints
    fields: dict[str, Array]
    present: dict[str, Mask]
    last: dict[str, Ints]

    def __len__(self) -> int:
        return len(self.ts)

    def take(self, which: Mask | slice) -> "Buckets":
        """Some of them."""
        return Buckets(
            device=self.device[which],
            site=self.site[which],
            ts=self.ts[which],
            ends=self.ends[which],
            seq=self.seq[which],
            fields={name: values[which] for name, values in self.fields.items()},
            present={name: mask[which] for name, mask in self.present.items()},
            last={name: times[which] for name, times in self.last.items()},
        )


class Gathering:
    """Readings of a kind as they come, in any order, held as buckets, and as readings until there are many.

    Args:
        kind: of which they are.
        step: how long the buckets are.
        held: so many readings are brought together at once; as many as there are buckets, if those are more.

    Attributes:
        readings: how many there were.
        size: how many buckets those have come to that do not wait any more.
    """

    def __init__(self, kind: DeviceKind, step: Step, *, held: int = HELD_READINGS) -> None:
        self._kind = kind
        self._step = step
        self._held = held
        self._whole: list[Buckets] = []
        self._waiting: list[Buckets] = []
        self._count = 0
        self.readings = 0
        self.size = 0

    def take(self, chunk: Chunk) -> None:
        """More readings."""
        self._waiting.append(singles(self._kind, chunk))
        self.readings += len(chunk)
        self._count += len(chunk)
        if self._count >= max(self._held, self.size):
            self._together()

    def buckets(self) -> Buckets | None:
        """What all come to, those of a device in order of time; None where there were none."""
        if self._waiting:
            self._together()
        return self._whole[0] if self._whole else None

    def _together(self) -> None:
        whole = reduced(self._kind, [*self._whole, *self._waiting], self._step)
        self._whole, self._waiting = [whole], []
        self._count, self.size = 0, len(whole)


def singles(kind: DeviceKind, chunk: Chunk) -> Buckets:
    """Readings as buckets of one each."""
    fields: dict[str, Array] = {}
    for channel in kind.channels:
        fields.update((f"{channel.name}_{end}", values) for end, values in _single(channel, chunk.values[channel.name]))
    names = [channel.name for channel in kind.channels]
    return Buckets(
        device=chunk.device,
        site=chunk.site,
        ts=chunk.ts,
        ends=chunk.ts,
        seq=chunk.seq,
        fields=fields,
        present={name: chunk.present[name] for name in names},
        last=dict.fromkeys(names, chunk.ts),
    )


def _single(channel: Channel, values: Array) -> Iterator[tuple[str, Array]]:
    """What a bucket of one says of a channel, by the end of the field's name."""
    yield "count", np.ones(len(values), dtype=np.int64)
    yield "last", values
    if channel.type is ValueType.BOOL:
        yield "true", values.astype(np.int64)
    elif channel.type is ValueType.TEXT:
        for text in channel.texts:
            yield state_field(text), (values == text).astype(np.int64)
    else:
        yield "sum", values.astype(np.float64)
        yield "min", values
        yield "max", values


#: How a field of several buckets becomes one, by the end of its name; the last is the latest one's, others add up.
_EXTREMES: dict[str, np.ufunc] = {"min": np.minimum, "max": np.maximum}


def reduced(kind: DeviceKind, parts: Sequence[Buckets], step: Step) -> Buckets:
    """Buckets together, as buckets of one length.

    Args:
        kind: of which they are.
        parts: one at least, of buckets of that length or of parts of it, in any order; no reading is in two.
        step: the length.
    """
    devices, of_device = _coded(part.device for part in parts)
    sites, of_site = _coded(part.site for part in parts)
    source = of_device * max(len(sites), 1) + of_site
    slot = _joined(part.ts for part in parts) // step.ms
    ends = _joined(part.ends for part in parts)
    order = np.lexsort((ends, slot, source))
    begins = _begins(source[order], slot[order])
    first, last = order[begins], order[_lasts(begins, len(order))]
    group = np.zeros(len(order), dtype=np.int64)
    group[begins[1:]] = 1
    groups = _Groups(order=order, group=np.cumsum(group), size=len(begins))
    whole = Buckets(
        device=devices[of_device[first]],
        site=sites[of_site[first]],
        ts=slot[first] * step.ms,
        ends=ends[last],
        seq=_joined(part.seq for part in parts)[last],
        fields={},
        present={},
        last={},
    )
    for channel in kind.channels:
        groups.reduce(channel, parts, whole)
    return whole


@dataclass(frozen=True, kw_only=True, eq=False)
class _Groups:
    """Which of N rows come together.

    Attributes:
        order: (N,) places of the rows, those of a group beside one another.
        group: (N,) numbers of their groups, in this order.
        size: how many groups there are.
    """

    order: Ints
    group: Ints
    size: int

    def reduce(self, channel: Channel, parts: Sequence[Buckets], whole: Buckets) -> None:
        """A channel's fields, into `whole`."""
        name = channel.name
        has = _joined(part.present[name] for part in parts)[self.order]
        where, group = self.order[has], self.group[has]
        times = _joined(part.last[name] for part in parts)[where]
        by_time = np.lexsort((times, group))
        where, begins = where[by_time], _begins(group)
        lasts = _lasts(begins, len(group))
        there = np.zeros(self.size, dtype=np.bool_)
        there[group] = True
        whole.present[name] = there
        whole.last[name] = _spread(times[by_time][lasts], there)
        for field in (field.name for field in fields_of(channel)):
            values = _joined(part.fields[field] for part in parts)[where]
            whole.fields[field] = _spread(_together(field.removeprefix(f"{name}_"), values, begins, lasts), there)


def _together(end: str, values: Array, begins: Ints, lasts: Ints) -> Array:
    """What a field comes to in each group."""
    if end == "last" or not len(begins):
        return values[lasts]
    with np.errstate(over="ignore"):  # a sum beyond all numbers, which is then left out
        found: Array = _EXTREMES.get(end, np.add).reduceat(values, begins)
    return found


def _spread(found: Array, there: Mask) -> Array:
    """The values at their groups' places; meaningless elsewhere."""
    whole = np.full(len(there), "", dtype=object) if found.dtype == object else np.zeros(len(there), dtype=found.dtype)
    whole[there] = found
    return whole


def _begins(*keys: Array) -> Ints:
    """Places at which runs of equal keys begin."""
    new = np.ones(len(keys[0]), dtype=np.bool_)
    if len(new):
        new[1:] = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return np.flatnonzero(new)


def _lasts(begins: Ints, size: int) -> Ints:
    """Places at which the runs end."""
    return np.append(begins[1:], size)[: len(begins)] - 1


def _coded(names: Iterable[Array]) -> tuple[Array, Ints]:
    """Distinct names as objects, and of each row which it is. What others have stored without a name is called so."""
    rows = _joined(names).tolist()
    places = {name: place for place, name in enumerate(dict.fromkeys(rows))}
    which = np.fromiter(map(places.__getitem__, rows), np.int64, len(rows))
    return np.array([str(name) for name in places], dtype=object), which


def _joined(arrays: Iterable[Array]) -> Array:
    found = list(arrays)
    return found[0] if len(found) == 1 else np.concatenate(found)
