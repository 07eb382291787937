"""Street lamps: levels that fade, power that follows them, registers that are their exact integrals.

A LED driver draws its standby, a loss when lit, and nearly in proportion to the level. Roads are of classes I to III
as CJJ 45 has them: the more light is required, the larger the lamps and the least level in the dark.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from park.model import DAY_MS, NO_ORDERS, Carry, Floats, Ints, Orders, Streams
from sectors.municipal.catalogue import RESUME, SET_LEVEL, STREET_LAMP
from sectors.municipal.fade import Draw, Fade
from sectors.municipal.instants import Instants, warmth
from sectors.municipal.ordered import Ordered, Table
from sectors.municipal.program import FOLLOW, Told, programmed
from sectors.municipal.span import Span

_RATED_KW = np.array([0.24, 0.15, 0.10])  # by class I, II, III
_DIMMED = np.array([0.6, 0.5, 0.5])
_LEAST = np.array([0.4, 0.35, 0.3])
_STATE = ("lamp_level", "lamp_told", "lamp_ramp_s", "lamp_warm")
_REGISTERS = ("lamp_alight_h", "lamp_kwh")


@dataclass(frozen=True, kw_only=True, eq=False)
class Street:
    """The roads of R cells, (R,) each: nominal power of a lamp, kW; levels when dimmed and at least in the dark."""

    rated: Floats
    dimmed: Floats
    least: Floats


def street(streams: Streams, cells: Ints) -> Street:
    """Of these cells."""
    sort = np.searchsorted([0.25, 0.65], streams.uniform("municipal.class", cells), side="right")
    return Street(rated=_RATED_KW[sort], dimmed=_DIMMED[sort], least=_LEAST[sort])


def draw(streams: Streams, lamp: Ints, rated: Floats) -> Draw:
    """What lamps draw, of their numbers in the town and their nominal power."""
    own = rated * (0.97 + 0.06 * streams.uniform("municipal.lamp.power", lamp))
    standby = 0.0003 + 0.0002 * streams.uniform("municipal.lamp.standby", lamp)
    on, bend = 0.03 * own, 0.06 * own
    return Draw(standby=standby, on=on, a=own - standby - on - bend, b=bend)


def photocell(streams: Streams, cells: Ints) -> Floats:
    """(R,) what each cabinet's photocell reads of a true lux."""
    return 0.9 + 0.2 * streams.uniform("municipal.photocell", cells)


@dataclass(frozen=True, kw_only=True, eq=False)
class LampDay:
    """L lamps on a day each, one that begins in the state of `carry`.

    Attributes:
        told: by the program, at K instants.
        carry: (L,) each, the registers included.
        draw: what they draw, (L,).
        ordered: what orders make of some of them; None if there are none.
    """

    told: Told
    carry: Carry
    draw: Draw
    ordered: Ordered | None = None

    def obeying(self, orders: Orders, span: Span) -> "LampDay":
        """The same lamps, to which these are all the day's orders."""
        if not len(orders):
            return replace(self, ordered=None)
        known = self.ordered or Ordered(told=self.told, draw=self.draw, table=Table(self._steps))
        return replace(self, ordered=known.obeying(orders, span))

    @cached_property
    def _steps(self) -> Floats:
        """(L * K, 8) the lamps by their program, from every instant on."""
        level, ordered, left, warm = (self.carry[name] for name in _STATE)
        zero = np.zeros_like(level)
        still = Fade(start=level, goal=level, ramp=zero)
        since = np.zeros(len(level), dtype=np.int64)
        one = Instants(fade=still, since_ms=since, told=ordered, warm=warm, alight_h=zero, kwh=zero)
        steps = []
        for k in range(self.told.ms.shape[1]):
            one = one.next(self.told, k, None if k else left, self.draw)
            steps.append(one.rows)
        return np.stack(steps, axis=1).reshape(-1, steps[0].shape[1])

    def _from(self, lamp: Ints, ms: Ints) -> Instants:
        """(N,) the last instants of lamps at or before milliseconds of the day."""
        number = (self.told.ms[lamp] <= ms[:, None]).sum(axis=1) - 1
        place = lamp * self.told.ms.shape[1] + number
        if self.ordered is None:
            return Instants.of(self._steps[place])
        return self.ordered.instants(lamp, ms, place)

    def at(self, lamp: Ints, ms: Ints) -> "Seen":
        """Lamps at moments, (N,) each."""
        one = self._from(lamp, ms)
        before = tuple(self.carry[name].take(lamp) for name in _REGISTERS)
        return Seen(one=one, seconds=(ms - one.since_ms) / 1000.0, before=before, draw=self.draw.take(lamp))

    def least(self, lamp: Ints, ms: Ints) -> Floats:
        """(N,) level below which lamps do not go."""
        number = (self.told.ms[lamp] <= ms[:, None]).sum(axis=1) - 1
        return np.asarray(self.told.least[lamp, number])

    def end(self) -> Carry:
        """(L,) each, what is carried from the day's last instant on; registers as of the day's beginning."""
        lamps = np.arange(len(self.told.ms))
        last = self._from(lamps, np.full(len(lamps), DAY_MS))
        seconds = (DAY_MS - last.since_ms) / 1000.0
        left = np.maximum(last.fade.ramp - seconds, 0.0)
        warm = warmth(last.warm, last.fade.goal, seconds, self.draw)
        state = (last.fade.level(seconds), last.told, left, warm)
        added = last.alight_h + last.fade.alight_h(seconds), last.kwh + last.fade.energy_kwh(seconds, self.draw)
        return dict(zip((*_STATE, *_REGISTERS), (*state, *added), strict=True))


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """N lamps, each some seconds after the instant `one`; `before` are its registers at the day's beginning."""

    one: Instants
    seconds: Floats
    before: tuple[Floats, ...]
    draw: Draw

    @cached_property
    def level(self) -> Floats:
        """0 to 1."""
        return self.one.fade.level(self.seconds)

    @cached_property
    def power(self) -> Floats:
        """KW."""
        return self.draw.power(self.level)

    @property
    def warm(self) -> Floats:
        """K of the board over the air."""
        return warmth(self.one.warm, self.one.fade.goal, self.seconds, self.draw)

    @property
    def energy(self) -> Floats:
        """KWh on the register."""
        return self.before[1] + (self.one.kwh + self.one.fade.energy_kwh(self.seconds, self.draw))

    @property
    def hours(self) -> Floats:
        """On the register."""
        return self.before[0] + (self.one.alight_h + self.one.fade.alight_h(self.seconds))


