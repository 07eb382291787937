"""Seeded messages that are wrong in every way one can think of, among some that are right."""

import asyncio
import json
import math
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.decode import Decoder
from ingest.messages import PlainMessage
from ingest.stores.duckdb.url import DuckdbUrl
from ingest.stores.duckdb.write import DuckdbStore
from ingest.stores.influxdb.line import line_renderer
from park.catalogue import DeviceKind, ValueType
from sectors import EVENTS, KINDS, SECTOR_OF
from tests.ingest.helpers import new_batch
from tests.ingest.line_protocol import parse_line

_ROWS_A_WRITE = 5000
T0 = 1_767_225_600_000
_ODD: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 1e308, -1e-308, 5e-324, 2**53 + 1, 2**63, -(2**63), 10**400),
    *("", "a", "x" * 33, 'q"uote', "new\nline", "a b", "é", "\x00", "\ud800", "=,\\"),
    *([], [1], {}, {"a": 1}, math.nan, math.inf),
]
_SEGMENTS = ["", "+", "#", "$share", "UPPER", "a b", "a,b=c", "é", "x" * 300, "telemetry", "..", "\x00", "-", "a\nb"]
_CONTENT_TYPES = [*([None] * 40), "application/json", "text/csv", "", "application/json; charset=utf-8"]


class Fuzzer:
    """Messages as a function of the seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._kinds = sorted(KINDS.values(), key=lambda kind: kind.name)
        self._bend: list[Callable[[dict[str, Any]], bytes]] = [
            self._right,
            self._odd_value,
            self._odd_key,
            self._twice,
            self._damaged,
            self._cut,
            self._noise,
            self._nested,
            self._odd_json,
            self._state,
            self._event,
            self._event,
        ]

    def messages(self, count: int) -> Iterator[PlainMessage]:
        """So many messages."""
        for _ in range(count):
            kind = self._random.choice(self._kinds)
            payload = self._random.choice(self._bend)(self._values(kind))
            yield PlainMessage(
                topic=self._topic(kind), payload=payload, content_type=self._random.choice(_CONTENT_TYPES)
            )

    def _values(self, kind: DeviceKind) -> dict[str, Any]:
        pick = self._random
        make: dict[ValueType, Callable[[], Any]] = {
            ValueType.FLOAT: lambda: pick.choice(
                [pick.uniform(-1e3, 1e3), pick.randrange(-5, 5), pick.uniform(0, 1e-9)]
            ),
            ValueType.INT: lambda: pick.randrange(-(2**40), 2**40),
            ValueType.BOOL: lambda: pick.random() < 0.5,
            ValueType.TEXT: lambda: pick.choice(["open", "A-1.b_c", "x"]),
        }
        channels = [channel for channel in kind.channels if pick.random() < 0.8]
        values = {channel.name: make[channel.type]() for channel in channels}
        return {"ts": T0 + pick.randrange(10**9), "seq": pick.randrange(10**6), **values}

    def _topic(self, kind: DeviceKind) -> str:
        pick = self._random
        device = f"{kind.name.replace('_', '-')}-{pick.randrange(200):06d}"
        parts = ["park", SECTOR_OF[kind.name].name, "north", kind.name, device, "telemetry"]
        chance = pick.random()
        if chance < 0.05:
            parts[pick.randrange(len(parts))] = pick.choice(_SEGMENTS)
        elif chance < 0.07:
            parts.insert(pick.randrange(len(parts)), pick.choice(_SEGMENTS))
        elif chance < 0.15:
            site, shard = pick.choice(["north", "north", "x y", ""]), pick.choice(["0", "0", "x", "-1"])
            return f"park/gateways/{site}/{shard}/{pick.choice(['state', 'stats', 'other'])}"
        elif chance < 0.25:
            parts[-1] = "event"
        return "/".join(parts)

    def _right(self, values: dict[str, Any]) -> bytes:
        return json.dumps(values, separators=self._random.choice([None, (",", ":")])).encode()

    def _odd_value(self, values: dict[str, Any]) -> bytes:
        return _text({**values, self._random.choice(list(values)): self._random.choice(_ODD)})

    def _odd_key(self, values: dict[str, Any]) -> bytes:
        value = values.pop(self._random.choice(list(values)))
        return _text({**values, self._random.choice(["", "TS", "device", "a b", "time", "seq\n", "é"]): value})

    def _twice(self, values: dict[str, Any]) -> bytes:
        name = self._random.choice(list(values))
        return self._right(values)[:-1] + f",{json.dumps(name)}:{json.dumps(self._random.choice(_ODD[:13]))}}}".encode()

    def _damaged(self, values: dict[str, Any]) -> bytes:
        data = bytearray(self._right(values))
        for _ in range(self._random.randrange(1, 4)):
            data[self._random.randrange(len(data))] = self._random.randrange(256)
        return bytes(data)

    def _cut(self, values: dict[str, Any]) -> bytes:
        data = self._right(values)
        return data[: self._random.randrange(len(data))] + self._random.choice([b"", b"}", b'"}', b"\x00"])

    def _noise(self, _values: dict[str, Any]) -> bytes:
        return self._random.randbytes(self._random.randrange(200))

    def _nested(self, _values: dict[str, Any]) -> bytes:
        depth = self._random.choice([1, 10, 3000])
        return self._random.choice([b"[" * depth, b'{"ts":' * depth, b"[" * depth + b"]" * depth])

    def _odd_json(self, _values: dict[str, Any]) -> bytes:
        return self._random.choice([b"", b"null", b"[]", b"42", b'"text"', b"{}", b"\xef\xbb\xbf{}", b" " * 70_000])

    def _state(self, values: dict[str, Any]) -> bytes:
        state = self._random.choice(["online", "offline", "stopped", "asleep", 1])
        return _text({"state": state, "ts": values["ts"], "devices": self._random.choice([3, -1, "x"])})

    def _event(self, values: dict[str, Any]) -> bytes:
        pick = self._random
        name = pick.choice([*EVENTS.types, *EVENTS.types, "eclipse", "", "place\n"])
        told = {"ts": values["ts"], "id": pick.choice(["7", "a-1.b_c", "x\n", "", "x" * 65]), "type": name}
        told |= {"phase": pick.choice(["begin", "end", "state", "state", "middle"])}
        channels = [channel.name for channel in EVENTS.types[name].channels] if name in EVENTS.types else ["depth"]
        return _text(told | {channel: pick.choice([0.5, 31, -1.25, *_ODD[:3]]) for channel in channels})


def _text(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


@dataclass(kw_only=True)
class Outcome:
    """What became of fuzzed messages: rows, gateways' states, or rejections by their reason."""

    rows: list[bytes] = field(default_factory=list)
    stored: int = 0
    states: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


