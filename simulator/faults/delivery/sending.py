"""What a gateway sends in a window of its schedule: readings as they are taken, or as their delivery faults have it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

import numpy as np

from simulator.dispatch import Encoder, Part, Window
from simulator.faults.delivery.classes import Form
from simulator.faults.delivery.delivered import Delivered
from simulator.faults.delivery.fates import Messages
from simulator.faults.delivery.outbox import NEVER_MS
from simulator.faults.delivery.spoil import spoilt
from simulator.observed import Readings

#: Spoilt payloads of one part: the longest makes the width of all.
_SPOILT_AT_ONCE = 16


class Sending(Protocol):
    """The messages of a gateway's readings."""

    @property
    def holds_back(self) -> bool:
        """Whether something may be left at the end of the schedule, which `rest` then asks for."""

    def parts(self, window: Window) -> list[Part]:
        """What is to be sent in a window, encoded."""

    def count(self, window: Window) -> int:
        """How many messages that is."""


def rest_of(until_ms: int) -> Window:
    """The window that stands for what is still held back at the end of a schedule."""
    return until_ms, NEVER_MS


def sending_of(readings: Readings, encoder: Encoder, begin_ms: int) -> Sending:
    """The messages of readings from `begin_ms` on."""
    if isinstance(readings, Delivered):
        return Unreliable(readings, encoder, begin_ms)
    return Punctual(readings, encoder)


class Punctual:
    """Each reading is sent when it is taken."""

    holds_back = False

    def __init__(self, readings: Readings, encoder: Encoder) -> None:
        self._readings, self._encoder = readings, encoder

    def parts(self, window: Window) -> list[Part]:
        """What is to be sent in a window, encoded."""
        return [self._encoder.part(columns) for columns in self._readings.columns(*window)]

    def count(self, window: Window) -> int:
        """How many messages that is."""
        return self._readings.count(*window)


class Unreliable:
    """Readings are sent late, twice, wrongly or never, as their faults have it."""

    def __init__(self, readings: Delivered, encoder: Encoder, begin_ms: int) -> None:
        self._readings, self._encoder, self._begin_ms = readings, encoder, begin_ms
        self._outbox = readings.outbox(begin_ms)

    @property
    def holds_back(self) -> bool:
        """Whether something may be left at the end of the schedule."""
        return self._outbox.delays

    def parts(self, window: Window) -> list[Part]:
        """What is to be sent in a window, encoded; what is spoilt is in parts of its own."""
        start_ms, until_ms = window
        of_kinds = self._outbox.rest(start_ms) if until_ms == NEVER_MS else self._outbox.messages(start_ms, until_ms)
        return [part for messages in of_kinds for part in _encoded(messages, self._encoder)]

    def count(self, window: Window) -> int:
        """How many messages that is."""
        outbox = self._readings.slots_outbox(self._begin_ms)
        start_ms, until_ms = window
        if until_ms == NEVER_MS:
            return sum(map(len, outbox.rest(start_ms)))
        cuts = self._readings.windows(start_ms, until_ms)
        return sum(len(messages) for cut in cuts for messages in outbox.messages(*cut))


def _encoded(messages: Messages, encoder: Encoder) -> Iterator[Part]:
    sound = messages.form == Form.SOUND
    if sound.any():
        yield encoded(messages if sound.all() else messages.take(sound), encoder)
    spoiled = np.flatnonzero(~sound)
    for first in range(0, len(spoiled), _SPOILT_AT_ONCE):
        some = messages.take(spoiled[first : first + _SPOILT_AT_ONCE])
        part = encoded(some, encoder)
        payloads = [
            spoilt(cells[keep].tobytes(), Form(form), encoder.content_type)[0]
            for cells, keep, form in zip(part.payload, part.keep, some.form.tolist(), strict=True)
        ]
        yield _with_payloads(part, payloads)


def encoded(messages: Messages, encoder: Encoder) -> Part:
    """Messages with sound payloads, due when they are delivered."""
    return replace(encoder.part(messages.columns), ts=messages.due_ms)


def _with_payloads(part: Part, payloads: list[bytes]) -> Part:
    width = max(map(len, payloads))
    padded = b"".join(payload.ljust(width) for payload in payloads)
    cells = np.frombuffer(padded, dtype=np.uint8).reshape(len(payloads), width)
    keep = np.arange(width) < np.array([len(payload) for payload in payloads])[:, None]
    return replace(part, payload=cells, keep=keep)
