"""One card per panel: it draws itself, and asks again when its answer may have changed."""

import functools
from collections.abc import Callable, Mapping

from nicegui import ui

from dashboards.layout import Position
from dashboards.resolved import ResolvedPanel
from dashboards.sources.base import Curve, Value, Window
from dashboards.viewer import boards, charts, heat, numbers, pictures, table, timeline
from dashboards.viewer.card import Card, Draw, Empty, redraw
from dashboards.viewer.figure import Figure
from dashboards.viewer.marks import Marks
from dashboards.viewer.newest import Bars, Board, news
from dashboards.viewer.outline import heading, inked, spoken
from dashboards.viewer.pace import Pace
from dashboards.viewer.windows import Moment, Reader
from dashboards.viewer.yesterday import Yesterday
from park.panel import View
from park.units import symbol

_TILE_ROWS = 4


def add(at: Position[ResolvedPanel], marks: Marks, *, compared: bool = False) -> Card | None:
    """Put a panel's card into the page's grid; a heading is no card.

    Args:
        at: the panel and its place.
        marks: what charts carry.
        compared: a single figure is told against yesterday's.
    """
    panel = at.panel
    style = f"grid-column:{at.x + 1}/span {at.width};grid-row:{at.y + 1}/span {at.height}"
    if panel.view is View.HEADING:
        with ui.element("div").classes("park-heading").style(style):
            heading(2, panel.title).classes("park-heading-title")
            ui.label(panel.story).classes("park-heading-story")
        return None
    kind = panel.view.name.lower().replace("_", "-")
    card = ui.element("section").classes(f"park-card park-{kind}").style(style)
    with card.props(f'data-panel="{_attribute(panel.title)}"'):
        with ui.element("header"):
            heading(3, panel.title, named=True).classes("park-title").tooltip(panel.story)
            if panel.view is not View.TABLE and (unit := symbol(panel.unit)):
                ui.label(unit).classes("park-unit")
        if panel.view not in {View.STAT, View.GAUGE}:
            ui.label(panel.story).classes("park-story")
        made = _Tile(panel, compared=True) if compared and panel.view is View.STAT else _CARDS[panel.view](panel)
        if panel.view is View.TIME_SERIES and isinstance(made, _Chart):
            made.carry(marks)
        return made


def _attribute(text: str) -> str:
    return text.replace('"', "'")


class _Chart:
    """A chart over time: lines, areas or states."""

    def __init__(self, panel: ResolvedPanel, draw: Callable[..., charts.Options]) -> None:
        self._panel = panel
        self._draw = draw
        self._pace = Pace()
        self._marks: Marks | None = None
        self._shown: tuple[Window, list[Curve]] | None = None
        with ui.element("div").classes("park-body") as self.body:
            self._chart = ui.echart({}).classes("park-chart").props('role="img"')
            self._chart.props["aria-label"] = panel.title
            self.empty = Empty()

    async def ask(self, reader: Reader, moment: Moment) -> Draw | None:
        if not self._pace.is_due(moment):
            return None
        window, answer = await reader.over_time(self._panel, moment)
        if not self._pace.changed(moment, answer, window):
            return None
        return functools.partial(self._show, window, answer)

    def carry(self, marks: Marks) -> None:
        """Draw these marks over the readings, and again when there are others."""
        self._marks = marks
        marks.charts.append(self._again)

    def _again(self) -> None:
        if self._shown is not None and not self.body.is_deleted:
            self._show(*self._shown)

    def _show(self, window: Window, answer: list[Curve]) -> None:
        self._shown = window, answer
        self.empty.show(empty=not answer)
        self._chart.props["aria-label"] = spoken(self._panel, answer)
        options = self._draw(self._panel, window, answer) if answer else {"series": []}
        redraw(self._chart, options if self._marks is None or not answer else self._marks.over(window, options))