def fuzz(count: int, *, seed: int, keep: int = 0) -> Outcome:
    """Decode so many messages; every one must end in exactly one outcome, and every row be sound.

    Args:
        count: how many.
        seed: of the messages.
        keep: how many rows to hand back.
    """
    decoder, outcome = Decoder(line_renderer), Outcome()
    for message in Fuzzer(seed).messages(count):
        batch = new_batch()
        decoder.take([message], batch)
        assert len(batch.rows) + len(batch.rejections) + batch.states == 1, message
        for row in batch.rows:
            _check(message, row)
            outcome.stored += 1
            if len(outcome.rows) < keep:
                outcome.rows.append(row)
        for rejection in batch.rejections:
            assert (rejection.topic, rejection.payload) == (message.topic, message.payload)
            outcome.reasons[rejection.reason.value] += 1
        outcome.states += batch.states
    return outcome


def fuzz_into(path: Path, count: int, *, seed: int) -> Outcome:
    """The same, with rows in DuckDB's form, which are written to a file; what it then holds must be what was said.

    Args:
        path: of a file that is not there yet.
        count: how many messages.
        seed: of the messages.
    """
    return asyncio.run(_fuzz_into(path, count, seed))


async def _fuzz_into(path: Path, count: int, seed: int) -> Outcome:
    store = DuckdbStore(DuckdbUrl(path=path))
    decoder, outcome = Decoder(store.render), Outcome()
    wanted: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}
    rows: list[Any] = []
    for message in Fuzzer(seed).messages(count):
        batch = new_batch()
        decoder.take([message], batch)
        assert len(batch.rows) + len(batch.rejections) + batch.states == 1, message
        outcome.stored += len(batch.rows)
        outcome.states += batch.states
        outcome.reasons.update(rejection.reason.value for rejection in batch.rejections)
        if batch.rows and not message.topic.startswith("park/gateways/"):
            measurement, key, values = _told(message)
            wanted.setdefault(measurement, {})[key] = values
        rows += batch.rows
        if len(rows) >= _ROWS_A_WRITE:
            await store.write(rows)
            rows = []
    if rows:
        await store.write(rows)
    for measurement, told in wanted.items():
        _check_table(store, measurement, told)
    await store.close()
    return outcome


def _told(message: PlainMessage) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """Measurement, key (device, sector, site, further tags, time) and values of a message, by Python's own JSON."""
    _, sector, site, kind, device, leaf = message.topic.split("/")
    payload = json.loads(message.payload)
    tags: tuple[str, ...] = (device, sector, site)
    channels = KINDS[kind].channel
    measurement = kind
    if leaf == "event":
        event = EVENTS.types[payload.pop("type")]
        channels = {channel.name: channel for channel in event.channels}
        measurement, tags = event.log.value, (*tags, event.name)
    key = (*tags, payload.pop("ts"))
    floats = {name for name in payload if name in channels and channels[name].type is ValueType.FLOAT}
    return measurement, key, {name: float(value) if name in floats else value for name, value in payload.items()}


def _check_table(store: DuckdbStore, measurement: str, told: dict[tuple[Any, ...], dict[str, Any]]) -> None:
    """The table holds the last message of each key, and nothing else."""
    cursor = store.connection.cursor().execute(f'SELECT * FROM "{measurement}"')
    names = [str(column[0]) for column in cursor.description or ()]
    tags = ["device", "sector", "site", *(["type"] if measurement in EVENTS.logs else []), "ts"]
    found = {}
    for row in cursor.fetchall():
        values = dict(zip(names, row, strict=True))
        key = tuple(values.pop(tag) for tag in tags)
        found[key] = {name: value for name, value in values.items() if value is not None}
    assert found == told, measurement


def _check(message: PlainMessage, row: bytes) -> None:
    """One whole line; its measurement and tags are the topic's and its values the payload's."""
    assert row.endswith(b"\n"), message
    assert row.count(b"\n") == 1, message
    point = parse_line(row)
    if message.topic.startswith("park/gateways/"):
        return
    _, sector, site, kind, device, leaf = message.topic.split("/")
    payload = json.loads(message.payload)
    tags = (("device", device), ("sector", sector), ("site", site))
    channels = KINDS[kind].channel
    if leaf == "event":
        event = EVENTS.types[payload.pop("type")]
        assert (point.measurement, point.tags) == (event.log.value, (*tags, ("type", event.name)))
        channels = {channel.name: channel for channel in event.channels}
    else:
        assert (point.measurement, point.tags) == (kind, tags)
    assert point.time == payload.pop("ts")
    floats = {name for name in payload if name in channels and channels[name].type is ValueType.FLOAT}
    wanted = {name: float(value) if name in floats else value for name, value in payload.items()}
    assert point.fields == wanted, message
