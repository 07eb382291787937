"""What devices were commanded, as an argument of the models: see `park.model`."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt

from park.arrays import Bools, Floats, Ints
from park.catalogue import PARAMETERS

if TYPE_CHECKING:
    from park.model import Moments, WorldDay

_KEPT = 512
_Made = TypeVar("_Made")


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """One order to a device.

    Attributes:
        ms: from which it holds, milliseconds since 04:00.
        action: its number.
        value: (PARAMETERS,) what is said with it.
    """

    ms: int
    action: int
    value: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Orders:
    """What N times a device of one sector was commanded, by the time of effect. Read-only, made by `Orders.of`.

    Attributes:
        cell: (N,) number of the cell.
        unit: (N,) number of the device within its cell and kind.
        action: (N,) number of the action in `park.catalogue.Sector.actions`, which tells the kind.
        effective: (N,) Unix milliseconds from which it holds, ascending.
        value: (N, PARAMETERS) what was said with it, in the order of the action's parameters; NaN beyond. A boolean
            is 0 or 1, a text its index.
    """

    cell: Ints
    unit: Ints
    action: Ints
    effective: Ints
    value: Floats

    @staticmethod
    def of(
        *,
        cell: npt.ArrayLike = (),
        unit: npt.ArrayLike = (),
        action: npt.ArrayLike = (),
        effective: npt.ArrayLike = (),
        value: npt.ArrayLike = (),
    ) -> "Orders":
        """The same, to the bit, in whatever order they come; `value` may have fewer columns, or be (N,)."""
        whole = [np.array(part, dtype=np.int64) for part in (effective, cell, unit, action)]
        values = np.full((len(whole[0]), PARAMETERS), np.nan)
        if values.size:
            given = np.asarray(value, dtype=np.float64).reshape(len(values), -1)
            values[:, : given.shape[1]] = given + 0.0  # no zero is negative
        order = np.lexsort((*values.T[::-1], *whole[::-1]))
        at, cells, units, actions = (part[order] for part in whole)
        return Orders(cell=cells, unit=units, action=actions, effective=at, value=values[order])

    def __post_init__(self) -> None:
        for part in (self.cell, self.unit, self.action, self.effective, self.value):
            part.flags.writeable = False

    def __len__(self) -> int:
        return len(self.cell)

    def within(self, cells: Ints) -> "Orders":
        """Those to devices of these cells."""
        return self._take(np.isin(self.cell, cells))

    def of_actions(self, actions: tuple[int, ...]) -> "Orders":
        """Those that are one of these actions, by their numbers."""
        return self._take(np.isin(self.action, actions)) if len(self) else self

    def between(self, start_ms: int, end_ms: int) -> "Orders":
        """Those that take effect in [start, end)."""
        first, last = np.searchsorted(self.effective, [start_ms, end_ms])
        return self._take(slice(int(first), int(last)))

    def during(self, world: "WorldDay") -> "Orders":
        """Those that take effect in the day: what `Model.advance` and `Model.day` are given."""
        return self.between(int(world.times[0]), int(world.times[-1])) if len(self) else self

    def by_device(
        self, actions: tuple[int, ...], *, cells: Ints, per_cell: int, world: "WorldDay"
    ) -> dict[int, list[Told]]:
        """The day's orders that are one of `actions`, in their order, by the row of their device: by cell, then unit.

        Args:
            actions: their numbers, all of one kind.
            cells: (C,) ascending; all orders are to devices of these.
            per_cell: devices of the kind in a cell.
            world: the day.
        """
        mine = self.of_actions(actions)
        row = np.searchsorted(cells, mine.cell) * per_cell + mine.unit
        found: dict[int, list[Told]] = {}
        since = (mine.effective - world.times[0]).tolist()
        for one, ms, action, value in zip(row.tolist(), since, mine.action.tolist(), mine.value, strict=True):
            found.setdefault(one, []).append(Told(ms=ms, action=action, value=value))
        return found

    @cached_property
    def digest(self) -> bytes:
        """Tells them from any others; empty if there are none."""
        if not len(self):
            return b""
        parts = (self.cell, self.unit, self.action, self.effective, self.value)
        return hashlib.blake2b(b"".join(part.tobytes() for part in parts), digest_size=16).digest()

    def _take(self, some: Bools | slice) -> "Orders":
        return Orders(
            cell=self.cell[some],
            unit=self.unit[some],
            action=self.action[some],
            effective=self.effective[some],
            value=self.value[some],
        )


NO_ORDERS = Orders.of()


class Known:
    """What devices of a day did under their orders, so that an order makes anew only what it changes."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Any] = {}

    def get(self, what: str, row: int, orders: list[Told], make: Callable[[int, list[Told]], _Made]) -> _Made:
        """What the device of a row did under its orders; `what` tells kinds apart."""
        key = (what, row, *((one.ms, one.action, one.value.tobytes()) for one in orders))
        if key not in self._known:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[key] = make(row, orders)
        made: _Made = self._known[key]
        return made


class _Shared(cached_property[_Made]):
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None or instance.plain is None:
            return super().__get__(instance, owner)
        return getattr(instance.plain, str(self.attrname))


if TYPE_CHECKING:
    shared = cached_property
else:
    #: A part of a day that orders do not change: computed once, for the day and for the same day under any orders. The
    #: latter names the former as its `plain`, which is None on the former.
    shared = _Shared


@runtime_checkable
class Interlocks(Protocol):
    """What a model may have besides: what its devices refuse to do by themselves, whoever commands it.

    Only whether an order is taken is decided so, once, when it comes; what was taken is obeyed, and a log of it says
    the same again whatever this answers later.
    """

    def refusal(self, state: Any, action: int, value: Floats, at: "Moments") -> str | None:
        """Why a device does not take an order, lower-case letters and dashes; None if it does.

        Args:
            state: of the device's cells through the day, from `park.model.Model.day`, with the orders taken before.
            action: its number in `park.catalogue.Sector.actions`, which tells the kind.
            value: (PARAMETERS,) what is said with it, as a row of `Orders.value`.
            at: the device and the moment from which it would hold; of one reading.
        """
