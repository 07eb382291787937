"""The choice of how far back to look."""

from collections.abc import Callable, Coroutine
from typing import Any

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

_SHORT = {900: "15 min", 1800: "30 min", 3600: "1 h", 21_600: "6 h", 86_400: "24 h", 604_800: "7 d"}
#: Offered where rollups answer: readings of so long take a store minutes.
_LONG = {2_592_000: "30 d", 31_536_000: "1 y"}


class Spans:
    """All spans beside one another; in a menu where there is no room for that.

    Args:
        changed: is told of a choice.
    """

    def __init__(self, changed: Callable[[ValueChangeEventArguments[int]], Coroutine[Any, Any, None]]) -> None:
        self._toggle = ui.toggle(_SHORT, value=86_400, on_change=changed).classes("park-spans")
        self._toggle.props("dense unelevated no-caps")
        self._menu = ui.select(_SHORT, value=86_400).classes("park-spans-menu").props("dense borderless options-dense")
        self._menu.props('aria-label="Span"').bind_value(self._toggle)
        self._long = False

    def choose(self, span_s: int) -> None:
        """Show that this span is looked at."""
        self._toggle.set_value(span_s)

    def offer(self, *, long: bool) -> None:
        """Offer the long ones too, or no more; one that is looked at stays."""
        if long != self._long and not self._toggle.is_deleted and (long or self._toggle.value in _SHORT):
            self._long = long
            for choice in (self._toggle, self._menu):
                choice.set_options({**_SHORT, **(_LONG if long else {})})
