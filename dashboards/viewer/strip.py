"""The pipeline's pulse, in one line above every dashboard."""

import asyncio
import functools
import time
from collections.abc import Iterable
from dataclasses import dataclass

from nicegui import ui

from dashboards.resolved import ResolvedPanel
from dashboards.sources.base import Curve
from dashboards.viewer import charts, numbers
from dashboards.viewer.card import Draw
from dashboards.viewer.outline import inked
from dashboards.viewer.windows import Moment, Reader
from park.units import symbol


@dataclass(frozen=True, kw_only=True)
class _Shown:
    panel: ResolvedPanel
    box: ui.element
    value: ui.label


class Strip:
    """Figures of the ingester; each is hidden until there is one.

    Args:
        figures: panels of one field.
    """

    def __init__(self, figures: Iterable[ResolvedPanel]) -> None:
        self._answered: float | None = None
        self._lost = False
        with ui.element("div").classes("park-strip") as self.body:
            self._dot = ui.element("span").classes("park-pulse")
            self._age = ui.label().classes("park-age")
            self._age.set_visibility(False)
            self._shown = [self._add(panel) for panel in figures]

    async def ask(self, reader: Reader, moment: Moment) -> Draw:
        """Ask again."""
        everywhere = Moment(now=moment.now, span=moment.span)
        answers = await asyncio.gather(*(reader.newest(shown.panel, everywhere) for shown in self._shown))
        return functools.partial(self._show, answers)

    def lose(self) -> None:
        """The store does not answer: what is shown is as old as its last answer."""
        self._lost = True
        self._dot.classes(add="lost", remove="live")
        self.body.classes(add="lost")
        self.grow_old()

    def grow_old(self) -> None:
        """Tell how old the figures are, while the store is lost."""
        self._age.set_visibility(self._lost)
        if self._lost:
            old = (
                "no answer yet" if self._answered is None else f"as of {_words(time.monotonic() - self._answered)} ago"
            )
            self._age.set_text(old)

    def _show(self, answers: list[list[Curve]]) -> None:
        self._answered, self._lost = time.monotonic(), False
        self.body.classes(remove="lost")
        self.grow_old()
        live = any(answers)
        for shown, answer in zip(self._shown, answers, strict=True):
            shown.box.set_visibility(bool(answer))
            if answer:
                value = answer[0].values[-1]
                shown.value.set_text(f"{numbers.text(value, shown.panel.decimals)} {symbol(shown.panel.unit)}".rstrip())
                shown.value.style(inked(charts.level_color(shown.panel, value, "currentColor")))
        self._dot.classes(add="live" if live else "", remove="lost" if live else "lost live")

    def _add(self, panel: ResolvedPanel) -> _Shown:
        box = ui.element("div").classes("park-pill")
        with box:
            value = ui.label()
            ui.label(panel.labels[panel.fields[0]]).classes("park-pill-title")
        box.set_visibility(False)
        return _Shown(panel=panel, box=box, value=value)


def _words(seconds: float) -> str:
    return (
        f"{seconds:.0f} s"
        if seconds < 100
        else f"{seconds / 60:.0f} min"
        if seconds < 6000
        else f"{seconds / 3600:.0f} h"
    )
