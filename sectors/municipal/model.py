"""The municipal sector: what a street block's things do, and what they refuse. People and weather are `WorldDay`'s."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from park.happenings import Happenings
from park.model import NO_ORDERS, Carry, Floats, Ints, Moments, Observation, Orders, Setting, WorldDay
from sectors.municipal import events, lamp, lighting, meter, room, valve, waste, zone
from sectors.municipal.catalogue import (
    CLIMATE_ZONE,
    CLOSE,
    GREEN_VALVE,
    LIGHT_CABINET,
    OPEN,
    PRESSURE_ZONE,
    RESUME,
    SET_LEVEL,
    SET_MODE,
    SET_PRESSURE,
    SET_TEMPERATURE,
    SET_VALVE,
    STREET_LAMP,
    WASTE_BIN,
    WATER_METER,
)
from sectors.municipal.memo import Memo
from sectors.municipal.span import Span

_Part = TypeVar("_Part")

_ROWS = 64  # cells times days that are worked out together


@dataclass(frozen=True, kw_only=True, eq=False)
class MunicipalDay:
    """One day of C cells, each part made when first observed."""

    setting: Setting
    cells: Ints
    carry: Carry
    world: WorldDay
    orders: Orders
    memo: Memo

    @cached_property
    def span(self) -> Span:
        """The day by itself."""
        return Span(setting=self.setting, cells=self.cells, worlds=(self.world,))

    def carried(self, prefix: str) -> Carry:
        """Some carried arrays, the devices of all cells in their rows."""
        return {name: values.reshape(-1) for name, values in self.carry.items() if name.startswith(prefix)}

    def part(self, name: str, actions: tuple[int, ...], make: Callable[[Carry, Orders], _Part]) -> _Part:
        """What these actions move, of what is carried under the name."""
        carry, orders = self.carried(name), self.orders.of_actions(actions)
        return self.memo.get(name, self.cells, self.world, (carry, orders), lambda _: make(carry, orders))

    def steady(self, name: str, make: Callable[[], _Part]) -> _Part:
        """What is the same whatever is carried and commanded."""
        return self.memo.get(name, self.cells, self.world, ({}, NO_ORDERS), lambda _: make())

    @cached_property
    def lighting(self) -> lighting.Lighting:
        """Lamps and cabinets."""
        visits = self.steady("visits", lambda: lighting.visits(self.span))
        return lighting.Lighting(span=self.span, lamps=self.lamps, visits=visits)

    @property
    def lamps(self) -> lamp.LampDay:
        """Street lamps: what more orders make of them follows from what they were."""
        carry, orders = self.carried("lamp_"), self.orders.of_actions((SET_LEVEL, RESUME))

        def make(before: lamp.LampDay | None) -> lamp.LampDay:
            return before.obeying(orders, self.span) if before else lamp.lamp_day(self.span, carry, orders)

        return self.memo.get("lamp_", self.cells, self.world, (carry, orders), make)

    @cached_property
    def valves(self) -> valve.ValveDay:
        """Green valves."""
        return self.part(
            "valve_",
            (OPEN, CLOSE),
            lambda carry, orders: valve.ValveDay(span=self.span, carry=carry, orders=orders),
        )

    @cached_property
    def quarter(self) -> zone.Quarter:
        """What the buildings draw, whatever is commanded."""
        return self.steady("quarter", lambda: zone.Quarter(span=self.span))

    @cached_property
    def zones(self) -> zone.ZoneDay:
        """Pressure zones; what their greens draw is looked up."""
        plant = self.part(
            "zone_",
            (SET_PRESSURE, SET_VALVE),
            lambda carry, orders: zone.Plant(quarter=self.quarter, carry=carry, orders=orders),
        )
        return zone.ZoneDay(plant=plant, valves=self.valves)

    @cached_property
    def bins(self) -> waste.Bins:
        """Waste bins."""
        return self.steady("bins", lambda: waste.Bins(span=self.span))

    @cached_property
    def rooms(self) -> room.RoomDay:
        """Climate zones."""
        return self.part(
            "room_",
            (SET_TEMPERATURE, SET_MODE),
            lambda carry, orders: room.RoomDay(span=self.span, carry=carry, orders=orders),
        )

    def end(self) -> Carry:
        """What is carried of zones and greens, which orders or the weather move from day to day."""
        parts = (self.zones.plant.end(), self.valves.end())
        return {name: values.reshape(self.carry[name].shape) for part in parts for name, values in part.items()}


#: Kind to what its devices report.
OBSERVERS: Mapping[str, Callable[[MunicipalDay, Moments], Observation]] = {
    STREET_LAMP.name: lambda day, at: lighting.observe_lamps(day.lighting, at),
    LIGHT_CABINET.name: lambda day, at: lighting.observe_cabinets(day.lighting, at),
    PRESSURE_ZONE.name: lambda day, at: zone.observe(day.zones, at),
    WATER_METER.name: lambda day, at: meter.observe(day.quarter, day.carried("meter_"), at),
    WASTE_BIN.name: lambda day, at: waste.observe(day.bins, day.carried("bin_")["bin_level"], at),
    GREEN_VALVE.name: lambda day, at: valve.observe(day.valves, at),
    CLIMATE_ZONE.name: lambda day, at: room.observe(day.rooms, at),
}


def _opens(day: MunicipalDay, at: Moments) -> str | None:
    """Why a green valve does not open."""
    supplied = zone.too_low(day.zones, at, day.zones.at(at).inlet)
    return valve.refusal(day.valves, at) or supplied


#: Kind to what its devices tell of a day.
TELLERS: Mapping[str, Callable[[MunicipalDay], list[Happenings]]] = {
    LIGHT_CABINET.name: lambda day: events.of_cabinets(day.span),
    PRESSURE_ZONE.name: lambda day: events.of_zones(day.span),
    WATER_METER.name: lambda day: events.of_meters(day.span),
    WASTE_BIN.name: lambda day: events.of_bins(day.bins, *day.carried("bin_").values()),
}


#: Number of an action to why it is refused; others never are.
INTERLOCKS: Mapping[int, Callable[[MunicipalDay, Floats, Moments], str | None]] = {
    SET_LEVEL: lambda day, value, at: lighting.refusal(day.lighting, value, at),
    RESUME: lambda day, _value, at: lighting.by_hand(day.lighting, at),
    SET_PRESSURE: lambda day, value, at: zone.refusal(day.zones, SET_PRESSURE, value, at),
    SET_VALVE: lambda day, value, at: zone.refusal(day.zones, SET_VALVE, value, at),
    OPEN: lambda day, _value, at: _opens(day, at),
    SET_TEMPERATURE: lambda day, value, at: room.refusal(day.rooms, SET_TEMPERATURE, value, at),
    SET_MODE: lambda day, value, at: room.refusal(day.rooms, SET_MODE, value, at),
}


def _after(span: Span, carry: Carry, orders: Orders) -> Carry:
    """What is carried after a span; orders belong to a span of one day."""
    plants: Carry = {name: values for name, values in carry.items() if name.startswith(("zone_", "valve_"))}
    for one in span.each():
        world = one.worlds[0]
        day = MunicipalDay(setting=one.setting, cells=one.cells, carry=plants, world=world, orders=orders, memo=Memo())
        plants = day.end()
    halls = room.after(span, carry, orders)
    return {
        **lamp.after(span, carry, orders),
        **meter.after(span, carry),
        **waste.after(span, carry),
        **halls,
        **plants,
    }


class MunicipalModel:
    """Implements `park.model.Model`, `park.model.Strides`, `park.orders.Unmoved` and `park.happenings.Tells`."""

    unmoved = frozenset({SET_LEVEL, RESUME})

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._memo = Memo()

    def begin(self, cells: Ints) -> Carry:
        """Everything by its program, registers at zero."""
        count, per_cell = len(cells), self._setting.per_cell
        zones = zone.begin(Span(setting=self._setting, cells=cells, worlds=()))
        return {
            **lamp.begin(count, per_cell[STREET_LAMP.name]),
            **{name: values.reshape(count, 1) for name, values in zones.items()},
            **meter.begin(count, per_cell[WATER_METER.name]),
            **waste.begin(count, per_cell[WASTE_BIN.name]),
            **valve.begin(count, per_cell[GREEN_VALVE.name]),
            **room.begin(count, per_cell[CLIMATE_ZONE.name]),
        }

    def advance(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> Carry:
        """The state one day later."""
        return _after(Span(setting=self._setting, cells=cells, worlds=(world,)), carry, orders)

    def stride(self, cells: Ints, carry: Carry, worlds: Sequence[WorldDay]) -> Carry:
        """The state after these days; what does not depend on the state is worked out for many of them at once."""
        at_once = max(1, _ROWS // len(cells))
        for first in range(0, len(worlds), at_once):
            some = tuple(worlds[first : first + at_once])
            carry = _after(Span(setting=self._setting, cells=cells, worlds=some), carry, NO_ORDERS)
        return carry

    def day(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> MunicipalDay:
        """The day, not yet computed."""
        return MunicipalDay(
            setting=self._setting, cells=cells, carry=carry, world=world, orders=orders, memo=self._memo
        )

    def observe(self, kind: str, state: MunicipalDay, at: Moments) -> Observation:
        """What the devices of `kind` report."""
        return OBSERVERS[kind](state, at)

    def tell(self, kind: str, state: MunicipalDay) -> Sequence[Happenings]:
        """What the devices of `kind` tell."""
        return TELLERS[kind](state) if kind in TELLERS else ()

    def refusal(self, state: MunicipalDay, action: int, value: Floats, at: Moments) -> str | None:
        """Why a device itself does not do what it is told."""
        interlock = INTERLOCKS.get(action)
        return interlock(state, value, at) if interlock else None


MODEL = MunicipalModel