class _Tile:
    """One figure, or a few under one another, with the course of the first behind."""

    def __init__(self, panel: ResolvedPanel, *, compared: bool = False) -> None:
        self._panel = panel
        self._course = Figure(panel)
        with ui.element("div").classes("park-body") as self.body:
            self._spark = ui.echart({}).classes("park-spark").props('aria-hidden="true"')
            self._figure = ui.label().classes("park-figure")
            self._yesterday = Yesterday(panel) if compared else None
            self._rows = ui.element("div").classes("park-rows")
            self.empty = Empty()

    async def ask(self, reader: Reader, moment: Moment) -> Draw | None:
        news = await self._course.ask(reader, moment)
        if self._yesterday is not None:
            news |= await self._yesterday.ask(reader, moment)
        return self._show if news else None

    def _show(self) -> None:
        value, fresh = self._course.figure()
        color = charts.level_color(self._panel, value)
        self.empty.show(empty=value is None)
        _write(self._figure, self._panel, value, color=color, fresh=fresh)
        if self._yesterday is not None:
            self._yesterday.show(value if fresh else None)
        self._list(self._course.newest)
        if self._course.taken():
            redraw(self._spark, charts.sparkline(self._panel, self._course.window, self._course.answer, color))

    def _list(self, answer: list[Curve]) -> None:
        many = len(answer) > 1
        self._figure.set_visibility(not many)
        self._rows.clear()
        if many:
            with self._rows:
                for series in answer[:_TILE_ROWS]:
                    self._row(series)

    def _row(self, series: Curve) -> None:
        newest = series.values[-1]
        with ui.element("div").classes("park-row"):
            ui.label(self._panel.series_name(series.field, series.tags))
            text = numbers.text(newest, self._panel.decimals)
            ui.label(text).style(inked(charts.level_color(self._panel, newest)))


class _Gauge:
    """A figure on its range."""

    def __init__(self, panel: ResolvedPanel) -> None:
        self._panel = panel
        self._course = Figure(panel)
        with ui.element("div").classes("park-body") as self.body:
            self._chart = ui.echart(charts.gauge(panel, None)).classes("park-chart").props('aria-hidden="true"')
            self._figure = ui.label().classes("park-figure")
            self.empty = Empty()

    async def ask(self, reader: Reader, moment: Moment) -> Draw | None:
        return self._show if await self._course.ask(reader, moment) else None

    def _show(self) -> None:
        self._course.taken()
        value, fresh = self._course.figure()
        color = charts.level_color(self._panel, value)
        self.empty.show(empty=value is None)
        _write(self._figure, self._panel, value, color=color, fresh=fresh)
        redraw(self._chart, charts.gauge(self._panel, value))


def _write(figure: ui.label, panel: ResolvedPanel, value: Value | None, *, color: str, fresh: bool) -> None:
    figure.set_text("" if value is None else numbers.text(value, panel.decimals))
    figure.style(inked(color))
    figure.classes(add="" if fresh else "old", remove="old" if fresh else "")


class _Table:
    """A row per group."""

    def __init__(self, panel: ResolvedPanel) -> None:
        self._panel = panel
        self._pace = Pace()
        with ui.element("div").classes("park-body") as self.body:
            self._table = ui.table(rows=[], columns=table.columns(panel), row_key="key")
            self._table.props("flat dense hide-pagination virtual-scroll :rows-per-page-options='[0]'")
            if panel.sort:
                first = {"sortBy": panel.sort.removeprefix("-"), "descending": panel.sort[0] == "-"}
                self._table.pagination = {**first, "rowsPerPage": 0}
            for field in panel.columns:
                if dots := table.dots(panel, field):
                    self._table.add_slot(f"body-cell-{field}", dots)
            self.empty = Empty()

    async def ask(self, reader: Reader, moment: Moment) -> Draw | None:
        return await news(self._panel, self._pace, self._show, reader, moment)

    def _show(self, answer: list[Curve]) -> None:
        if self._table.rows == [] and answer:  # now it may scroll, so the keyboard must reach it
            at = f"getElement({self._table.id})?.$el?.querySelector('.q-table__middle')"
            self._table.client.run_javascript(f"{at}?.setAttribute('tabindex', '0')")
        self.empty.show(empty=not answer)
        self._table.rows = table.rows(self._panel, answer)


_CARDS: Mapping[View, Callable[[ResolvedPanel], Card]] = {
    View.TIME_SERIES: lambda panel: _Chart(panel, charts.lines),
    View.STATES: lambda panel: _Chart(panel, timeline.timeline),
    View.STAT: _Tile,
    View.GAUGE: _Gauge,
    View.TABLE: _Table,
    View.HEAT: lambda panel: _Chart(panel, heat.heat),
    View.SCATTER: lambda panel: _Chart(panel, pictures.scatter),
    View.ROSE: lambda panel: _Chart(panel, pictures.rose),
    View.BARS: lambda panel: Bars(panel, pictures.bars),
    View.BOARD: lambda panel: Board(panel, boards.board),
    View.CROWD: lambda panel: Board(panel, boards.crowd),
}
