"""Parts of a day that are kept, so that an order makes anew only what it changes."""

from collections.abc import Callable
from typing import Any, TypeVar

from park.model import Carry, Ints, Orders, WorldDay

_Part = TypeVar("_Part")
_KEPT = 24
_CELLS = 64  # more are never commanded together, and would only take memory


class Memo:
    """Keeps what was made of the same cells, morning, weather and orders."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, ...], tuple[WorldDay, Any]] = {}

    def get(
        self, name: str, cells: Ints, world: WorldDay, given: tuple[Carry, Orders], make: Callable[[], _Part]
    ) -> _Part:
        """The part of that name; `given` is all besides that it depends on."""
        if len(cells) > _CELLS:
            return make()
        carry, orders = given
        morning = tuple(values.tobytes() for values in carry.values())
        key = (name, cells.tobytes(), id(world), morning, orders.digest)
        known = self._kept.get(key)
        # Another day may have come to lie where an old one was.
        if known is not None and known[0] is world:
            part: _Part = known[1]
            return part
        made = make()
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        self._kept[key] = (world, made)
        return made