@dataclass(frozen=True, kw_only=True, eq=False)
class Programs:
    """What the cabinets of a span tell their lamps, and what these draw."""

    told: Told
    draw: Draw


def programs(span: Span) -> Programs:
    """Of a span, whatever is commanded."""
    streams, per_cell = span.setting.streams, span.per_cell(STREET_LAMP.name)
    cells = span.number()
    road = street(streams, cells)
    light = span.series(lambda world: world.illuminance)
    told = programmed(light, photocell(streams, cells), road.dimmed, road.least).repeated(per_cell)
    return Programs(told=told, draw=draw(streams, span.number(STREET_LAMP.name), np.repeat(road.rated, per_cell)))


def lamp_day(span: Span, carry: Carry, orders: Orders = NO_ORDERS) -> LampDay:
    """Lamps of a span, `carry` being (rows,); orders belong to a span of one day."""
    plain = programs(span)
    day = LampDay(told=plain.told, carry=carry, draw=plain.draw)
    return day.obeying(orders.of_actions((SET_LEVEL, RESUME)), span) if len(orders) else day


def begin(cells: int, per_cell: int) -> Carry:
    """Lamps off, following the program, registers at zero; (C, per_cell) each."""
    fresh = {name: np.zeros((cells, per_cell)) for name in (*_STATE, *_REGISTERS)}
    return fresh | {"lamp_told": np.full((cells, per_cell), FOLLOW)}


def after(span: Span, carry: Carry, orders: Orders = NO_ORDERS) -> Carry:
    """What is carried after a span; orders belong to a span of one day."""
    carry = {name: carry[name].reshape(-1) for name in (*_STATE, *_REGISTERS)}
    together = _together(span, carry) if len(span.worlds) > 1 else None
    if together:
        carry = together
    else:
        for one in span.each():
            ends = lamp_day(one, carry, orders).end()
            carry = {**ends, **{name: carry[name] + ends[name] for name in _REGISTERS}}
    return {name: values.reshape(len(span.cells), -1) for name, values in carry.items()}


def _together(span: Span, carry: Carry) -> Carry | None:
    """The same of days at once, which is right where each leaves the lamps as the next one's program has them."""
    day = lamp_day(span, carry)
    days, level = len(span.worlds), day.told.program[:, 0].copy()
    zero = np.zeros_like(level)
    usual = (level, np.full_like(level, FOLLOW), zero, warmth(zero, level, np.full_like(level, DAY_MS), day.draw))
    starts = {name: values.reshape(days, -1) for name, values in zip(_STATE, usual, strict=True)}
    for name, values in starts.items():
        values[0] = carry[name]
    rows = {name: values.reshape(-1) for name, values in starts.items()}
    ends = {name: v.reshape(days, -1) for name, v in LampDay(told=day.told, carry=rows, draw=day.draw).end().items()}
    if any((ends[name][:-1] != starts[name][1:]).any() for name in _STATE):
        return None
    registers = dict(carry)
    for name in _REGISTERS:
        for added in ends[name]:
            registers[name] = registers[name] + added
    return {name: ends[name][-1] for name in _STATE} | {name: registers[name] for name in _REGISTERS}
