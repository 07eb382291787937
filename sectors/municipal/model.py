"""The municipal sector: what a street block's things do, and what they refuse. People and weather are `WorldDay`'s."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from park.model import NO_ORDERS, Carry, Floats, Ints, Moments, Observation, Orders, Setting, WorldDay
from sectors.municipal import lamp, lighting
from sectors.municipal.catalogue import LIGHT_CABINET, RESUME, SET_LEVEL, STREET_LAMP
from sectors.municipal.span import Span

_ROWS = 64  # cells times days that are worked out together


@dataclass(frozen=True, kw_only=True, eq=False)
class MunicipalDay:
    """One day of C cells, each part made when first observed."""

    setting: Setting
    cells: Ints
    carry: Carry
    world: WorldDay
    orders: Orders

    @cached_property
    def span(self) -> Span:
        """The day by itself."""
        return Span(setting=self.setting, cells=self.cells, worlds=(self.world,))

    def carried(self, prefix: str) -> Carry:
        """Some carried arrays, the devices of all cells in their rows."""
        return {name: values.reshape(-1) for name, values in self.carry.items() if name.startswith(prefix)}

    @cached_property
    def lighting(self) -> lighting.Lighting:
        """Lamps and cabinets."""
        return lighting.Lighting(span=self.span, lamps=lamp.lamp_day(self.span, self.carried("lamp_"), self.orders))


#: Kind to what its devices report.
OBSERVERS: Mapping[str, Callable[[MunicipalDay, Moments], Observation]] = {
    STREET_LAMP.name: lambda day, at: lighting.observe_lamps(day.lighting, at),
    LIGHT_CABINET.name: lambda day, at: lighting.observe_cabinets(day.lighting, at),
}


def _after(span: Span, carry: Carry, orders: Orders) -> Carry:
    """What is carried after a span."""
    return lamp.after(span, carry, orders)


class MunicipalModel:
    """Implements `park.model.Model`, `park.model.Strides` and `park.model.Interlocks`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def begin(self, cells: Ints) -> Carry:
        """Everything by its program, registers at zero."""
        return lamp.begin(len(cells), self._setting.per_cell[STREET_LAMP.name])

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
        return MunicipalDay(setting=self._setting, cells=cells, carry=carry, world=world, orders=orders)

    def observe(self, kind: str, state: MunicipalDay, at: Moments) -> Observation:
        """What the devices of `kind` report."""
        return OBSERVERS[kind](state, at)

    def refusal(self, state: MunicipalDay, action: int, value: Floats, at: Moments) -> str | None:
        """Why a device itself does not do what it is told."""
        interlock = INTERLOCKS.get(action)
        return interlock(state, value, at) if interlock else None


#: Number of an action to why it is refused.
INTERLOCKS: Mapping[int, Callable[[MunicipalDay, Floats, Moments], str | None]] = {
    SET_LEVEL: lambda day, value, at: lighting.refusal(day.lighting, value, at),
    RESUME: lambda day, _value, at: lighting.by_hand(day.lighting, at),
}


MODEL = MunicipalModel
