"""What many devices have sent, and what the broker has answered, as arrays: no timer and no object for each.

The messages of a device are in one order, by their *marks*: the time of a message, and at one time its events before
its reading. MQTT has the broker answer in the order in which it was sent to, so one mark says how far a device is.
"""

import math
from array import array
from collections import deque
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from park.model import Bools, Floats, Ints
from sectors import EVENTS

MARKS = 256
"""Marks in a millisecond."""
READING = MARKS - 1
RANK = {name: rank for rank, name in enumerate(sorted(EVENTS.types))}
"""Of an event's type, among the marks of a millisecond."""
assert len(RANK) < READING

WINDOW = 32
"""Messages that a device may have in flight."""
IDS = 32_768
"""Packet ids 1 to so many are those of readings and events; a multiple of the window."""


_Time = TypeVar("_Time", int, Ints)


def before(ts_ms: _Time) -> _Time:
    """The mark behind which everything from `ts_ms` on lies."""
    return ts_ms * MARKS - 1


def runs(who: Ints) -> Ints:
    """(R,) where each device's messages begin, in (N,) that are together by device."""
    if not len(who):
        return np.zeros(0, dtype=np.int64)
    return np.concatenate([[0], np.flatnonzero(np.diff(who)) + 1])


def ranks(who: Ints) -> Ints:
    """(N,) the place of each message among its device's, from 0; they are together by device."""
    firsts = runs(who)
    lengths = np.diff(np.append(firsts, len(who)))
    return np.asarray(np.arange(len(who)) - np.repeat(firsts, lengths), dtype=np.int64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """What the broker answered for the first time, one each.

    Attributes:
        reading: whether it is a reading, not an event.
        taken: whether the broker took it, and somebody listens.
        late: whether it was sent too late.
        lag_s: from due to answered, NaN where it does not matter.
    """

    reading: Bools
    taken: Bools
    late: Bools
    lag_s: Floats


class Flights:
    """The messages of `count` devices that are in flight, and how far each device has come.

    Args:
        count: how many devices.
        rewind_s: how much of what the broker answered is sent again after a connection is lost.
        memory_s: how long after its end a lost connection is noticed at the latest.

    Attributes:
        position: (D,) the mark up to which a device has sent everything on its connection; 0 for nothing.
        answered: (D,) the mark up to which the broker has answered, and has it for certain or can have forgotten
            nothing yet.
        counted: (D,) the mark up to which answers have been counted.
        alive_s: when the broker was surely there, on the clock of `time.monotonic`: the last message that it answered
            was sent then. Its answer may have lain unread for long, and the broker may have died since. 0 if never.
    """

    def __init__(self, count: int, rewind_s: float, memory_s: float) -> None:
        self.position, self.answered, self.counted = (np.zeros(count, dtype=np.int64) for _ in range(3))
        self.alive_s = np.zeros(count)
        self._limit, self._sent, self._done = (np.zeros(count, dtype=np.int64) for _ in range(3))
        self._mark = np.zeros((count, WINDOW), dtype=np.int64)
        self._due_s, self._sent_s = np.zeros((count, WINDOW)), np.zeros((count, WINDOW))
        self._late = np.zeros((count, WINDOW), dtype=np.bool_)
        self._rewind_s = rewind_s
        self._apart_s = max(0.25, rewind_s / 8)
        # So many, not of so long: a process that was held up for minutes still knows what was before.
        kept = 2 + math.ceil((rewind_s + memory_s) / self._apart_s)
        self._past: deque[tuple[float, Ints]] = deque([(-math.inf, self.answered.copy())], maxlen=kept)

    @property
    def room(self) -> Ints:
        """(D,) how many messages a device may send now; 0 without a connection."""
        return self._limit - (self._sent - self._done)

    @property
    def in_flight(self) -> int:
        """Messages that were sent and are not answered."""
        return int((self._sent - self._done).sum())

    def connected(self, index: int, receive_max: int) -> None:
        """A device has a new connection, on which nothing is in flight."""
        self._limit[index] = min(receive_max, WINDOW)
        self._sent[index] = self._done[index] = 0

    def send(self, who: Ints, marks: Ints, due_s: Floats, late: Bools, mono_s: float) -> Ints:
        """(N,) packet ids for messages that are sent now, together by device and in order of their marks."""
        number = self._sent[who] + ranks(who)
        slot = number % WINDOW
        self._mark[who, slot], self._due_s[who, slot], self._late[who, slot] = marks, due_s, late
        self._sent_s[who, slot] = mono_s
        firsts = runs(who)
        lengths = np.diff(np.append(firsts, len(who)))
        self._sent[who[firsts]] += lengths
        return np.asarray(1 + number % IDS, dtype=np.int64)

    def answer(self, who: Ints, ids: Ints, taken: Bools, at_s: Floats) -> tuple[Answers, list[int]]:
        """The broker's answers, in order of arrival.

        Args:
            who: (N,) devices.
            ids: (N,) packet ids.
            taken: (N,) whether it took the message.
            at_s: (N,) when they came, on the clock of `time.time`.

        Returns:
            what was answered for the first time; and the devices that were answered out of order, whose answers are
            passed over, for such a broker's word is worth nothing.
        """
        order = np.argsort(who, kind="stable")
        who, ids, taken, at_s = who[order], ids[order], taken[order], at_s[order]
        number = self._done[who] + ranks(who)
        wrong = np.unique(who[(ids != 1 + number % IDS) | (number >= self._sent[who])])
        if len(wrong):
            right = ~np.isin(who, wrong)
            who, number, taken, at_s = who[right], number[right], taken[right], at_s[right]
        slot = number % WINDOW
        marks = self._mark[who, slot]
        new = marks > self.counted[who]
        last = np.append(runs(who)[1:], len(who))[: len(runs(who))] - 1
        device = who[last]
        self._done[device] = number[last] + 1
        self.answered[device] = marks[last]
        self.counted[device] = np.maximum(self.counted[device], marks[last])
        self.alive_s[device] = self._sent_s[device, slot[last]]
        lag_s = at_s - self._due_s[who, slot]
        late = self._late[who, slot]
        reading = marks % MARKS == READING
        return Answers(reading=reading[new], taken=taken[new], late=late[new], lag_s=lag_s[new]), wrong.tolist()

    def remember(self, mono_s: float) -> None:
        """Note how far the broker has answered by now; called many times a second."""
        if self._rewind_s and mono_s - self._past[-1][0] >= self._apart_s:
            self._past.append((mono_s, self.answered.copy()))

    def lost(self, devices: Ints) -> None:
        """Connections were lost: what they carried is to be sent again, and what the broker may have forgotten.

        That is what it answered within `rewind_s` before it was surely there, or later.
        """
        self._limit[devices] = self._sent[devices] = self._done[devices] = 0
        back = self.answered[devices].copy()
        if self._rewind_s:
            wanted = self.alive_s[devices] - self._rewind_s
            times = np.array([at for at, _ in self._past])
            row = np.maximum(np.searchsorted(times, wanted, side="right") - 1, 0)
            for number in np.unique(row).tolist():
                some = row == number
                back[some] = np.minimum(back[some], self._past[number][1][devices[some]])
            for _, known in self._past:
                known[devices] = np.minimum(known[devices], back)
        self.position[devices] = self.answered[devices] = back


def numbers(values: "array[int] | bytearray") -> Ints:
    """The same as an array of numpy's."""
    return np.array(values, dtype=np.int64)
