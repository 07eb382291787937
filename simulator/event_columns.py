"""N events as whole-number columns: what `simulator.events` tells and the renderers write."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from park.catalogue import Channel, DeviceKind, ValueType
from park.event import EventType, Phase
from park.model import Ints

#: (N,) whole numbers, or texts.
Column: TypeAlias = Ints | npt.NDArray[np.bytes_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """N events of one kind of device, of one type and phase, as whole-number columns in order of (ts, device).

    Attributes:
        device: (N,) number of the device in its kind, from 0.
        ts: (N,) Unix milliseconds.
        id: (N,) what the phases of one happening have in common.
        values: channel to (N,) whole numbers k, as those of `park.columns.Columns`; of a text channel (N,) texts.
    """

    kind: DeviceKind
    type: EventType
    phase: Phase
    device: Ints
    ts: Ints
    id: Column
    values: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.ts)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels that these events carry, in their type's order."""
        return tuple(channel for channel in self.type.channels if channel.name in self.values)

    def cut(self, first: int, last: int) -> "Told":
        """Events first..last."""
        rows = slice(first, last)
        return replace(
            self,
            device=self.device[rows],
            ts=self.ts[rows],
            id=self.id[rows],
            values={name: column[rows] for name, column in self.values.items()},
        )

    def row(self, row: int) -> dict[str, float | int | str]:
        """The values of one event, as they are stored."""
        return {channel.name: _stored(channel, self.values[channel.name][row]) for channel in self.channels}

    def ids(self) -> list[str]:
        """(N,) the ids as text."""
        return [one.decode() if isinstance(one, bytes) else str(one) for one in self.id.tolist()]


class Tells(Protocol):
    """What devices tell between their readings; see `simulator.events.Events`."""

    def since(self, start_ms: int) -> int:
        """From where a window that begins at `start_ms` is told."""

    def told(self, start_ms: int, until_ms: int) -> list[Told]:
        """The events with start <= ts < until."""

    def commanded(self, start_ms: int, until_ms: int) -> list[Told]:
        """What became of commands, with start <= ts < until."""


def _stored(channel: Channel, value: np.int64 | np.bytes_) -> float | int | str:
    if channel.type is ValueType.TEXT:
        return bytes(value).decode()
    return int(value) if channel.type is ValueType.INT else int(value) / channel.scale
