"""A figure against that of the same time yesterday."""

from nicegui import ui

from dashboards.resolved import ResolvedPanel
from dashboards.sources.base import Value
from dashboards.viewer import numbers
from dashboards.viewer.windows import Moment, Reader
from park.model import DAY_MS

_MINUS = "\N{MINUS SIGN}"
#: A new page has better things to ask first; and what was yesterday is asked so often.
_CALM_MS, _EVERY_MS = 8_000, 600_000


class Yesterday:
    """The words below a figure: how much more or less it is than yesterday at this time.

    Args:
        panel: of one figure.
    """

    def __init__(self, panel: ResolvedPanel) -> None:
        self._panel = panel
        self._first: int | None = None
        self._asked: Moment | None = None
        self._before: Value | None = None
        self._label = ui.label().classes("park-yesterday")

    async def ask(self, reader: Reader, moment: Moment) -> bool:
        """Ask, if it is time; tells whether there is news."""
        self._first = moment.now if self._first is None else self._first
        at = (moment.now - DAY_MS) // _EVERY_MS * _EVERY_MS
        then = Moment(now=at, span=moment.span, sites=moment.sites)
        if moment.now - self._first < _CALM_MS or then == self._asked:
            return False
        answer = await reader.newest(self._panel, then)
        self._asked = then
        self._before = answer[0].values[-1] if len(answer) == 1 else None
        return True

    def show(self, value: Value | None) -> None:
        """The words for a figure; none where one of the two is no number."""
        self._label.set_text(difference(value, self._before, self._panel.decimals))


def difference(value: Value | None, before: Value | None, decimals: int | None) -> str:
    """How much more or less, in the figure's own unit; empty where there is nothing to compare."""
    numeric = [one for one in (value, before) if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(numeric) < 2:
        return ""
    more = float(numeric[0]) - float(numeric[1])
    shown = numbers.text(abs(more), decimals)
    if not any(digit in shown for digit in "123456789"):
        return "as yesterday"
    return f"{'+' if more > 0 else _MINUS}{shown} on yesterday"
