"""Which readings a panel asks for at a moment, and a bound on how many questions run at once."""

import asyncio
import dataclasses
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from dashboards.annotations import Annotation, Mark, Row, marks
from dashboards.measured import Measured
from dashboards.resolved import ResolvedPanel
from dashboards.sources.base import Curve, Source, Window, nice_interval
from dashboards.viewer.spacing import Spacings, shared
from park.panel import View
from park.safe_text import printable

_POINTS = 360
#: Of a heat map's row, of which there are many.
_CELLS = 150
_AT_ONCE = 2
_NEWEST_INTERVALS = 2.5
_LEAST_NEWEST_MS = 30_000
_LEAST_INTERVALS = 3

#: So long a reading is under way from its device to the store.
UNDER_WAY_MS = 3_000


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What is looked at: now, how far back (both ms), and which sites (empty: all)."""

    now: int
    span: int
    sites: tuple[str, ...] = ()

    @property
    def choice(self) -> tuple[int, tuple[str, ...]]:
        """What somebody has chosen to see."""
        return self.span, self.sites


def chart_window(panel: ResolvedPanel, moment: Moment, every_s: float | None) -> Window:
    """The window of a panel with a time axis, cut at whole intervals: at least three.

    The interval that has only begun is left out, since half of its readings are still to come; a state it tells.

    Args:
        panel: what is asked.
        moment: what is looked at.
        every_s: how often its devices report, if that is known.
    """
    span = moment.span if panel.last_s is None else min(moment.span, panel.last_s * 1000)
    points = _CELLS if panel.view is View.HEAT else _POINTS
    interval = nice_interval(span, points, panel.stored.interval_s if every_s is None else every_s)
    start = (moment.now - span) // interval * interval
    if panel.course.is_state:
        until = moment.now // interval * interval + interval
    else:
        until = (moment.now - UNDER_WAY_MS) // interval * interval
    start = min(start, until - _LEAST_INTERVALS * interval)
    return Window(start=start, until=until, interval=interval, sites=moment.sites)


def newest_window(panel: ResolvedPanel, moment: Moment, every_s: float | None) -> Window:
    """The window in which every device of the panel has reported; for a table at least the whole span.

    While no device of a kind has reported twice, nobody knows how long that takes: then it is the whole span too.
    """
    span = _reported_ms(panel, moment, every_s)
    if panel.view is View.TABLE:
        span = max(span, moment.span)
    return Window(start=moment.now - span, until=moment.now + 1, interval=span, sites=moment.sites)


def _reported_ms(panel: ResolvedPanel, moment: Moment, every_s: float | None) -> int:
    """How far back every device of the panel has reported."""
    known_s = panel.stored.interval_s if every_s is None else every_s
    span = max(int(known_s * 1000 * _NEWEST_INTERVALS), _LEAST_NEWEST_MS)
    anytime = not panel.stored.is_regular or (every_s is None and panel.stored.is_kind)
    return max(span, moment.span) if anytime else span


def _visible(series: Curve) -> Curve:
    """The series with its texts as they may stand on a page: whoever published them chose them."""
    tags = {tag: printable(text) for tag, text in series.tags.items()}
    values = [printable(value) if isinstance(value, str) else value for value in series.values]
    return dataclasses.replace(series, tags=tags, values=values)


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
        self._spacings = Spacings(self._gated_spacing, clock=clock)
        self._answers: dict[tuple[Any, ...], tuple[float, asyncio.Task[list[Curve]]]] = {}
        self._notes: dict[tuple[Any, ...], tuple[float, asyncio.Task[list[Row]]]] = {}

    async def over_time(self, panel: ResolvedPanel, moment: Moment) -> tuple[Window, list[Curve]]:
        """The panel's window and its series, both on the town's own clock."""
        window = chart_window(panel, moment, await self._spacing(panel, moment))
        ask = self._source.over_time
        answer = await self._once(("over time", id(panel), window), lambda: ask(panel, window))
        return window.shifted(self._shift), [series.shifted(self._shift) for series in answer]

    async def newest(self, panel: ResolvedPanel, moment: Moment) -> list[Curve]:
        """The panel's newest values."""
        window = newest_window(panel, moment, await self._spacing(panel, moment))
        ask = self._source.newest
        tick = int(moment.now / 1000 / self._keep_s)
        key = ("newest", id(panel), tick, moment.span, moment.sites)
        return await self._once(key, lambda: ask(panel, window))

    async def latest(self, panel: ResolvedPanel, moment: Moment) -> list[Curve]:
        """The panel's newest readings with their times, to the second, on the town's own clock; the newest is last."""
        every_s = await self._spacing(panel, moment)
        start, until = moment.now - _reported_ms(panel, moment, every_s), moment.now + 1
        window = Window(start=start, until=until, interval=1000, sites=moment.sites)
        ask = self._source.over_time
        key = ("latest", id(panel), int(moment.now / 1000 / self._keep_s), moment.span, moment.sites)
        answer = await self._once(key, lambda: ask(panel, window))
        return [series.shifted(self._shift) for series in answer]

    async def marks(self, asked: Annotation, sector: str | None, moment: Moment) -> list[Mark]:
        """What explains charts, on the town's own clock."""
        tick = int(moment.now / 1000 / self._keep_s)
        # What lasts is told each morning at the latest, maybe before what is looked at.
        begin = moment.now - moment.span
        window = Window(start=begin - asked.told_ms, until=moment.now + 1, sites=moment.sites)
        key = ("marks", asked.slug, sector, tick, moment.span, moment.sites)
        now = self._clock()
        self._notes = {k: v for k, v in self._notes.items() if now - v[0] < self._keep_s}
        if key not in self._notes:
            self._notes[key] = (now, asyncio.create_task(self._gated_notes(asked, sector, window)))
        rows = await shared(self._notes[key][1])
        found = marks(asked, rows, moment.now)
        return [mark.shifted(self._shift) for mark in found if max(mark.start, mark.end or 0) >= begin]

    async def every(self, stored: Measured, now: int) -> float | None:
        """How often devices report, in whole seconds; None where none has reported twice."""
        return await self._spacings.of(stored, now)

    async def raw(self, panel: ResolvedPanel, window: Window) -> list[Curve]:
        """A question's answer in a window of one's own, on no other clock than the store's; it is not remembered."""
        return await self._gated(lambda: self._source.over_time(panel, window))

    async def within(self, panel: ResolvedPanel, window: Window) -> list[Curve]:
        """One value per series in a window of one's own; it is not remembered."""
        return await self._gated(lambda: self._source.newest(panel, window))

    async def _spacing(self, panel: ResolvedPanel, moment: Moment) -> float | None:
        """How often its devices report; what is told when it happens has no such time."""
        return await self._spacings.of(panel.stored, moment.now) if panel.stored.is_regular else None

    async def sites(self, sector: str | None) -> list[str]:
        """The sites that have readings, as they are stored."""
        async with self._gate:
            return await self._source.sites(sector)

    async def rolled(self) -> bool:
        """Whether rollups are made, which answer long spans."""
        async with self._gate:
            return await self._source.rolled()

    async def _once(self, key: tuple[Any, ...], ask: Callable[[], Coroutine[Any, Any, list[Curve]]]) -> list[Curve]:
        now = self._clock()
        self._answers = {k: v for k, v in self._answers.items() if now - v[0] < self._keep_s}
        if key not in self._answers:
            self._answers[key] = (now, asyncio.create_task(self._gated(ask)))
        answer = await shared(self._answers[key][1])
        if not answer:
            self._answers.pop(key, None)
        return answer

    async def _gated(self, ask: Callable[[], Coroutine[Any, Any, list[Curve]]]) -> list[Curve]:
        async with self._gate:
            return [_visible(series) for series in await ask()]

    async def _gated_notes(self, asked: Annotation, sector: str | None, window: Window) -> list[Row]:
        async with self._gate:
            return await self._source.notes(asked, sector, window)

    async def _gated_spacing(self, stored: Measured, window: Window) -> float | None:
        async with self._gate:
            return await self._source.spacing(stored, window)
