"""The logistics sector: cold hubs, their docks, and what they send out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from park.days import Days, through_blocks
from park.happenings import Happenings
from park.model import Carry, Ints, Moments, Observation, Orders, Setting, WorldDay
from sectors.logistics import dock, events, lift, parcel, room, room_report, truck
from sectors.logistics.catalogue import COLD_ROOM, DOCK_DOOR, FORKLIFT, PARCEL_LOGGER, REEFER_TRUCK


@dataclass(frozen=True, kw_only=True, eq=False)
class LogisticsDay:
    """One day of C hubs, or several, each part made when first observed."""

    days: Days
    carry: Carry

    @cached_property
    def rooms(self) -> room.RoomDay:
        """Cold rooms."""
        return room.RoomDay(days=self.days, carry=self.carry)

    @cached_property
    def docks(self) -> dock.DockDay:
        """Dock doors."""
        return dock.DockDay(days=self.days, carry=self.carry)

    @cached_property
    def trucks(self) -> truck.TruckDay:
        """Lorries."""
        return truck.TruckDay(days=self.days, carry=self.carry)

    @cached_property
    def parcels(self) -> parcel.ParcelDay:
        """Loggers."""
        return parcel.ParcelDay(trucks=self.trucks, carry=self.carry)

    @cached_property
    def lifts(self) -> lift.LiftDay:
        """Forklifts."""
        return lift.LiftDay(days=self.days, carry=self.carry)


#: Kind to what its devices report.
OBSERVERS: Mapping[str, Callable[[LogisticsDay, Moments], Observation]] = {
    COLD_ROOM.name: lambda day, at: room_report.observe(day.rooms, at),
    REEFER_TRUCK.name: lambda day, at: truck.observe(day.trucks, at),
    DOCK_DOOR.name: lambda day, at: dock.observe(day.docks, at),
    PARCEL_LOGGER.name: lambda day, at: parcel.observe(day.parcels, at),
    FORKLIFT.name: lambda day, at: lift.observe(day.lifts, at),
}

#: Kind to what its devices tell of a day that begins at a time.
TELLERS: Mapping[str, Callable[[LogisticsDay, int], list[Happenings]]] = {
    COLD_ROOM.name: lambda day, first_ms: events.of_rooms(day.rooms, first_ms),
}


def _after(days: Days, carry: Carry) -> Carry:
    """What some days leave."""
    day = LogisticsDay(days=days, carry=carry)
    parts = (day.rooms, day.docks, day.trucks, day.parcels, day.lifts)
    return {name: values for part in parts for name, values in part.after().items()}


class LogisticsModel:
    """Implements `park.model.Model`, `park.model.Strides` and `park.happenings.Tells`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

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
        return self.stride(cells, carry, [world])

    def stride(self, cells: Ints, carry: Carry, worlds: Sequence[WorldDay]) -> Carry:
        """The same after consecutive days."""
        return through_blocks(_after, self._setting, cells, carry, worlds, rows=128)

    def day(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> LogisticsDay:
        """The day, not yet computed."""
        return LogisticsDay(days=Days(setting=self._setting, once=cells, worlds=[world]), carry=carry)

    def observe(self, kind: str, state: LogisticsDay, at: Moments) -> Observation:
        """What the devices of `kind` report."""
        return OBSERVERS[kind](state, at)

    def tell(self, kind: str, state: LogisticsDay) -> Sequence[Happenings]:
        """What the devices of `kind` tell."""
        return TELLERS[kind](state, int(state.days.worlds[0].times[0])) if kind in TELLERS else ()


MODEL = LogisticsModel
