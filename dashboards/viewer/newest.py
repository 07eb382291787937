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
        return await news(self._panel, self._pace, self._show, reader, moment)

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
        return await news(self._panel, self._pace, self._show, reader, moment)

    def _show(self, answer: list[Curve]) -> None:
        self.empty.show(empty=not answer)
        self._tiles.set_content(self._draw(self._panel, answer))


async def news(
    panel: ResolvedPanel, pace: Pace, show: Callable[[list[Curve]], None], reader: Reader, moment: Moment
) -> Draw | None:
    """Ask for a panel's newest values, if it is time, and show them, if they have changed."""
    if not pace.is_due(moment):
        return None
    answer = await reader.newest(panel, moment)
    return functools.partial(show, answer) if pace.changed(moment, answer) else None
