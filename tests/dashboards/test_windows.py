"""Windows hold whole intervals; the reader asks few questions at once, and each of them once."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from dashboards.annotations import Annotation, Row
from dashboards.definitions import dashboards
from dashboards.measured import Measured
from dashboards.resolved import ResolvedPanel
from dashboards.sources.base import Curve, Window
from dashboards.viewer.windows import Moment, Reader, chart_window, newest_window
from park.panel import Aggregate, View

SPANS = (900, 3600, 21_600, 86_400, 604_800)
PANELS = [panel for page in dashboards() for panel in page.panels if panel.view is not View.HEADING]
moments = st.builds(
    Moment, now=st.integers(1_700_000_000_000, 1_800_000_000_000), span=st.sampled_from(SPANS).map(lambda s: s * 1000)
)


spacings = st.none() | st.integers(1, 200_000).map(float)


@given(st.sampled_from(PANELS), moments, spacings)
def test_a_chart_covers_its_span_in_whole_intervals(panel: ResolvedPanel, moment: Moment, every: float | None) -> None:
    window = chart_window(panel, moment, every)
    assert window.start % window.interval == window.until % window.interval == 0
    assert window.start <= moment.now - (moment.span if panel.last_s is None else min(moment.span, 1000 * panel.last_s))
    assert window.interval >= 1000 * (panel.stored.interval_s if every is None else every)
    assert 3 <= (window.until - window.start) / window.interval <= 362


@given(st.sampled_from(PANELS), moments, spacings)
def test_an_interval_that_has_only_begun_shows_states_alone(
    panel: ResolvedPanel, moment: Moment, every: float | None
) -> None:
    window = chart_window(panel, moment, every)
    begun = window.until > moment.now - 1000
    assert begun == (panel.across is None and panel.course.within is Aggregate.LAST)


@given(st.sampled_from(PANELS), moments, spacings)
def test_the_newest_figures_hear_every_device(panel: ResolvedPanel, moment: Moment, every: float | None) -> None:
    window = newest_window(panel, moment, every)
    assert window.until > moment.now
    assert moment.now - window.start >= 2000 * (panel.stored.interval_s if every is None else every)
    if (every is None and panel.stored.is_kind) or not panel.stored.is_regular:
        assert moment.now - window.start >= moment.span


class Slow:
    """Answers only when told to, and counts."""

    def __init__(self) -> None:
        self.asked = 0
        self.running = 0
        self.most = 0
        self.go = asyncio.Event()
        self.looked: list[tuple[str, int]] = []
        self.every: float | None = 60.0

    async def over_time(self, panel: ResolvedPanel, window: Window) -> list[Curve]:
        self.asked += 1
        self.running += 1
        self.most = max(self.most, self.running)
        await self.go.wait()
        self.running -= 1
        return [Curve(field=panel.fields[0], times=[window.start], values=[1.0])]

    newest = answer = over_time

    async def spacing(self, stored: Measured, window: Window) -> float | None:
        self.looked.append((stored.name, window.until - window.start))
        return self.every

    async def notes(self, _asked: Annotation, _sector: str | None, _window: Window, /) -> list[Row]:
        return []

    async def sites(self, sector: str | None = None) -> list[str]:
        return [sector or "anywhere"]

    async def rolled(self) -> bool:
        return False

    async def close(self) -> None:
        pass


async def settle() -> None:
    """Let every task run as far as it can."""
    for _ in range(100):
        await asyncio.sleep(0)


def test_few_questions_run_at_once_and_all_are_answered() -> None:
    async def scenario() -> tuple[int, int]:
        source = Slow()
        reader = Reader(source, clock=lambda: 0.0, keep_s=3)
        moment = Moment(now=1_767_225_600_000, span=3_600_000)
        asked = [asyncio.create_task(reader.over_time(panel, moment)) for panel in PANELS]
        await settle()
        running = source.running
        source.go.set()
        answers = await asyncio.gather(*asked)
        assert all(series for _, series in answers)
        assert running == source.most
        return source.most, len(answers)

    most, answered = asyncio.run(scenario())
    assert 1 < most <= 4
    assert answered == len(PANELS)


def test_many_browsers_cost_one_question() -> None:
    async def scenario() -> int:
        source = Slow()
        source.go.set()
        reader = Reader(source, clock=lambda: 0.0, keep_s=3)
        moment = Moment(now=1_767_225_600_000, span=3_600_000)
        await asyncio.gather(*(reader.newest(PANELS[0], moment) for _ in range(10)))
        return source.asked

    assert asyncio.run(scenario()) == 1


def test_a_browser_that_leaves_takes_no_answer_away() -> None:
    async def scenario() -> list[Curve]:
        source = Slow()
        reader = Reader(source, clock=lambda: 0.0, keep_s=3)
        moment = Moment(now=1_767_225_600_000, span=3_600_000)
        leaving = asyncio.create_task(reader.newest(PANELS[0], moment))
        staying = asyncio.create_task(reader.newest(PANELS[0], moment))
        await settle()
        leaving.cancel()
        await settle()
        source.go.set()
        return await staying

    assert asyncio.run(scenario())


def test_times_are_shown_on_the_towns_clock() -> None:
    async def scenario() -> tuple[Window, list[Curve]]:
        source = Slow()
        source.go.set()
        reader = Reader(source, clock=lambda: 0.0, keep_s=3, utc_offset_ms=28_800_000)
        return await reader.over_time(PANELS[0], Moment(now=1_767_225_600_000, span=3_600_000))

    window, (series,) = asyncio.run(scenario())
    assert (
        window.start
        == series.times[0]
        == chart_window(PANELS[0], Moment(now=1_767_254_400_000, span=3_600_000), 60).start
    )


# ---- how often devices report -------------------------------------------------------------------------


def looked(every: float | None, *, seconds: tuple[float, ...] = (0.0,)) -> list[int]:
    """How far back was looked, in minutes, when asked at these times."""

    async def scenario() -> list[int]:
        source = Slow()
        source.go.set()
        source.every = every
        now = [0.0]
        asking = Reader(source, clock=lambda: now[0], keep_s=0.001)
        for now[0] in seconds:
            await asyncio.gather(*(asking.newest(PANELS[0], Moment(now=1_767_225_600_000, span=1)) for _ in range(5)))
        return [(back - 1) // 60_000 for _, back in source.looked]

    return asyncio.run(scenario())


def test_it_is_looked_back_until_every_device_has_four_readings() -> None:
    assert looked(60.0) == [10]
    assert looked(300.0) == [10, 120]
    assert looked(3600.0) == [10, 120, 1440]
    assert looked(86_400.0) == looked(None) == [10, 120, 1440, 11_520]


def test_what_was_learnt_is_asked_again_twice_a_minute() -> None:
    assert looked(60.0, seconds=(0.0, 29.0, 31.0, 59.0)) == [10, 10]
    assert len(looked(None, seconds=(0.0, 2.0, 4.0))) == 8
