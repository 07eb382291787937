"""What is wrong at the moment: whose trouble it is, since when, and when it becomes a state that a person is told.

A trouble belongs to whoever met it and ends when the same one succeeds: that another batch got through says nothing of
those that wait.
"""

import math
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from ingest.log import get_logger
from ingest.words import DROPPED, HOLD, RETRY, WAITING

log = get_logger("ingest")

READY_S = 5.0
"""As old as the oldest unsettled message may be, and as the last word of a worker."""
GRACE_S = 2.0
"""An attempt that is repeated with success within this time was no trouble."""

Clock = Callable[[], float]


@dataclass(kw_only=True)
class _Trouble:
    since: float
    message: str
    hold: bool


class Part:
    """Something that the ingester needs, and who has trouble with it.

    Args:
        trying: logged when it does not work, though it may by itself.
        holding: logged when a person has to act.
        works: logged when the last trouble has ended.
    """

    def __init__(self, *, trying: str, holding: str, works: str, clock: Clock = time.monotonic) -> None:
        self._trying = trying
        self._holding = holding
        self._works = works
        self._clock = clock
        self._troubles: dict[Hashable, _Trouble] = {}
        self._said = ""

    def fails(self, who: Hashable, message: str, *, hold: bool, since: float | None = None) -> None:
        """Somebody's attempt failed.

        Args:
            who: whose it was, until `works` is called for the same.
            message: told to a person.
            hold: that it may work later by itself is not to be hoped.
            since: when the first of these attempts began, on the monotonic clock; now unless told.
        """
        known = self._troubles.get(who)
        began = self._clock() if since is None else since
        self._troubles[who] = _Trouble(since=known.since if known else began, message=message, hold=hold)
        self.told()

    def works(self, who: Hashable) -> None:
        """Somebody's trouble has ended."""
        if self._troubles.pop(who, None) is not None:
            self.told()

    def told(self) -> list[str]:
        """The troubles that count by now, those that need a person first; each once, at most two.

        Once one was told, it takes the end of all to end the state: else it would end and begin with each attempt.
        Whoever asks is told no state that the log does not tell.
        """
        before = math.inf if self._said else self._clock() - GRACE_S
        counting = [trouble for trouble in self._troubles.values() if trouble.hold or trouble.since <= before]
        counting.sort(key=lambda trouble: (not trouble.hold, trouble.since))
        told = list(dict.fromkeys((HOLD if one.hold else RETRY).format(error=one.message) for one in counting))[:2]
        self._log(told)
        return told

    def _log(self, told: list[str]) -> None:
        """Log the state where it has changed."""
        if not self._troubles:
            if self._said:
                log.info(self._works)
            self._said = ""
        elif told and (state := told[0].partition(":")[0]) != self._said:
            log.error(self._holding if state == "hold" else self._trying, error=told[0].partition(": ")[2])
            self._said = state


class Health:
    """Everything that decides on readiness, but for the broker's connection and what workers tell."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self.store = Part(
            trying="the store does not take writes; trying again, nothing is lost",
            holding="the store refuses all writes; holding everything until this is put right",
            works="the store takes writes again",
            clock=clock,
        )
        self.disk = Part(
            trying="dead letters cannot be written; holding everything",
            holding="dead letters cannot be written; holding everything",
            works="dead letters are written again",
            clock=clock,
        )
        self.drops = Drops(clock)
        self._open: dict[int, float] = {}

    def opened(self, batch: object) -> None:
        """The first message of a batch has come."""
        self._open[id(batch)] = self._clock()

    def settled(self, batch: object) -> None:
        """Nothing of the batch can be lost any more."""
        self._open.pop(id(batch), None)

    @property
    def oldest_s(self) -> float:
        """How long the oldest message waits that is not settled; batches are opened in order."""
        return self._clock() - next(iter(self._open.values())) if self._open else 0.0

    def troubles(self) -> list[str]:
        """What is wrong; empty if nothing is."""
        oldest_s = self.oldest_s
        waits = [WAITING.format(seconds=oldest_s)] if oldest_s >= READY_S else []
        return [*self.store.told(), *self.disk.told(), *waits, *self.drops.troubles()]


class Drops:
    """What the broker has dropped, of any subscriber's, by its own count.

    A drop can be the ingester's own unless it has lately been connected and heard nothing: a queue that is full is
    delivered as soon as its subscriber is there.
    """

    SHOWN_S = 60.0
    LATE_S = 30.0
    """The broker counts every ten seconds as a rule, and what it tells at a connection is its count before that."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._total: int | None = None
        self._received = 0
        self._away = False
        self._heard_at = -self.LATE_S - 1.0
        self._lost: tuple[float, int] | None = None

    def away(self) -> None:
        """The connection has ended: the broker queues, and may drop."""
        self._away = True

    def told(self, total: int, received: int) -> None:
        """The broker's count since its start.

        Args:
            total: messages dropped.
            received: messages that the ingester has received, by its own count.
        """
        before, self._total = self._total, total
        now, away = self._clock(), self._away
        if away or received != self._received:
            self._heard_at = now
        own = now - self._heard_at <= self.LATE_S
        first = before is None and not away and not received
        self._away, self._received = False, received
        if first:
            if total:
                log.warning("the broker has dropped messages before this start", dropped=total)
            return
        new = total - before if before is not None and total >= before else total  # it counts anew after a restart
        if new:
            log.warning("the broker has dropped messages", dropped=new, can_be_own=own)
            if own:
                self._lost = (self._clock(), new)

    def troubles(self) -> list[str]:
        """A minute of it after each drop that can be the ingester's own."""
        if self._lost is None or (age := self._clock() - self._lost[0]) >= self.SHOWN_S:
            return []
        return [DROPPED.format(count=self._lost[1], seconds=age)]
