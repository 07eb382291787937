"""Addresses and what they show; one that there is not has a page as well."""

from collections.abc import Callable

from nicegui import ui


class Routes(ui.sub_pages):
    """What stands in the page by its address.

    Args:
        routes: path to what shows it.
        nowhere: shows what any other path gets, which it is given.
    """

    def __init__(self, routes: dict[str, Callable[[], None]], nowhere: Callable[[str], None]) -> None:
        self._nowhere = nowhere
        super().__init__(routes)

    def _render_404(self) -> None:
        self._nowhere(self._router.current_path)
