"""Greens: a bucket of soil that dries and is watered, by a program at dawn or by orders.

Evaporation is Makkink's (1957), the soil a bucket that overflows; a valve's flow is steady, as pressure-compensated
sprinklers have it, so that its volume is its time open.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.grid import STEPS, Sampler, integral, rows
from park.model import DAY_MS, GRID_S, Carry, Floats, Ints, Moments, Observation, Orders, WorldDay
from sectors.municipal.catalogue import CLOSE, GREEN_VALVE, OPEN
from sectors.municipal.chain import NEVER, Chain
from sectors.municipal.span import Span

_STEP_MS = GRID_S * 1000
_INSTANTS = np.arange(STEPS + 1) * _STEP_MS
_HOUR_MS = 3_600_000
_FIRST_MS, _NEXT_MS = _HOUR_MS, 50 * 60_000  # the first at 5 h
_LONGEST_H = 0.75
_RATE_MM_H = 10.0
_BEGINS_MM, _LEFT_MM = 9.0, 3.0
_ROOTS_MM, _FIELD = 300.0, 0.30
_DRY_MM = 45.0
FROST_CEL, RAIN_MM_H = 3.0, 0.1
STATE = ("valve_left_ms", "valve_deficit", "valve_m3")


def _evaporation(world: WorldDay) -> Floats:
    """Mm/h of wet grass: 0.61 of the radiation's, more of it the warmer."""
    share = np.clip(0.46 + 0.011 * world.temperature, 0.35, 0.8)
    return np.asarray(0.61 * share * world.ghi * 0.0036 / 2.45)


