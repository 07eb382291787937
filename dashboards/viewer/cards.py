"""One card per panel: it draws itself, and asks again when its answer may have changed."""

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

from nicegui import ui

from dashboards.layout import Position
from dashboards.resolved import ResolvedPanel
from dashboards.sources.base import Curve, Value, Window
from dashboards.states import states
from dashboards.viewer import charts, numbers, timeline
from dashboards.viewer.pace import Pace
from dashboards.viewer.windows import Moment, Reader
from park.panel import View
from park.units import symbol

_TILE_ROWS = 4

#: The class of a card's body while it shows another choice of span or sites than is asked for.
ASKED = "asked"


#: Shows what has been asked. Apart from the asking, since the card may be gone when the answer comes.
Draw: TypeAlias = Callable[[], None]


class Asks(Protocol):
    """What asks a source for what it shows."""

    body: ui.element

    async def ask(self, reader: Reader, moment: Moment) -> Draw | None:
        """Ask again; None while it is too early for that, or where nothing has changed."""


class Card(Asks, Protocol):
    """What a page needs of a card."""

    empty: "Empty"


def add(at: Position[ResolvedPanel]) -> Card | None:
    """Put a panel's card into the page's grid; a heading is no card."""
    panel = at.panel
    style = f"grid-column:{at.x + 1}/span {at.width};grid-row:{at.y + 1}/span {at.height}"
    if panel.view is View.HEADING:
        with ui.element("div").classes("park-heading").style(style):
            ui.label(panel.title).classes("park-heading-title")
            ui.label(panel.story).classes("park-heading-story")
        return None
    kind = panel.view.name.lower().replace("_", "-")
    card = ui.element("section").classes(f"park-card park-{kind}").style(style)
    with card.props(f'data-panel="{_attribute(panel.title)}"'):
        with ui.element("header"):
            ui.label(panel.title).classes("park-title").tooltip(panel.story)
            if panel.view is not View.TABLE and (unit := symbol(panel.unit)):
                ui.label(unit).classes("park-unit")
        if panel.view not in {View.STAT, View.GAUGE}:
            ui.label(panel.story).classes("park-story")
        return _CARDS[panel.view](panel)


def _attribute(text: str) -> str:
    return text.replace('"', "'")


class Empty:
    """The words that stand in a card until it has data."""

    def __init__(self) -> None:
        self._label = ui.label("Waiting for data").classes("park-empty")

    @property
    def shown(self) -> bool:
        """Whether the card still waits."""
        return bool(self._label.visible)

    def show(self, *, empty: bool) -> None:
        """Show them, or no more."""
        self._label.set_visibility(empty)


class _Chart:
    """A chart over time: lines, areas or states."""

    def __init__(self, panel: ResolvedPanel, draw: Callable[..., charts.Options]) -> None:
        self._panel = panel
        self._draw = draw
        self._pace = Pace()
        with ui.element("div").classes("park-body") as self.body:
            self._chart = ui.echart({}).classes("park-chart")
            self.empty = Empty()

    async def ask(self, reader: Reader, moment: Moment) -> Draw | None:
        if not self._pace.is_due(moment):
            return None
        window, answer = await reader.over_time(self._panel, moment)
        if not self._pace.changed(moment, answer, window):
            return None
        return functools.partial(self._show, window, answer)

    def _show(self, window: Window, answer: list[Curve]) -> None:
        self.empty.show(empty=not answer)
        _redraw(self._chart, self._draw(self._panel, window, answer) if answer else {"series": []})


def _redraw(chart: ui.echart, options: charts.Options) -> None:
    chart.options.clear()
    chart.options.update(options)
    chart.update()


class _Tile:
    """One figure, or a few under one another, with the course of the first behind."""

    def __init__(self, panel: ResolvedPanel) -> None:
        self._panel = panel
        self._course = _Course(panel)
        with ui.element("div").classes("park-body") as self.body:
            self._spark = ui.echart({}).classes("park-spark")
            self._figure = ui.label().classes("park-figure")
            self._rows = ui.element("div").classes("park-rows")
            self.empty = Empty()

    async def ask(self, reader: Reader, moment: Moment) -> Draw | None:
        return self._show if await self._course.ask(reader, moment) else None

    def _show(self) -> None:
        value, fresh = self._course.figure()
        color = charts.level_color(self._panel, value)
        self.empty.show(empty=value is None)
        _write(self._figure, self._panel, value, color=color, fresh=fresh)
        self._list(self._course.newest)
        if self._course.taken():
            _redraw(self._spark, charts.sparkline(self._panel, self._course.window, self._course.answer, color))

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
            ui.label(text).style(f"color:{charts.level_color(self._panel, newest)}")


class _Gauge:
    """A figure on its range."""

    def __init__(self, panel: ResolvedPanel) -> None:
        self._panel = panel
        self._course = _Course(panel)
        with ui.element("div").classes("park-body") as self.body:
            self._chart = ui.echart(charts.gauge(panel, None)).classes("park-chart")
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
        _redraw(self._chart, charts.gauge(self._panel, value))


