"""A made-up town: every channel of the catalogue and of the pipeline, with smooth daily courses; and commands."""

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import numpy as np

from park.catalogue import Behaviour, Channel, ValueType
from park.command import Refusal, State
from park.event import TWIN
from park.pipeline import PIPELINE
from sectors import EVENTS, KINDS, SECTOR_OF

DAY_MS = 86_400_000
SITES = ("north", "south")

Value = float | int | bool | str


@dataclass(frozen=True, kw_only=True)
class Row:
    measurement: str
    tags: dict[str, str]
    ts: int
    values: dict[str, Value]


def rows(start: int, until: int, *, step_ms: int = 60_000, devices: int = 3) -> Iterator[Row]:
    """What every device and the pipeline would have stored in [start, until)."""
    for name, kind in KINDS.items():
        for number in range(devices):
            tags = {
                "device": kind.device(number + 1),
                "sector": SECTOR_OF[name].name,
                "site": SITES[number % len(SITES)],
            }
            phase = (number * 7919) % step_ms
            yield from _source(name, kind.channels, tags, number, range(start + phase, until, step_ms))
    for name, own in PIPELINE.items():
        for number, site in enumerate(SITES):
            tags = {"instance": f"{own.title.lower()}-{number}", "site": site}
            tags = {tag: tags[tag] for tag in own.tags}
            yield from _source(name, own.fields, tags, number, range(start + number, until, min(step_ms, 10_000)))
    yield from _commands(start, until)
    yield from _twins(start, until, step_ms)


def _commands(start: int, until: int) -> Iterator[Row]:
    """States of commands, each for every reason that there is, every two seconds."""
    refusals = {reason for kind in KINDS.values() for action in kind.actions for reason in action.refuses}
    reasons = sorted({*refusals, *(one.value for one in Refusal)})
    states = [*(one.value for one in State if one is not State.REJECTED), *[State.REJECTED.value] * len(reasons)]
    for i, ts in enumerate(range(start - start % 2000, until, 2000)):
        state, reason = states[i % len(states)], reasons[i % len(reasons)]
        values: dict[str, Value] = {"state": state, "issued": ts - i % 977, "delay": i % 977, "id": f"c{i}"}
        if state == State.REJECTED.value:
            values["reason"] = reason
        tags = {"device": f"lamp-{i % 5}", "sector": f"sector-{i % 2}", "site": SITES[i % 2], "type": "command"}
        if ts >= start:
            yield Row(measurement="park_command", tags=tags, ts=ts, values=values)


def _twins(start: int, until: int, step_ms: int) -> Iterator[Row]:
    for number in range(3):
        tags = {"device": f"meter-{number}", "sector": "sector-0", "site": SITES[number % 2], "type": "twin"}
        for row in _source("park_twin", TWIN.channels, tags, number, range(start + number, until, step_ms)):
            yield dataclasses.replace(row, values={**row.values, "id": "1", "phase": "state"})


def _source(name: str, channels: tuple[Channel, ...], tags: dict[str, str], number: int, times: range) -> Iterator[Row]:
    for ts in times:
        values = {channel.name: value(channel, ts, number + i) for i, channel in enumerate(channels)}
        yield Row(measurement=name, tags=tags, ts=ts, values=values)


def value(channel: Channel, ts: int, number: int) -> Value:
    """A day's wave through the channel's range, or a state that changes every half hour."""
    if channel.type is ValueType.BOOL:
        return (ts // 1_800_000 + number) % 2 == 0
    if channel.texts:
        return channel.texts[(ts // 1_800_000 + number) % len(channel.texts)]
    if channel.behaviour is Behaviour.REGISTER:
        count = 100.0 * number + (ts % (100 * DAY_MS)) / 6_000 * (1 + number)
    else:
        wave = 0.5 - 0.4 * math.cos(2 * math.pi * (ts / DAY_MS + number / 10))
        count = channel.low + (min(channel.high, 1e4) - channel.low) * wave
    return int(count) if channel.type is ValueType.INT else round(count, channel.decimals)


def lines(town: Iterator[Row]) -> bytes:
    """The rows as line protocol with timestamps in ms."""
    return "\n".join(_line(row) for row in town).encode()


def _line(row: Row) -> str:
    tags = "".join(f",{name}={value}" for name, value in row.tags.items())
    fields = [f"{name}={_field(row.measurement, name, value)}" for name, value in row.values.items()]
    seq = [f"seq={row.ts // 1000}i"] if row.measurement in KINDS else []
    return f"{row.measurement}{tags} {','.join(fields + seq)} {row.ts}"


def _field(measurement: str, name: str, value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    # The contract: numeric channels of devices are stored as floats whatever their JSON form.
    return f'"{value}"' if isinstance(value, str) else repr(float(value))


def _channels(name: str) -> tuple[Channel, ...]:
    if name in KINDS:
        return KINDS[name].channels
    return PIPELINE[name].fields if name in PIPELINE else EVENTS.logs[name].channels


def fill(connection: duckdb.DuckDBPyConnection, town: Iterator[Row]) -> None:
    """The rows as the DuckDB store keeps them: a table per measurement."""
    types = {ValueType.FLOAT: "DOUBLE", ValueType.INT: "BIGINT", ValueType.BOOL: "BOOLEAN", ValueType.TEXT: "VARCHAR"}
    by_name: dict[str, list[Row]] = {}
    for row in town:
        by_name.setdefault(row.measurement, []).append(row)
    for name, found in by_name.items():
        channels = _channels(name)
        tags = list(found[0].tags)
        columns = [f'"{tag}" VARCHAR' for tag in tags] + ["ts BIGINT", "seq BIGINT"]
        columns += [f'"{channel.name}" {types[channel.type]}' for channel in channels]
        connection.execute(f'CREATE TABLE "{name}" ({", ".join(columns)})')
        batch = {tag: np.array([row.tags[tag] for row in found], dtype=object) for tag in tags}
        batch |= {"ts": np.array([row.ts for row in found]), "seq": np.array([row.ts // 1000 for row in found])}
        for channel in channels:
            batch[channel.name] = np.array([row.values.get(channel.name) for row in found], dtype=object)
        connection.register("batch", batch)
        connection.execute(f'INSERT INTO "{name}" SELECT * FROM batch')
        connection.unregister("batch")
