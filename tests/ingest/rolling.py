"""Readings written as the ingester writes them, and what their rollups must be by plain arithmetic."""

import asyncio
import json
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ingest.deadletter import DeadLetterFile
from ingest.decode import Decoder
from ingest.messages import PlainMessage
from ingest.rollups.touch import Touches
from ingest.status import Status
from ingest.stores.base import Store
from ingest.write import BatchWriter
from park.catalogue import Channel, ValueType
from park.rollup import STEPS, Step, rollup_of, state_field
from sectors import KINDS, SECTOR_OF
from tests.ingest.helpers import T0, new_batch

KIND_NAMES = ("soil_probe", "bus", "pv_inverter")
HOUR_MS = 3_600_000

#: Kind, device, time: channel to value.
Readings = dict[tuple[str, str, int], dict[str, Any]]


def value(channel: Channel, dice: random.Random) -> Any:
    if channel.type is ValueType.BOOL:
        return dice.random() < 0.3
    if channel.type is ValueType.TEXT:
        return dice.choice(channel.texts)
    if channel.type is ValueType.INT:
        return dice.randrange(1000)
    return dice.choice([0.0, dice.uniform(-1e3, 1e3), round(dice.random(), 2), 1e-9 * dice.random()])


def readings(first_ms: int, until_ms: int, seed: int = 1, *, step_ms: int = 47_000) -> Readings:
    """Of two devices of a few kinds, with holes."""
    dice = random.Random(seed)
    found: Readings = {}
    for kind in KIND_NAMES:
        for device in ("d-1", "d-2"):
            for ts in range(first_ms + dice.randrange(step_ms), until_ms, step_ms):
                said = {one.name: value(one, dice) for one in KINDS[kind].channels if dice.random() < 0.9}
                if said and dice.random() < 0.95:
                    found[kind, device, ts] = said
    return found


def site(device: str) -> str:
    return "north" if device == "d-1" else "south"


