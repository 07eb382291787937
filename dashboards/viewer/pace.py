"""When a chart or table asks again, and whether it has to be drawn anew."""

from collections.abc import Sequence

from dashboards.sources.base import Curve, Window
from dashboards.viewer.windows import Moment

#: Charts change slowly: so often is soon enough for them.
KEEP_MS = 12_000

#: So long a page is new: whoever opens it at once after the start sees a history that is still coming.
NEW_MS = 20_000


class Pace:
    """Of one card. It asks at every refresh while the page is new or there is nothing to show, else seldom."""

    def __init__(self) -> None:
        self._first: int | None = None
        self._answered: tuple[int, int, tuple[str, ...]] | None = None
        self._last: tuple[Sequence[Curve], Window | None] | None = None

    def is_due(self, moment: Moment) -> bool:
        """Whether to ask at this moment."""
        self._first = moment.now if self._first is None else self._first
        return moment.now - self._first < NEW_MS or self._answered != _key(moment)

    def changed(self, moment: Moment, answer: Sequence[Curve], window: Window | None = None) -> bool:
        """Remember the answer; tells whether anything is to be drawn anew."""
        self._answered = _key(moment) if answer else None
        last, self._last = self._last, (answer, window)
        return self._last != last


def _key(moment: Moment) -> tuple[int, int, tuple[str, ...]]:
    return moment.now // KEEP_MS, moment.span, moment.sites