@dataclass(frozen=True, kw_only=True, eq=False)
class ValveDay:
    """One day of V valves, by cell, then unit.

    Attributes:
        span: of one day.
        carry: (V,) each: milliseconds that each is still open, mm that the soil lacks, m3 on the register.
        orders: the day's.
    """

    span: Span
    carry: Carry
    orders: Orders

    @cached_property
    def rate(self) -> Floats:
        """(V,) m3/h through each when open."""
        return 1.5 + 2.5 * self._own("flow")

    @cached_property
    def told(self) -> tuple[Ints, Ints, Ints]:
        """(V, K) milliseconds at which something is told, until when it is open from then on, how long it was so far.

        Program and orders: one that opens an open valve moves its end, the program never to an earlier one.
        """
        begin, lasts = self._program
        none = np.zeros((len(begin), 1), dtype=np.int64)
        chain = Chain.of(
            np.concatenate([none, begin[:, None]], axis=1),
            self.orders,
            (OPEN, CLOSE),
            cells=self.span.cells,
            per_cell=self.span.per_cell(GREEN_VALVE.name),
            world=self.span.worlds[0],
        )
        opens = self.orders.action[chain.mine] == OPEN
        ordered = np.where(opens, self.orders.value[chain.mine, 0] * 60_000.0, 0.0)
        left = self.carry["valve_left_ms"][:, None]
        lasting = chain.put(np.concatenate([left, lasts[:, None]], axis=1), chain.ordered(ordered, 0.0))
        programmed = chain.order < 2
        until, opened, ends, sums = none[:, 0], none[:, 0], [], []
        for k in range(chain.ms.shape[1]):
            now = chain.ms[:, k]
            if k:
                before = chain.ms[:, k - 1]
                opened = opened + np.clip(until - before, 0, now - before)
            said = now + np.rint(lasting[:, k]).astype(np.int64)
            said = np.where(programmed[:, k], np.maximum(until, said), said)
            until = np.where(now < NEVER, said, until)
            ends.append(until)
            sums.append(opened)
        return chain.ms, np.stack(ends, axis=1), np.stack(sums, axis=1)

    def _own(self, what: str) -> Floats:
        """(V,) what is a green's own, 0 to 1."""
        return self.span.setting.streams.uniform(f"municipal.green.{what}", self.span.number(GREEN_VALVE.name))

    @property
    def _program(self) -> tuple[Ints, Floats]:
        """(V,) when each opens by itself, and for how many milliseconds; 0 if it does not."""
        unit = np.tile(np.arange(self.span.per_cell(GREEN_VALVE.name)), len(self.span.cells))
        begin = _FIRST_MS + _NEXT_MS * unit
        lacks = self.carry["valve_deficit"]
        hours = np.clip((lacks - _LEFT_MM) / _RATE_MM_H, 0.0, _LONGEST_H)
        here = (np.arange(len(unit)), begin // _STEP_MS)
        fair = (self._series(lambda world: world.precipitation)[here] < RAIN_MM_H) & (
            self._series(lambda world: world.temperature)[here] >= FROST_CEL
        )
        begins = _BEGINS_MM * (0.7 + 0.9 * self._own("begins"))
        return begin, np.where(fair & (lacks > begins), np.rint(hours * 60.0) * 60_000.0, 0.0)

    def _series(self, of: Callable[[WorldDay], Floats]) -> Floats:
        return self.span.series(of, self.span.per_cell(GREEN_VALVE.name))

    def opened(self, valve: Ints, ms: Ints) -> tuple[Ints, Ints]:
        """(N,) milliseconds that valves have been open since the day began, and whether they are."""
        when, until, before = self.told
        number = (when[valve] <= ms[:, None]).sum(axis=1) - 1
        start, end = when[valve, number], until[valve, number]
        return before[valve, number] + np.clip(end - start, 0, ms - start), (ms < end).astype(np.int64)

    def drawn(self, cell: Ints, ms: Ints) -> Floats:
        """(N,) m3/h that the valves of cells draw at milliseconds of the day."""
        per_cell = self.span.per_cell(GREEN_VALVE.name)
        total = np.zeros(len(cell))
        for unit in range(per_cell):
            valve = cell * per_cell + unit
            total += self.rate[valve] * self.opened(valve, ms)[1]
        return total

    @cached_property
    def _water(self) -> tuple[Floats, Floats]:
        """(V, GRID_POINTS) mm that the soil would lack by the weather alone, and that it was watered with."""
        lacks = self.carry["valve_deficit"]
        # Dry soil gives less; what it lacked in the morning decides for the day.
        gives = ((0.7 + 0.4 * self._own("sun")) * np.clip(1.25 - lacks / _DRY_MM, 0.05, 1.0))[:, None]
        weather = integral(gives * self._series(_evaporation) - self._series(lambda world: world.precipitation))
        when, until, _ = self.told
        opened = np.zeros(weather.shape, dtype=np.int64)
        for k in range(when.shape[1]):
            end = np.minimum(until[:, k], when[:, k + 1]) if k + 1 < when.shape[1] else until[:, k]
            opened += np.maximum(np.minimum(_INSTANTS, end[:, None]) - when[:, k, None], 0)
        return lacks[:, None] + weather, opened / _HOUR_MS * _RATE_MM_H

    @cached_property
    def spilled(self) -> Floats:
        """(V, GRID_POINTS) mm that ran off so far, because the soil was full."""
        weather, watered = self._water
        return np.maximum.accumulate(np.maximum(watered - weather, 0.0), axis=1)

    def lacks(self, valve: Ints, at: Moments) -> Floats:
        """(N,) mm that the soil lacks: of an instant of the grid, and what weather and valve did since."""
        here, (weather, _) = Sampler(valve, at.x), self._water
        opened, _ = self.opened(valve, at.ms)
        lacks = here.line(weather) - opened / _HOUR_MS * _RATE_MM_H + here.hold(self.spilled)
        return np.asarray(np.maximum(lacks, 0.0))

    def end(self) -> Carry:
        """(V,) each, what is carried from the day's last instant on."""
        weather, watered = self._water
        valves = np.arange(len(weather))
        opened, _ = self.opened(valves, np.full(len(valves), DAY_MS))
        lacks = np.clip(weather[:, -1] - watered[:, -1] + self.spilled[:, -1], 0.0, _DRY_MM)
        return {
            "valve_left_ms": np.maximum(self.told[1][:, -1] - DAY_MS, 0).astype(np.float64),
            "valve_deficit": lacks,
            "valve_m3": self.carry["valve_m3"] + self.rate * opened / _HOUR_MS,
        }


def begin(cells: int, per_cell: int) -> Carry:
    """Closed, the soil wet by winter, registers at zero."""
    return {name: np.zeros((cells, per_cell)) for name in STATE}


def observe(day: ValveDay, at: Moments) -> Observation:
    """Green valves."""
    valve, streams = rows(at, day.span.per_cell(GREEN_VALVE.name)), day.span.setting.streams
    opened, runs = day.opened(valve, at.ms)
    stray = streams.normal("municipal.green.noise", at.device, at.ts)
    age = (day.span.worlds[0].index % 400) / 400.0
    return {
        "valve_open": runs > 0,
        "water_flow": runs * day.rate[valve] * (1.0 + 0.01 * stray),
        "water_total": day.carry["valve_m3"][valve] + day.rate[valve] * opened / _HOUR_MS,
        "soil_moisture": _FIELD - day.lacks(valve, at) / _ROOTS_MM + 0.001 * stray,
        "battery_voltage": 3.62 - 0.12 * age + 0.01 * streams.normal("municipal.green.volt", at.device, at.ts),
    }


def refusal(day: ValveDay, at: Moments) -> str | None:
    """Why a valve does not open: rain, frost, or (said by its zone) too little pressure."""
    here, world = Sampler(day.span.setting.site_of(day.span.cells)[at.row], at.x), day.span.worlds[0]
    if (here.line(world.precipitation) >= RAIN_MM_H).any():
        return "rain"
    return "frost" if (here.line(world.temperature) < FROST_CEL).any() else None
