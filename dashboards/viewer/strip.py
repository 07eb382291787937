"""The pipeline's pulse, in one line above every dashboard."""

import asyncio
import functools
from dataclasses import dataclass

from nicegui import ui

from dashboards.sources.base import Curve
from dashboards.units import symbol
from dashboards.viewer import charts, numbers
from dashboards.viewer.cards import Draw
from dashboards.viewer.windows import Moment, Reader
from park.panel import Aggregate, Panel, Threshold, View


def _figure(title: str, field: str, **extra: object) -> Panel:
    settings: dict[str, object] = {"aggregate": Aggregate.LAST, "across": Aggregate.SUM, "decimals": 0, **extra}
    return Panel(
        title=title,
        story="",
        measurement="park_ingest",
        fields=(field,),
        view=View.STAT,
        **settings,  # type: ignore[arg-type]
    )


_ALARM = (Threshold(value=0, level="good"), Threshold(value=1, level="warning"))
_FIGURES = (
    _figure("stored", "stored", unit="{msg}/s", rate_s=1, aggregate=Aggregate.MEAN, decimals=None),
    _figure("latency p95", "latency_p95", unit="ms", across=Aggregate.MAX),
    _figure("in flight", "in_flight"),
    _figure("dead letters", "dead_lettered", thresholds=_ALARM),
    _figure("gateways", "gateways_online", across=Aggregate.MAX),
)


@dataclass(frozen=True, kw_only=True)
class _Shown:
    panel: Panel
    box: ui.element
    value: ui.label


class Strip:
    """Figures of the ingester; hidden until it has written any."""

    def __init__(self) -> None:
        with ui.element("div").classes("park-strip") as self.body:
            self._dot = ui.element("span").classes("park-pulse")
            self._shown = [self._add(panel) for panel in _FIGURES]

    async def ask(self, reader: Reader, moment: Moment) -> Draw:
        """Ask again."""
        everywhere = Moment(now=moment.now, span=moment.span)
        answers = await asyncio.gather(*(reader.newest(shown.panel, everywhere) for shown in self._shown))
        return functools.partial(self._show, answers)

    def _show(self, answers: list[list[Curve]]) -> None:
        live = any(answers)
        for shown, answer in zip(self._shown, answers, strict=True):
            shown.box.set_visibility(bool(answer))
            if answer:
                value = answer[0].values[-1]
                shown.value.set_text(f"{numbers.text(value, shown.panel.decimals)} {symbol(shown.panel.unit)}".rstrip())
                shown.value.style(f"color:{charts.level_color(shown.panel, value, 'inherit')}")
        self._dot.classes(add="live" if live else "", remove="" if live else "live")

    def _add(self, panel: Panel) -> _Shown:
        box = ui.element("div").classes("park-pill")
        with box:
            value = ui.label()
            ui.label(panel.title).classes("park-pill-title")
        box.set_visibility(False)
        return _Shown(panel=panel, box=box, value=value)
