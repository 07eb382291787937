"""Parts of a day that are kept, so that an order makes anew only what it changes."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from park.model import Carry, Ints, Orders, WorldDay

_Part = TypeVar("_Part")
_KEPT = 256
_CELLS = 64  # more are never commanded together, and would only take memory


class Memo:
    """Keeps what was made of the same cells, morning and weather, with the orders that came last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], tuple[WorldDay, bytes, Any]] = OrderedDict()

    def get(
        self,
        name: str,
        cells: Ints,
        world: WorldDay,
        given: tuple[Carry, Orders],
        make: Callable[[_Part | None], _Part],
    ) -> _Part:
        """The part of that name; `given` is all besides that it depends on.

        `make` makes it, given what was made of it with other orders, if it is there.
        """
        if len(cells) > _CELLS:
            return make(None)
        carry, orders = given
        key = (name, cells.tobytes(), id(world), *(values.tobytes() for values in carry.values()))
        kept = self._kept.get(key)
        # Another day may have come to lie where an old one was.
        known = kept if kept is not None and kept[0] is world else None
        if known is not None and known[1] == orders.digest:
            part: _Part = known[2]
            return part
        made = make(None if known is None else known[2])
        self._kept[key] = (world, orders.digest, made)
        self._kept.move_to_end(key)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return made
