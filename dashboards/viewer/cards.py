"""One card per panel: it draws itself, and asks again when its answer may have changed."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from nicegui import ui

from dashboards.layout import Place
from dashboards.sources.base import Series, Value
from dashboards.sources.shape import label, measured, series_name
from dashboards.states import states
from dashboards.units import symbol
from dashboards.viewer import charts, numbers
from dashboards.viewer.windows import Moment, Reader
from park.catalogue import ValueType
from park.panel import Aggregate, Panel, View

# Charts and tables change slowly, but late readings and a history still being filled must show.
_CHART_KEEP_MS = 12_000
_TILE_ROWS = 4


class Card(Protocol):
    """What a page needs of a card."""

    async def refresh(self, reader: Reader, moment: Moment) -> None:
        """Ask and redraw."""


def add(at: Place) -> Card | None:
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


class _Empty:
    """The words that stand in a card until it has data."""

    def __init__(self) -> None:
        self._label = ui.label("Waiting for data").classes("park-empty")

    def show(self, *, empty: bool) -> None:
        self._label.set_visibility(empty)


class _Chart:
    """A chart over time: lines, areas or states."""

    def __init__(self, panel: Panel, draw: Callable[..., charts.Options]) -> None:
        self._panel = panel
        self._draw = draw
        self._asked: tuple[int, int, tuple[str, ...]] | None = None
        with ui.element("div").classes("park-body"):
            self._chart = ui.echart({}).classes("park-chart")
            self._empty = _Empty()

    async def refresh(self, reader: Reader, moment: Moment) -> None:
        asked = (moment.now // _CHART_KEEP_MS, moment.span, moment.sites)
        if asked == self._asked:
            return
        window, answer = await reader.over_time(self._panel, moment)
        self._asked = asked
        self._empty.show(empty=not answer)
        _redraw(self._chart, self._draw(self._panel, window, answer) if answer else {"series": []})


def _redraw(chart: ui.echart, options: charts.Options) -> None:
    chart.options.clear()
    chart.options.update(options)
    chart.update()


class _Tile:
    """One figure, or a few under one another, with the course of the first behind."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._course: tuple[int, int, tuple[str, ...]] | None = None
        with ui.element("div").classes("park-body"):
            self._spark = ui.echart({}).classes("park-spark")
            self._figure = ui.label().classes("park-figure")
            self._rows = ui.element("div").classes("park-rows")
            self._empty = _Empty()

    async def refresh(self, reader: Reader, moment: Moment) -> None:
        answer = await reader.newest(self._panel, moment)
        value = answer[0].values[-1] if answer else _nothing(self._panel)
        color = charts.level_color(self._panel, value)
        self._empty.show(empty=value is None)
        self._show(answer, value, color)
        asked = (moment.now // _CHART_KEEP_MS, moment.span, moment.sites)
        if asked != self._course:
            window, course = await reader.over_time(self._panel, moment)
            self._course = asked
            _redraw(self._spark, charts.sparkline(self._panel, window, course, color))

    def _show(self, answer: list[Series], value: Value | None, color: str) -> None:
        many = len(answer) > 1
        self._figure.set_visibility(not many)
        self._figure.set_text("" if value is None else numbers.text(value, self._panel.decimals))
        self._figure.style(f"color:{color}")
        self._rows.clear()
        if many:
            with self._rows:
                for series in answer[:_TILE_ROWS]:
                    self._row(series)

    def _row(self, series: Series) -> None:
        newest = series.values[-1]
        with ui.element("div").classes("park-row"):
            ui.label(series_name(self._panel, series.field, series.tags))
            text = numbers.text(newest, self._panel.decimals)
            ui.label(text).style(f"color:{charts.level_color(self._panel, newest)}")


def _nothing(panel: Panel) -> Value | None:
    """What no rows mean: the true booleans of a kind are counted, so none of them is zero."""
    channel = measured(panel.measurement).channels[panel.fields[0]]
    return 0 if panel.across is Aggregate.SUM and channel.type is ValueType.BOOL else None


class _Gauge:
    """A figure on its range."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        with ui.element("div").classes("park-body"):
            self._chart = ui.echart(charts.gauge(panel, None)).classes("park-chart")
            self._figure = ui.label().classes("park-figure")
            self._empty = _Empty()

    async def refresh(self, reader: Reader, moment: Moment) -> None:
        answer = await reader.newest(self._panel, moment)
        value = answer[0].values[-1] if answer else None
        self._empty.show(empty=value is None)
        self._figure.set_text("" if value is None else numbers.text(value, self._panel.decimals))
        self._figure.style(f"color:{charts.level_color(self._panel, value)}")
        _redraw(self._chart, charts.gauge(self._panel, value))


class _Table:
    """A row per group."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._asked: tuple[int, int, tuple[str, ...]] | None = None
        with ui.element("div").classes("park-body"):
            self._table = ui.table(rows=[], columns=_columns(panel), row_key="key")
            self._table.props("flat dense hide-pagination virtual-scroll :rows-per-page-options='[0]'")
            for field in panel.fields:
                if dots := _dots(panel, field):
                    self._table.add_slot(f"body-cell-{field}", dots)
            self._empty = _Empty()

    async def refresh(self, reader: Reader, moment: Moment) -> None:
        asked = (moment.now // _CHART_KEEP_MS, moment.span, moment.sites)
        if asked == self._asked:
            return
        answer = await reader.newest(self._panel, moment)
        self._asked = asked
        self._empty.show(empty=not answer)
        self._table.rows = _rows(self._panel, answer)


def _columns(panel: Panel) -> list[dict[str, Any]]:
    channels = measured(panel.measurement).channels
    columns: list[dict[str, Any]] = [
        {"name": tag, "label": tag.capitalize(), "field": tag, "align": "left", "sortable": True} for tag in panel.by
    ]
    for field in panel.fields:
        column = {"name": field, "label": label(panel, field), "field": field, "sortable": True}
        number = channels[field].type in {ValueType.FLOAT, ValueType.INT}
        places = channels[field].decimals if panel.decimals is None else panel.decimals
        fixed = f"{{minimumFractionDigits: {places}, maximumFractionDigits: {places}}}"
        shown = f"v => v == null ? '–' : v.toLocaleString(undefined, {fixed})"
        columns.append({**column, "align": "right", ":format": shown} if number else {**column, "align": "left"})
    return columns


def _rows(panel: Panel, answer: list[Series]) -> list[dict[str, Any]]:
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for series in answer:
        group = tuple(series.tags.get(tag, "") for tag in panel.by)
        row = rows.setdefault(group, {"key": " ".join(group), **dict(zip(panel.by, group, strict=True))})
        row[series.field] = series.values[-1]
    return list(rows.values())


def _dots(panel: Panel, field: str) -> str:
    """A cell with the state's colour before its text, for texts and booleans."""
    channel = measured(panel.measurement).channels[field]
    if channel.type not in {ValueType.BOOL, ValueType.TEXT} or any(text[0].isdigit() for text in channel.texts):
        return ""  # Version numbers are texts too, but no states.
    known = {
        state.value: (state.text, state.color(charts.STATE_PALETTE, charts.LEVELS)) for state in states(panel, field)
    }
    table = json.dumps(known).replace('"', "'")
    return (
        f'<q-td :props="props"><span class="park-dot" :style="{{background: ({table}[props.value] || [])[1]}}"></span>'
        f"{{{{ ({table}[props.value] || [])[0] }}}}</q-td>"
    )


_CARDS: Mapping[View, Callable[[Panel], Card]] = {
    View.TIME_SERIES: lambda panel: _Chart(panel, charts.lines),
    View.STATES: lambda panel: _Chart(panel, charts.timeline),
    View.STAT: _Tile,
    View.GAUGE: _Gauge,
    View.TABLE: _Table,
}
