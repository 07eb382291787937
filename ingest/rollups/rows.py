"""Buckets to rows of a store."""

import math
from collections.abc import Iterator
from types import SimpleNamespace

import msgspec

from ingest.rollups.reduce import Buckets
from ingest.stores.base import Render, Row, Series, Store
from park.catalogue import DeviceKind
from park.rollup import Step, fields_of, rollup_of
from sectors import SECTOR_OF

_RENDERS = 20_000
"""Of so many series it is remembered how their rows are written, some 1 kB each."""


class BucketRows:
    """Renders buckets; of each device how, is remembered."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._renders: dict[tuple[str, str, str], Render] = {}

    def of(self, kind: DeviceKind, step: Step, buckets: Buckets) -> list[Row]:
        """The rows of a kind's buckets of one length."""
        columns = dict(_columns(kind, buckets))
        seqs = [msgspec.UNSET if seq < 0 else seq for seq in buckets.seq.tolist()]
        rows = []
        for place, (device, site, ts) in enumerate(zip(buckets.device, buckets.site, buckets.ts.tolist(), strict=True)):
            said = {name: column[place] for name, column in columns.items()}
            rows.append(self._render(kind, step, device, site)(SimpleNamespace(**said, ts=ts, seq=seqs[place])))
        return rows

    def _render(self, kind: DeviceKind, step: Step, device: str, site: str) -> Render:
        key = (kind.name + step.suffix, device, site)
        render = self._renders.get(key)
        if render is None:
            rollup = rollup_of(kind, step)
            series = Series(
                measurement=rollup.name,
                tags=(("device", device), ("sector", SECTOR_OF[kind.name].name), ("site", site)),
                fields=rollup.channels,
                has_seq=True,
                rewritten=True,
            )
            if len(self._renders) >= _RENDERS:
                self._renders.clear()
            render = self._renders[key] = self._store.render(series)
        return render


def _columns(kind: DeviceKind, buckets: Buckets) -> Iterator[tuple[str, list[object]]]:
    """Fields and their values; unset where no reading of a bucket has the channel."""
    for channel in kind.channels:
        mask = buckets.present[channel.name].tolist()
        for field in fields_of(channel):
            values = zip(buckets.fields[field.name].tolist(), mask, strict=True)
            yield field.name, [_told(value, there=there) for value, there in values]


def _told(value: object, *, there: bool) -> object:
    """A field as it is stored: a sum beyond all numbers is no number, and would have its neighbours refused."""
    return value if there and not (isinstance(value, float) and not math.isfinite(value)) else msgspec.UNSET
