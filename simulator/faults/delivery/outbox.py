"""When messages are delivered: a window has what is taken in it and is not late, and what was held back before it."""

from collections.abc import Callable

from park.columns import Columns
from park.model import DAY_MS
from simulator.faults.delivery.fates import FateMaker, Messages, joined

#: What is held back is remembered for so long after its delivery: a gateway that rewinds asks for it again.
_KEPT_MS = DAY_MS
#: So many pieces are remembered before those of a kind are joined: live, each moment brings one.
_PIECES = 256
#: Later than anything is delivered.
NEVER_MS = 2**62

#: The readings taken in [start, until), by kind.
Source = Callable[[int, int], list[Columns]]


class Outbox:
    """The messages of a run, which begins with nothing held back.

    What is delivered in a window is a pure function of that window. What was held back before it is remembered from
    the windows before, so that in order of time nothing is made twice; whoever asks in another order has it made anew.

    Args:
        fates: what becomes of readings.
        source: the readings taken in a window.
        past: those of devices whose readings may be delayed, for what has to be made anew.
        begin_ms: the first reading of the run is not before this.
    """

    def __init__(self, fates: FateMaker, source: Source, past: Source, begin_ms: int) -> None:
        self._fates, self._source, self._past, self._begin_ms = fates, source, past, begin_ms
        self._delay_ms = fates.schedule.delay_ms
        self._held: list[Messages] = []
        self._known = (begin_ms, begin_ms)

    @property
    def delays(self) -> bool:
        """Whether anything can be delivered later than it was taken."""
        return self._delay_ms > 0

    def messages(self, start_ms: int, until_ms: int) -> list[Messages]:
        """What is delivered in [start, until), by kind, in order of delivery."""
        held = self._held_back(start_ms, until_ms)
        fresh = [self._fates.of(columns).messages() for columns in self._source(start_ms, until_ms)]
        self._hold_back(fresh, start_ms, until_ms)
        return joined((*held, *(part.between(start_ms, until_ms) for part in fresh)))

    def rest(self, until_ms: int) -> list[Messages]:
        """What is still held back at the end of a run, which is delivered then."""
        return joined(self._held_back(until_ms, NEVER_MS))

    def _held_back(self, start_ms: int, until_ms: int) -> list[Messages]:
        """What was taken before `start_ms` and is delivered in [start, until)."""
        if not self.delays or start_ms <= self._begin_ms:
            return []
        first, last = self._known
        if not first <= start_ms <= last:
            self._remember_anew(start_ms)
        self._forget(start_ms)
        wanted = (
            (part, (part.taken_ms < start_ms) & (part.due_ms >= start_ms) & (part.due_ms < until_ms))
            for part in self._held
        )
        return [part.take(mask) for part, mask in wanted if mask.any()]

    def _remember_anew(self, start_ms: int) -> None:
        columns = self._past(max(self._begin_ms, start_ms - self._delay_ms), start_ms)
        parts = (self._fates.of(one).messages().between(start_ms, NEVER_MS) for one in columns)
        self._held = [part for part in parts if len(part)]
        self._known = (start_ms, start_ms)

    def _hold_back(self, fresh: list[Messages], start_ms: int, until_ms: int) -> None:
        first, last = self._known
        if self.delays and start_ms == last:
            held = (part.between(until_ms, NEVER_MS) for part in fresh)
            self._held += [part for part in held if len(part)]
            self._known = (first, until_ms)
            if len(self._held) > _PIECES:
                self._held = joined(self._held)

    def _forget(self, start_ms: int) -> None:
        first, last = self._known
        if first < start_ms - 2 * _KEPT_MS:
            first = start_ms - _KEPT_MS
            self._held = [part for part in (one.between(first, NEVER_MS) for one in self._held) if len(part)]
            self._known = (first, last)