class _Course:
    """A figure, and how it went over the span: drawn behind it, and its end stands in while nothing newer comes."""

    def __init__(self, panel: ResolvedPanel) -> None:
        self._panel = panel
        self._pace = Pace()
        self._changed = False
        self.window = Window(start=0, until=0)
        self.answer: list[Curve] = []
        self.newest: list[Curve] = []

    async def ask(self, reader: Reader, moment: Moment) -> bool:
        """Ask again, for the course if it is time; tells whether anything is to be drawn anew."""
        if self._pace.is_due(moment):
            self.window, self.answer = await reader.over_time(self._panel, moment)
            self._changed |= self._pace.changed(moment, self.answer, self.window)
        before, self.newest = self.newest, await reader.newest(self._panel, moment)
        return self._changed or before != self.newest

    def taken(self) -> bool:
        """It is drawn now; tells whether the course is another than when it was drawn last."""
        changed, self._changed = self._changed, False
        return changed

    def figure(self) -> tuple[Value | None, bool]:
        """The figure to show, and whether it is of now."""
        if self.newest:
            return self.newest[0].values[-1], True
        if self._panel.newest.count_true:
            return 0, True  # The store has rows for true ones alone, so no rows are a zero.
        return (self.answer[0].values[-1] if self.answer else None), False


def _write(figure: ui.label, panel: ResolvedPanel, value: Value | None, *, color: str, fresh: bool) -> None:
    figure.set_text("" if value is None else numbers.text(value, panel.decimals))
    figure.style(f"color:{color}")
    figure.classes(add="" if fresh else "old", remove="old" if fresh else "")


class _Table:
    """A row per group."""

    def __init__(self, panel: ResolvedPanel) -> None:
        self._panel = panel
        self._pace = Pace()
        with ui.element("div").classes("park-body") as self.body:
            self._table = ui.table(rows=[], columns=_columns(panel), row_key="key")
            self._table.props("flat dense hide-pagination virtual-scroll :rows-per-page-options='[0]'")
            for field in panel.columns:
                if dots := _dots(panel, field):
                    self._table.add_slot(f"body-cell-{field}", dots)
            self.empty = Empty()

    async def ask(self, reader: Reader, moment: Moment) -> Draw | None:
        if not self._pace.is_due(moment):
            return None
        answer = await reader.newest(self._panel, moment)
        if not self._pace.changed(moment, answer):
            return None
        return functools.partial(self._show, answer)

    def _show(self, answer: list[Curve]) -> None:
        self.empty.show(empty=not answer)
        self._table.rows = _rows(self._panel, answer)


def _columns(panel: ResolvedPanel) -> list[dict[str, Any]]:
    columns: list[dict[str, Any]] = [
        {"name": tag, "label": tag.capitalize(), "field": tag, "align": "left", "sortable": True} for tag in panel.by
    ]
    for field in panel.columns:
        column = {"name": field, "label": panel.labels[field], "field": field, "sortable": True}
        places = panel.channel(field).decimals if panel.decimals is None else panel.decimals
        fixed = f"{{minimumFractionDigits: {places}, maximumFractionDigits: {places}}}"
        shown = f"v => v == null ? '–' : v.toLocaleString(undefined, {fixed})"
        columns.append(
            {**column, "align": "right", ":format": shown} if panel.is_number(field) else {**column, "align": "left"}
        )
    return columns


def _rows(panel: ResolvedPanel, answer: list[Curve]) -> list[dict[str, Any]]:
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for series in answer:
        group = tuple(series.tags.get(tag, "") for tag in panel.by)
        row = rows.setdefault(group, {"key": " ".join(group), **dict(zip(panel.by, group, strict=True))})
        row[series.field] = series.values[-1]
    return list(rows.values())


def _dots(panel: ResolvedPanel, field: str) -> str:
    """A cell with the state's colour before its text, for texts and booleans."""
    if panel.is_number(field) or any(text[0].isdigit() for text in panel.channel(field).texts):
        return ""  # Version numbers are texts too, but no states.
    known = {
        state.value: (state.text, state.color(timeline.STATE_PALETTE, charts.LEVELS)) for state in states(panel, field)
    }
    table = json.dumps(known).replace('"', "'")
    return (
        f'<q-td :props="props"><span class="park-dot" :style="{{background: ({table}[props.value] || [])[1]}}"></span>'
        f"{{{{ ({table}[props.value] || [])[0] }}}}</q-td>"
    )


_CARDS: Mapping[View, Callable[[ResolvedPanel], Card]] = {
    View.TIME_SERIES: lambda panel: _Chart(panel, charts.lines),
    View.STATES: lambda panel: _Chart(panel, timeline.timeline),
    View.STAT: _Tile,
    View.GAUGE: _Gauge,
    View.TABLE: _Table,
}
