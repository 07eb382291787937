"""What fires now, for all browsers: the rules are judged in turn, a while apart, and only while somebody looks."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeAlias

from dashboards.alerting.course import BACK_MS, Firing, follow
from dashboards.alerting.rules import Rule
from dashboards.errors import SourceError
from dashboards.viewer.windows import UNDER_WAY_MS, Reader

#: What fires, the most severe first.
Fires: TypeAlias = tuple[Firing, ...]

#: A page that opens at once after the start has better things to ask first, and its history is still coming.
CALM_S = 6.0
#: From the end of one look to the next, and at least so many times as long as a look takes.
_APART_S = 40.0
_TIMES = 20.0


class Watch:
    """Judges all rules when somebody asks, if the last time is long enough ago.

    Args:
        reader: asks the store.
        rules: what is judged, the most severe first.
        clock: in seconds.
    """

    def __init__(self, reader: Reader, rules: Sequence[Rule], *, clock: Callable[[], float]) -> None:
        self._reader, self._rules, self._clock = reader, rules, clock
        self._due: float | None = None
        self._look: asyncio.Task[None] | None = None
        self._fires: dict[str, list[Firing]] = {}
        self._known: Fires | None = None

    @property
    def count(self) -> int:
        """How many rules there are."""
        return len(self._rules)

    def fires(self, now: int) -> Fires | None:
        """What fires by the last look; None before the first is over. Begins another if it is time.

        Args:
            now: Unix milliseconds.
        """
        if self._due is None:
            self._due = self._clock() + CALM_S
        if self._look is not None and self._look.done():
            look, self._look = self._look, None
            look.result()  # what went wrong in it is not the store's doing
        if self._look is None and self._clock() >= self._due:
            self._look = asyncio.create_task(self._all(now), name="alert rules")
        return self._known

    async def _all(self, now: int) -> None:
        began, first = self._clock(), self._known is None
        failed: list[Exception] = []
        for rule in self._rules:
            try:
                self._fires[rule.alert.name] = await self._judge(rule, now)
            except SourceError:
                pass  # the page tells that the store is away; what fired goes on
            except Exception as error:  # noqa: BLE001 - raised below: the other rules go on
                failed.append(error)
            if first and self._fires.get(rule.alert.name):  # the worst is known before all is
                self._known = self._all_fires()
        self._known = self._all_fires()
        self._due = self._clock() + max(_APART_S, _TIMES * (self._clock() - began))
        if failed:
            raise failed[0]

    def _all_fires(self) -> Fires:
        return tuple(one for rule in self._rules for one in self._fires.get(rule.alert.name, ()))

    async def _judge(self, rule: Rule, now: int) -> list[Firing]:
        every_s = await self._reader.every(rule.question.stored, now)
        until = now - UNDER_WAY_MS
        since = until - BACK_MS - 1000 * rule.alert.for_s  # or nothing that has to last for long would ever fire
        course = await follow(self._reader.raw, rule, since, until, every_s)
        return course.firing()
