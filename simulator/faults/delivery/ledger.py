"""What whoever receives a run must have counted of it: copies, late readings, and payloads that cannot be read.

The run is that of a window: it begins with nothing held back, and what is still held back at its end is delivered then.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from park.codecs import CODECS, DEFAULT_CONTENT_TYPE
from park.model import Ints
from park.rejection import Reason
from simulator.dispatch import Encoder
from simulator.faults.delivery.classes import Form
from simulator.faults.delivery.delivered import Delivered
from simulator.faults.delivery.fates import Messages
from simulator.faults.delivery.outbox import Outbox
from simulator.faults.delivery.sending import encoded
from simulator.faults.delivery.spoil import spoilt
from simulator.observed import Readings

_EARLIEST = -(2**62)
#: Later than any time that is told, in milliseconds.
_BEYOND = 2**42


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A payload that cannot be read: what a dead letter must be of.

    Attributes:
        digest: SHA-256 of the payload, in hexadecimal.
    """

    reason: Reason
    topic: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class Injected:
    """What a run delivers that was put wrong on purpose, as a receiver counts it.

    Attributes:
        duplicates: readings that come again.
        late: readings that tell a time before the newest that their device has told, copies left out.
        letters: payloads that cannot be read.
    """

    duplicates: int = 0
    late: int = 0
    letters: tuple[Letter, ...] = ()

    @property
    def rejected(self) -> dict[str, int]:
        """How many of the letters there are for each reason."""
        return dict(sorted(Counter(letter.reason.value for letter in self.letters).items()))


def injected(readings: Readings, window: tuple[int, int]) -> Injected:
    """What a run over [start, until) delivers; nothing is wrong with readings that have no delivery faults."""
    if not isinstance(readings, Delivered):
        return Injected()
    newest = {group.kind.name: np.full(int(group.device.max()) + 1, _EARLIEST) for group in readings.plan.groups}
    duplicates = late = 0
    for messages in _run(readings, readings.slots_outbox(window[0]), window):
        sound = messages.take((messages.form == Form.SOUND) & ~messages.copy)
        duplicates += int(messages.copy.sum())
        if len(sound):
            late += _late(sound.columns.device, sound.columns.ts, newest[sound.columns.kind.name])
    return Injected(duplicates=duplicates, late=late, letters=tuple(_letters(readings, window)))


def _run(readings: Delivered, outbox: Outbox, window: tuple[int, int]) -> Iterator[Messages]:
    for first, last in readings.windows(*window):
        yield from outbox.messages(first, last)
    yield from outbox.rest(window[1])


def _late(device: Ints, ts: Ints, newest: Ints) -> int:
    """How many of some readings, in order of delivery, are older than the newest of their device.

    Args:
        device: (N,) numbers.
        ts: (N,) the times that they tell.
        newest: (D,) of every device before these, which is brought up to date.
    """
    order = np.argsort(device, kind="stable")
    device, ts = device[order], ts[order]
    begins = np.diff(device, prepend=-1) != 0
    first = np.flatnonzero(begins)
    # Devices one above the other, so that one running maximum does for all of them.
    above = (np.cumsum(begins) - 1) * _BEYOND
    reached = np.maximum.accumulate(np.maximum(ts, np.where(begins, newest[device], _EARLIEST)) + above)
    before = np.where(begins, newest[device] + above, np.roll(reached, 1))
    late = int((ts + above < before).sum())
    last = np.append(first[1:], len(ts)) - 1
    newest[device[last]] = reached[last] - above[last]
    return late


def _letters(readings: Delivered, window: tuple[int, int]) -> Iterator[Letter]:
    """The payloads that cannot be read; only the devices that send some are looked at."""
    some = readings.befallen(*window, lambda rule: rule.what.spoils)
    if some is None:
        return
    encoder = Encoder(some.plan, CODECS[DEFAULT_CONTENT_TYPE])
    for cut in some.windows(*window):
        for columns in some.columns(*cut):
            messages = readings.fates.of(columns).messages()
            yield from _spoilt(messages.take(messages.form != Form.SOUND), encoder)


def _spoilt(messages: Messages, encoder: Encoder) -> Iterator[Letter]:
    if not len(messages):
        return
    part = encoded(messages, encoder)
    for row, form in enumerate(messages.form.tolist()):
        payload, reason = spoilt(part.payload[row][part.keep[row]].tobytes(), Form(form), encoder.content_type)
        topic = part.topics[row, : part.topic_lengths[row]].tobytes().decode()
        yield Letter(reason=reason, topic=topic, digest=hashlib.sha256(payload).hexdigest())


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What a receiver says that it counted of a run.

    Attributes:
        repeats: whether messages came again because of a reconnection, so that it may have counted more.
        letters: its dead letters; None if they are not at hand.
        unkept: dead letters that it counted and did not keep, by reason.
    """

    duplicates: int
    late: int
    dead_lettered: int
    repeats: bool = False
    letters: tuple[Letter, ...] | None = None
    unkept: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A figure, or a dead letter, that is not as the run says."""

    what: str
    injected: int
    counted: int
    detail: str = ""


def differences(run: Injected, counted: Counted) -> list[Difference]:
    """Where a receiver's counters and dead letters are not those of a run.

    They are equal where no connection was lost. A gateway that connects again repeats some messages, and so they are
    at least those of the run; but each dead letter is still one of the run's.
    """
    found = []
    figures = [
        ("duplicates", run.duplicates, counted.duplicates),
        ("late", run.late, counted.late),
        ("dead letters", len(run.letters), counted.dead_lettered),
    ]
    for what, wanted, has in figures:
        if has < wanted or (has > wanted and not counted.repeats):
            found.append(Difference(what=what, injected=wanted, counted=has))
    return found if counted.letters is None else [*found, *_by_letter(run.letters, counted.letters, counted)]


def _by_letter(wanted: Iterable[Letter], has: Iterable[Letter], counted: Counted) -> Iterator[Difference]:
    injected_, kept, spare = Counter(wanted), Counter(has), Counter(counted.unkept)
    for letter in sorted(injected_ | kept, key=lambda one: (one.reason, one.topic, one.digest)):
        missing = injected_[letter] - kept[letter]
        excused = min(max(missing, 0), spare[letter.reason.value])
        spare[letter.reason.value] -= excused
        if missing - excused > 0:
            detail = f"{letter.topic}: injected, and no dead letter"
        elif missing < 0 and not (injected_[letter] and counted.repeats):
            detail = f"{letter.topic}: a dead letter, and not injected"
        else:
            continue
        yield Difference(what=letter.reason.value, injected=injected_[letter], counted=kept[letter], detail=detail)
