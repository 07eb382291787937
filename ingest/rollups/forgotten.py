"""Hours whose readings were deleted for their age: what their rollups counted is not to be had again.

Who deletes readings leaves a mark of the moment, before it does. From then on a bucket of before that moment is
replaced only by one that counts no less of any channel: a reading that comes late for a forgotten hour does not make
the hour anew of itself alone, while a replay of all of it, or a backfill of one that had none, is rolled up as ever.
"""

from collections.abc import Iterable

import numpy as np

from ingest.rollups.reduce import Buckets, Mask
from ingest.stores.base import Chunk, Measurement, Store
from park.catalogue import Channel, DeviceKind
from park.codecs.json.read import LATEST_MS
from park.rollup import Rollup, Step, mark_of, rollup_of

_MARK = mark_of("forgotten")


def forgotten_until(store: Store) -> int:
    """Before which moment readings are deleted; 0 if none are.

    Raises:
        StoreError: the store does not answer.
    """
    marks = (chunk.values["forgotten"][chunk.present["forgotten"]] for chunk in store.scan(_MARK, 0, LATEST_MS))
    return max((int(times.max()) for times in marks if len(times)), default=0)


def not_less(kind: DeviceKind, step: Step, buckets: Buckets, store: Store, until_ms: int) -> Buckets:
    """The buckets without those of before a moment of which more is stored.

    Raises:
        StoreError: the store does not answer.
    """
    first, last = int(buckets.ts.min()), int(buckets.ts.max())
    if first >= until_ms:
        return buckets
    stored = store.scan(_counts(kind, step), first, min(last + 1, until_ms))
    return buckets.take(_no_less(kind.channels, buckets, stored))


def _no_less(channels: Iterable[Channel], buckets: Buckets, stored: Iterable[Chunk]) -> Mask:
    """Which of the buckets count no less of every channel than what is stored."""
    places = {
        key: place for place, key in enumerate(zip(buckets.device, buckets.site, buckets.ts.tolist(), strict=True))
    }
    kept = np.ones(len(buckets), dtype=np.bool_)
    for chunk in stored:
        keys = zip(chunk.device, chunk.site, chunk.ts.tolist(), strict=True)
        found = [(place, row) for row, key in enumerate(keys) if (place := places.get(key)) is not None]
        if not found:
            continue
        ours, theirs = (np.array(side) for side in zip(*found, strict=True))
        for channel in channels:
            name = f"{channel.name}_count"
            new = np.where(buckets.present[channel.name], buckets.fields[name], 0)[ours]
            old = np.where(chunk.present[name], chunk.values[name], 0)[theirs]
            kept[ours] &= new >= old
    return kept


def _counts(kind: DeviceKind, step: Step) -> Measurement:
    """The stored buckets, as far as they count."""
    whole = rollup_of(kind, step)
    counts = tuple(field for field in whole.channels if field.name.endswith("_count"))
    return Rollup(name=whole.name, channels=counts)
