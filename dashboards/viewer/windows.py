"""Which readings a panel asks for at a moment, and a bound on how many questions run at once."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from dashboards.resolved import ResolvedPanel
from dashboards.sources.base import Curve, Source, Window, nice_interval
from park.panel import Aggregate, View

_POINTS = 360
_AT_ONCE = 2
_NEWEST_INTERVALS = 2.5
_LEAST_NEWEST_MS = 30_000


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What is looked at: now, how far back (both ms), and which sites (empty: all)."""

    now: int
    span: int
    sites: tuple[str, ...] = ()


def chart_window(panel: ResolvedPanel, moment: Moment) -> Window:
    """The window of a panel with a time axis, cut at whole intervals.

    A sum over devices leaves out the interval that has only begun: half of the devices are missing in it.
    """
    least = panel.stored.interval_s
    interval = nice_interval(moment.span, _POINTS, least)
    begun = moment.now // interval * interval
    until = begun if panel.across is Aggregate.SUM else begun + interval
    start = (moment.now - moment.span) // interval * interval
    return Window(start=start, until=until, interval=interval, sites=moment.sites)


def newest_window(panel: ResolvedPanel, moment: Moment) -> Window:
    """The window in which every device of the panel has reported once; for a table the whole span."""
    span = int(panel.stored.interval_s * 1000 * _NEWEST_INTERVALS)
    span = moment.span if panel.view is View.TABLE else max(span, _LEAST_NEWEST_MS)
    return Window(start=moment.now - span, until=moment.now + 1, interval=span, sites=moment.sites)


class Reader:
    """Asks a source, a few questions at a time, and answers a repeated question from memory.

    Several browsers that look at the same dashboard cost one query each interval, not one each. No answer is not
    remembered: it may come any moment.
    """

    def __init__(self, source: Source, *, clock: Callable[[], float], keep_s: float, utc_offset_ms: int = 0) -> None:
        self._source = source
        self._shift = utc_offset_ms
        self._clock = clock
        self._keep_s = keep_s
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._answers: dict[tuple[Any, ...], tuple[float, asyncio.Task[list[Curve]]]] = {}

    async def over_time(self, panel: ResolvedPanel, moment: Moment) -> tuple[Window, list[Curve]]:
        """The panel's window and its series, both on the town's own clock."""
        window = chart_window(panel, moment)
        ask = self._source.over_time
        answer = await self._once(("over time", id(panel), window), lambda: ask(panel, window))
        return window.shifted(self._shift), [series.shifted(self._shift) for series in answer]

    async def newest(self, panel: ResolvedPanel, moment: Moment) -> list[Curve]:
        """The panel's newest values."""
        window = newest_window(panel, moment)
        ask = self._source.newest
        tick = int(moment.now / 1000 / self._keep_s)
        key = ("newest", id(panel), tick, moment.span, moment.sites)
        return await self._once(key, lambda: ask(panel, window))

    async def sites(self, sector: str | None) -> list[str]:
        """The sites that have readings."""
        async with self._gate:
            return await self._source.sites(sector)

    async def _once(self, key: tuple[Any, ...], ask: Callable[[], Coroutine[Any, Any, list[Curve]]]) -> list[Curve]:
        now = self._clock()
        self._answers = {k: v for k, v in self._answers.items() if now - v[0] < self._keep_s}
        if key not in self._answers:
            self._answers[key] = (now, asyncio.create_task(self._gated(ask)))
        # A browser that leaves must not take the answer from the others.
        answer = await asyncio.shield(self._answers[key][1])
        if not answer:
            self._answers.pop(key, None)
        return answer

    async def _gated(self, ask: Callable[[], Coroutine[Any, Any, list[Curve]]]) -> list[Curve]:
        async with self._gate:
            return await ask()
