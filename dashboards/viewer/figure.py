"""A figure and its course over the span."""

from dashboards.resolved import ResolvedPanel
from dashboards.sources.base import Curve, Value, Window
from dashboards.viewer.pace import Pace
from dashboards.viewer.windows import Moment, Reader


class Figure:
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
