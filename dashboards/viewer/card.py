"""What every card has: words while it waits, and how it asks and is drawn."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from nicegui import ui

from dashboards.viewer import charts
from dashboards.viewer.windows import Moment, Reader

#: The class of a card's body while it shows another choice of span or sites than is asked for.
ASKED = "asked"


#: Shows what has been asked. Apart from the asking, since the card may be gone when the answer comes.
Draw: TypeAlias = Callable[[], None]


class Asks(Protocol):
    """What asks a source for what it shows."""

    body: ui.element

    async def ask(self, reader: Reader, moment: Moment) -> Draw | None:
        """Ask again; None while it is too early for that, or where nothing has changed."""


class Empty:
    """The words that stand in a card until it has data."""

    def __init__(self) -> None:
        self._label = ui.label("Waiting for data").classes("park-empty")

    @property
    def shown(self) -> bool:
        """Whether the card still waits."""
        return bool(self._label.visible)

    def show(self, *, empty: bool) -> None:
        """Show them, or no more."""
        self._label.set_visibility(empty)


class Card(Asks, Protocol):
    """What a page needs of a card."""

    empty: Empty


def redraw(chart: ui.echart, options: charts.Options) -> None:
    """Draw a chart anew."""
    chart.options.clear()
    chart.options.update(options)
    chart.update()
