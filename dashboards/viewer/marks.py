"""What explains the page's charts: marks on their time axes, and a switch for each kind of them."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from nicegui import ui

from dashboards.annotations import Annotation, Mark, annotations, shown_at_first
from dashboards.resolved import Page
from dashboards.sources.base import Window
from dashboards.viewer.charts import Options
from dashboards.viewer.windows import Moment, Reader
from park.safe_text import printable

#: A kind of which there is nothing is asked for so seldom, and one of which there is some so often.
_NOTHING_MS, _SOMETHING_MS = 60_000, 12_000
#: A stretch is named if it is at least such a part of the axis.
_NAMED = 0.08
_LISTED = 12

_Draw = Callable[[], None]


class _Kind:
    """One kind of mark: its switch, and what there is of it."""

    def __init__(self, asked: Annotation, *, shown: bool, toggled: _Draw) -> None:
        self.asked = asked
        self.found: list[Mark] = []
        self.next_ms = 0
        self._toggled = toggled
        with ui.element("button").classes("park-mark").props(f'data-marks="{asked.slug}"') as self._chip:
            ui.element("span").classes("park-mark-dot").style(f"background:{asked.color}")
            self._label = ui.label()
            self._list = ui.tooltip().classes("park-mark-list")
        self._chip.on("click", self._toggle)
        self.shown = not shown
        self._toggle(quietly=True)
        self._chip.set_visibility(False)

    def show(self) -> None:
        """Say how many there are, and the latest of them."""
        self._chip.set_visibility(bool(self.found))
        self._label.set_text(f"{self.asked.title} {len(self.found)}")
        latest = [printable(one.text) for one in reversed(self.found[-_LISTED:])]
        self._list.set_text("\n".join([self.asked.story, *latest]))

    def _toggle(self, _event: object = None, *, quietly: bool = False) -> None:
        self.shown = not self.shown
        self._chip.classes(add="" if self.shown else "off", remove="off" if self.shown else "")
        self._chip.props(f'aria-pressed="{str(self.shown).lower()}"')
        if not quietly:
            self._toggled()


class Marks:
    """The row of switches above a page's charts.

    Attributes:
        body: the row.
        charts: what is drawn anew when there are others.
    """

    def __init__(self, page: Page) -> None:
        self._sector = page.sector.name if page.sector else None
        self.charts: list[_Draw] = []
        self._choice: tuple[int, tuple[str, ...]] | None = None
        with ui.element("div").classes("park-marks") as self.body:
            self._kinds = [
                _Kind(one, shown=shown_at_first(one, page), toggled=self._redraw) for one in annotations(page)
            ]

    async def ask(self, reader: Reader, moment: Moment) -> _Draw | None:
        """Ask for those that are due; None where nothing has changed."""
        anew = self._choice != moment.choice
        due = [kind for kind in self._kinds if anew or moment.now >= kind.next_ms]
        answers = [await reader.marks(kind.asked, self._sector, moment) for kind in due]
        self._choice = moment.choice  # only now: where one gives no answer, all are asked again
        changed = any(found != kind.found for kind, found in zip(due, answers, strict=True))
        for kind, found in zip(due, answers, strict=True):
            kind.found = found
            kind.next_ms = moment.now + (_SOMETHING_MS if found else _NOTHING_MS)
        return functools.partial(self._show) if changed else None

    def _show(self) -> None:
        for kind in self._kinds:
            kind.show()
        self._redraw()

    def _redraw(self) -> None:
        for draw in self.charts:
            draw()

    def over(self, window: Window, options: Options) -> Options:
        """A chart's options with the marks of its window; its axes stay as they are."""
        kinds = [kind for kind in self._kinds if kind.shown and kind.found]
        drawn = [one for kind in kinds if (one := overlay(kind.asked.color, kind.found, window))]
        return {**options, "series": [*options.get("series", []), *drawn]} if drawn else options


def overlay(color: str, found: Sequence[Mark], window: Window) -> Options | None:
    """A series without values that carries marks: bands for stretches of time, lines for moments."""
    mine = [one for one in found if one.start < window.until and (one.end or one.start) >= window.start]
    bands = [_band(one, window) for one in mine if one.end is not None]
    lines = [{"xAxis": one.start} for one in mine if one.end is None]
    if not mine:
        return None
    return {
        "type": "line",
        "data": [],
        "silent": True,
        "tooltip": {"show": False},
        "markArea": {"silent": True, "itemStyle": {"color": color, "opacity": 0.1}, "data": bands},
        "markLine": {
            "silent": True,
            "symbol": "none",
            "label": {"show": False},
            "lineStyle": {"color": color, "width": 1, "type": "solid", "opacity": 0.55},
            "data": lines,
        },
    }


def _band(one: Mark, window: Window) -> list[dict[str, Any]]:
    start, end = max(one.start, window.start), min(one.end or window.until, window.until)
    wide = end - start >= _NAMED * (window.until - window.start)
    # Words may be wider than their band: they go on to where there is room.
    late = start + end > window.start + window.until
    label = {
        "show": wide,
        "formatter": printable(one.what),
        "position": "insideTopRight" if late else "insideTopLeft",
        "fontSize": 10,
        "color": "#8a95a5",
    }
    return [{"xAxis": start, "label": label}, {"xAxis": end}]
