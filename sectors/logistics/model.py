"""The logistics sector: cold hubs, their docks, and what they send out."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from park.days import Days, through_blocks
from park.happenings import Happenings
from park.model import NO_ORDERS, Carry, Floats, Ints, Moments, Observation, Orders, Setting, WorldDay
from park.orders import shared
from sectors.logistics import dock, events, lift, parcel, room, room_report, truck, truck_report
from sectors.logistics.catalogue import COLD_ROOM, DOCK_DOOR, FORKLIFT, PARCEL_LOGGER, REEFER_TRUCK, SET_TEMPERATURE

_DAYS_KEPT = 16  # that were commanded


@dataclass(frozen=True, kw_only=True, eq=False)
class LogisticsDay:
    """One day of C hubs, or several, each part made when first observed.

    Attributes:
        orders: of a single day.
        plain: the same day without them; None if there are none.
    """

    days: Days
    carry: Carry
    orders: Orders = NO_ORDERS
    plain: "LogisticsDay | None" = None

    @shared
    def rooms(self) -> room.RoomDay:
        """Cold rooms."""
        return room.RoomDay(days=self.days, carry=self.carry)

    @shared
    def docks(self) -> dock.DockDay:
        """Dock doors."""
        return dock.DockDay(days=self.days, carry=self.carry)

    @cached_property
    def trucks(self) -> truck.TruckDay:
        """Lorries."""
        plain = None if self.plain is None else self.plain.trucks
        return truck.TruckDay(days=self.days, carry=self.carry, orders=self.orders, plain=plain)

    @cached_property
    def parcels(self) -> parcel.ParcelDay:
        """Loggers."""
        return parcel.ParcelDay(trucks=self.trucks, carry=self.carry)

    @shared
    def lifts(self) -> lift.LiftDay:
        """Forklifts."""
        return lift.LiftDay(days=self.days, carry=self.carry)


#: Kind to what its devices report.
OBSERVERS: Mapping[str, Callable[[LogisticsDay, Moments], Observation]] = {
    COLD_ROOM.name: lambda day, at: room_report.observe(day.rooms, at),
    REEFER_TRUCK.name: lambda day, at: truck_report.observe(day.trucks, at),
    DOCK_DOOR.name: lambda day, at: dock.observe(day.docks, at),
    PARCEL_LOGGER.name: lambda day, at: parcel.observe(day.parcels, at),
    FORKLIFT.name: lambda day, at: lift.observe(day.lifts, at),
}

#: Kind to what its devices tell of a day that begins at a time.
TELLERS: Mapping[str, Callable[[LogisticsDay, int], list[Happenings]]] = {
    COLD_ROOM.name: lambda day, first_ms: events.of_rooms(day.rooms, first_ms),
}


def _after(days: Days, carry: Carry, orders: Orders = NO_ORDERS) -> Carry:
    """What some days leave; orders are of a single one."""
    day = LogisticsDay(days=days, carry=carry, orders=orders)
    parts = (day.rooms, day.docks, day.trucks, day.parcels, day.lifts)
    return {name: values for part in parts for name, values in part.after().items()}


class LogisticsModel:
    """Implements `park.model.Model`, `park.model.Strides`, `park.happenings.Tells` and `park.orders.Interlocks`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._days: OrderedDict[tuple[bytes, ...], LogisticsDay] = OrderedDict()

    def begin(self, cells: Ints) -> Carry:
        """Cold rooms, full tanks, registers at zero."""
        return {
            **room.begin(self._setting, cells),
            **dock.begin(self._setting, cells),
            **truck.begin(self._setting, cells),
            **parcel.begin(self._setting.per_cell[PARCEL_LOGGER.name], cells),
            **lift.begin(self._setting, cells),
        }

    def advance(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> Carry:
        """Registers, the units' cycles, goods and tanks a day later."""
        if not len(orders):
            return self.stride(cells, carry, [world])
        return _after(Days(setting=self._setting, once=cells, worlds=[world]), carry, orders)

    def stride(self, cells: Ints, carry: Carry, worlds: Sequence[WorldDay]) -> Carry:
        """The same after consecutive days."""
        return through_blocks(_after, self._setting, cells, carry, worlds, rows=128)

    def day(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> LogisticsDay:
        """The day, not yet computed."""
        if not len(orders):
            return LogisticsDay(days=Days(setting=self._setting, once=cells, worlds=[world]), carry=carry)
        plain = self._kept(cells, carry, world)
        return replace(plain, orders=orders, plain=plain)

    def _kept(self, cells: Ints, carry: Carry, world: WorldDay) -> LogisticsDay:
        """The day without its orders, kept for the next one."""
        key = (cells.tobytes(), *(values.tobytes() for values in carry.values()))
        known = self._days.get(key)
        # Another day may have come to lie where an old one was.
        if known is None or known.days.worlds[0] is not world:
            known = self._days[key] = self.day(cells, carry, world, NO_ORDERS)
            while len(self._days) > _DAYS_KEPT:
                self._days.popitem(last=False)
        return known

    def refusal(self, state: LogisticsDay, action: int, value: Floats, at: Moments) -> str | None:
        """Why a device itself does not do what it is told."""
        return truck_report.refusal(state.trucks, value, at) if action == SET_TEMPERATURE else None

    def observe(self, kind: str, state: LogisticsDay, at: Moments) -> Observation:
        """What the devices of `kind` report."""
        return OBSERVERS[kind](state, at)

    def tell(self, kind: str, state: LogisticsDay) -> Sequence[Happenings]:
        """What the devices of `kind` tell."""
        return TELLERS[kind](state, int(state.days.worlds[0].times[0])) if kind in TELLERS else ()


MODEL = LogisticsModel
