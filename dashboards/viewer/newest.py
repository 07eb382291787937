"""Cards of the newest values of many devices: bars, and boards of tiles."""

import functools
from collections.abc import Callable, Sequence

from nicegui import ui

from dashboards.resolved import ResolvedPanel
from dashboards.sources.base import Curve
from dashboards.viewer import charts
from dashboards.viewer.card import Draw, Empty, redraw
from dashboards.viewer.outline import spoken
from dashboards.viewer.pace import Pace
from dashboards.viewer.windows import Moment, Reader


class Bars:
    """A chart of the newest values.

    Args:
        panel: what is asked.
        draw: its answer as a chart's options.
    """

    def __init__(self, panel: ResolvedPanel, draw: Callable[[ResolvedPanel, Sequence[Curve]], charts.Options]) -> None:
        self._panel, self._draw = panel, draw
        self._pace = Pace()
        with ui.element("div").classes("park-body") as self.body:
            self._chart = ui.echart({}).classes("park-chart").props('role="img"')
            self._chart.props["aria-label"] = panel.title
            self.empty = Empty()

    async def ask(self, reader: Reader, moment: Moment) -> Draw | None:
        """Ask again, if it is time."""
        if not self._pace.is_due(moment):
            return None
        answer = await reader.newest(self._panel, moment)
        return functools.partial(self._show, answer) if self._pace.changed(moment, answer) else None

    def _show(self, answer: list[Curve]) -> None:
        self.empty.show(empty=not answer)
        self._chart.props["aria-label"] = spoken(self._panel, answer)
        redraw(self._chart, self._draw(self._panel, answer) if answer else {"series": []})


class Board:
    """Tiles of the newest values.

    Args:
        panel: what is asked.
        draw: its answer as HTML, in which what strangers have chosen is escaped.
    """

    def __init__(self, panel: ResolvedPanel, draw: Callable[[ResolvedPanel, Sequence[Curve]], str]) -> None:
        self._panel, self._draw = panel, draw
        self._pace = Pace()
        with ui.element("div").classes("park-body park-tiles").props('tabindex="0" role="group"') as self.body:
            self.body.props["aria-label"] = panel.title
            self._tiles = ui.html("", sanitize=False)
            self.empty = Empty()

    async def ask(self, reader: Reader, moment: Moment) -> Draw | None:
        """Ask again, if it is time."""
        if not self._pace.is_due(moment):
            return None
        answer = await reader.newest(self._panel, moment)
        return functools.partial(self._show, answer) if self._pace.changed(moment, answer) else None

    def _show(self, answer: list[Curve]) -> None:
        self.empty.show(empty=not answer)
        self._tiles.set_content(self._draw(self._panel, answer))