def messages(found: Readings) -> Iterator[PlainMessage]:
    for (kind, device, ts), said in found.items():
        where = f"park/{SECTOR_OF[kind].name}/{site(device)}/{kind}/{device}/telemetry"
        yield PlainMessage(topic=where, payload=json.dumps({"ts": ts, "seq": ts // 1000, **said}).encode())


class Writer:
    """Writes readings with the ingester's own decoder and writer, and so with its marks."""

    def __init__(self, store: Store, folder: Path, instance: str = "writer") -> None:
        self._decoder = Decoder(store.render)
        self._touches = Touches(store, instance)
        self._store = store
        self._letters = DeadLetterFile(folder / f"{instance}.ndjson")

    async def write(self, found: Readings, *, rows: int = 3000) -> None:
        numbers = self._decoder.context.numbers
        writer = BatchWriter(
            self._store,
            self._letters,
            Status("writer", self._decoder.tally, {}, {}),
            lambda _batch: None,
            marks=lambda hours: self._touches.rows(map(numbers.hour, hours)),
        )
        waiting = list(messages(found))
        for first in range(0, len(waiting), rows):
            batch = new_batch()
            self._decoder.take(waiting[first : first + rows], batch)
            assert not batch.rejections
            writer.submit(batch)
        await writer.drain()


def expected(found: Readings, kind: str, step: Step) -> dict[tuple[str, int], dict[str, Any]]:
    """Of every bucket what its rollup must say; sums as fractions would add them, to be compared with tolerance."""
    groups: dict[tuple[str, int], list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    for (of, device, ts), said in found.items():
        if of == kind:
            groups[device, ts // step.ms * step.ms].append((ts, said))
    return {key: _bucket(kind, sorted(group, key=lambda one: one[0])) for key, group in groups.items()}


def _bucket(kind: str, group: Sequence[tuple[int, dict[str, Any]]]) -> dict[str, Any]:
    bucket: dict[str, Any] = {"seq": group[-1][0] // 1000}
    for channel in KINDS[kind].channels:
        if values := [said[channel.name] for _, said in group if channel.name in said]:
            name = channel.name
            bucket |= {f"{name}_count": len(values), f"{name}_last": values[-1]}
            if channel.type is ValueType.BOOL:
                bucket[f"{name}_true"] = sum(values)
            elif channel.type is ValueType.TEXT:
                bucket |= {f"{name}_{state_field(text)}": values.count(text) for text in channel.texts}
            else:
                bucket |= {f"{name}_sum": sum(values), f"{name}_min": min(values), f"{name}_max": max(values)}
    return bucket


def stored(store: Store, kind: str, step: Step, first: int, until: int) -> dict[tuple[str, int], dict[str, Any]]:
    """The buckets of a window as they are stored."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for chunk in store.scan(rollup_of(KINDS[kind], step), first, until):
        for place in range(len(chunk)):
            assert chunk.site[place] == site(chunk.device[place])
            said = {name: chunk.values[name][place] for name in chunk.values if chunk.present[name][place]}
            found[str(chunk.device[place]), int(chunk.ts[place])] = {"seq": int(chunk.seq[place]), **said}
    return found


def differences(store: Store, found: Readings, windows: Iterable[tuple[str, Step, int, int]]) -> list[str]:
    """What of the stored buckets is not as it must be."""
    wrong: list[str] = []
    whole = {(kind, step): expected(found, kind, step) for kind in KIND_NAMES for step in STEPS}
    for kind, step, first, until in windows:
        must = {key: one for key, one in whole[kind, step].items() if first <= key[1] < until}
        has = stored(store, kind, step, first, until)
        wrong += [f"{kind}{step.suffix} {key}: there, and should not be" for key in has.keys() - must.keys()]
        wrong += [f"{kind}{step.suffix} {key}: missing" for key in must.keys() - has.keys()]
        for key in has.keys() & must.keys():
            wrong += [f"{kind}{step.suffix} {key}: {said}" for said in _compared(must[key], has[key])]
    return wrong


def _compared(must: dict[str, Any], has: dict[str, Any]) -> Iterator[str]:
    if must.keys() != has.keys():
        yield f"fields {sorted(must.keys() ^ has.keys())}"
    for name in must.keys() & has.keys():
        near = name.endswith("_sum") and abs(must[name] - has[name]) <= 1e-9 * max(1.0, abs(must[name]))
        if must[name] != has[name] and not near:
            yield f"{name} is {has[name]!r}, not {must[name]!r}"


def everything(found: Readings) -> list[tuple[str, Step, int, int]]:
    """One window for each kind and step, over all readings."""
    times = [ts for _, _, ts in found]
    first, until = min(times) // HOUR_MS * HOUR_MS, max(times) + 1
    return [(kind, step, first, until) for kind in KIND_NAMES for step in STEPS]


def random_windows(found: Readings, count: int, seed: int) -> list[tuple[str, Step, int, int]]:
    """Windows of any length, that begin and end anywhere."""
    dice = random.Random(seed)
    (_, _, first, until), *_ = everything(found)
    windows = []
    for _ in range(count):
        low, high = sorted(dice.randrange(first, until + 1) for _ in range(2))
        windows.append((dice.choice(KIND_NAMES), dice.choice(STEPS), low, high + 1))
    return windows


def with_store(open_store: Callable[[], Store], work: Callable[[Store], Any]) -> Any:
    """What an asynchronous function of an open store gives."""

    async def main() -> Any:
        store = open_store()
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(main())


async def wrong(store: Store, found: Readings) -> list[str]:
    """What of all rollups of the readings is not as it must be."""
    return await asyncio.to_thread(differences, store, found, everything(found))


async def holds(store: Store, found: Readings, *, deadline: float = 60.0) -> None:
    """Wait until the rollups are those of the readings."""
    end = time.monotonic() + deadline
    while still := await wrong(store, found):
        assert time.monotonic() < end, still[:5]
        await asyncio.sleep(0.2)


BEGIN = T0
