"""What is switched: events in closed form, finer than the grid, whose energy is exact.

An appliance is on for stretches that begin and end at any second, and within a stretch its thermostat or its user
switches it: it draws its power for a share of every cycle. A day is cut into half hours; in each the appliance may
change from off to on or back, once. So its energy at an instant follows from one half hour's numbers.

Two sorts: what runs always (a cold store), and what people run. The latter is off from 03:30 to 04:00, when days meet.
"""

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from park.grid import STEPS
from park.model import Bools, Floats, Ints

SLOTS = 48
SLOT_STEPS = STEPS // SLOTS
#: Hours of the day in the middle of the slots.
SLOT_HOURS: Floats = 4.0 + (np.arange(SLOTS) + 0.5) / 2
_DAY_MIN, _SLOT_MIN = 1440.0, 30.0
_SPREAD = 4096.0  # digits of a uniform that are free of its size
_GOLDEN = 0.6180339887498949


@dataclass(frozen=True, kw_only=True, eq=False)
class Kit:
    """The appliances of buildings, (rows, A) each.

    Attributes:
        power: when on, kW.
        period: of a cycle, minutes.
        duty: share of it that is on.
        phase: of the cycle at the commissioning, 0 to 1.
        always: whether it runs whoever is there.
    """

    power: Floats
    period: Floats
    duty: Floats
    phase: Floats
    always: Bools

    def some(self, rows: Ints) -> "Kit":
        """That of these rows."""
        return Kit(**{part.name: getattr(self, part.name)[rows] for part in fields(self)})


class Switched:
    """What the appliances of buildings draw through a day.

    Args:
        kit: what there is.
        day: number of the day, (rows,).
        wanted: probability that an appliance is in use in a half hour, (rows, A, SLOTS).
        draw: uniform; equal draws in a row of half hours make one long use, (rows, A, SLOTS).
    """

    def __init__(self, kit: Kit, day: Ints, wanted: Floats, draw: Floats) -> None:
        self._kit = kit
        self._phase = kit.phase + day[:, None] * _DAY_MIN / kit.period
        on = np.zeros((*draw.shape[:2], SLOTS + 1), dtype=np.bool_)
        on[..., 1:SLOTS] = draw[..., : SLOTS - 1] < wanted[..., : SLOTS - 1]
        on |= kit.always[..., None]
        self._on = on
        self._switch = (draw * _SPREAD + np.arange(SLOTS) * _GOLDEN) % 1.0

    @cached_property
    def _halves(self) -> tuple[Floats, Floats]:
        """Before and after each slot's switch: factor of `_counted`, and what is added to give kWh since 04:00.

        (rows, A, SLOTS, 2) both.
        """
        kit = self._kit
        kwh = (kit.power * kit.period / 60.0)[..., None]
        start = self._counted(np.arange(SLOTS + 1, dtype=np.float64) * _SLOT_MIN)
        middle = self._counted(np.asarray((np.arange(SLOTS) + self._switch) * _SLOT_MIN))
        factor = np.stack([self._on[..., :-1] * kwh, self._on[..., 1:] * kwh], axis=-1)
        first = factor[..., 0] * (middle - start[..., :-1])
        second = factor[..., 1] * (start[..., 1:] - middle)
        base = np.empty_like(factor)
        total = np.cumsum(first + second, axis=-1)
        base[..., 0] = total - first - second - factor[..., 0] * start[..., :-1]
        base[..., 1] = total - second - factor[..., 1] * middle
        return factor, base

    def _counted(self, minutes: Floats) -> Floats:
        """Full cycles' worth of being on since the commissioning at minutes since 04:00; (..., n)."""
        kit = self._kit
        cycle = minutes / kit.period[..., None] + self._phase[..., None]
        whole = np.floor(cycle)
        duty = kit.duty[..., None]
        return np.asarray(whole * duty + np.minimum(cycle - whole, duty))

    def energy(self, steps: int) -> Floats:
        """At the ends of so many equal steps of the day, kWh since 04:00; (rows, steps + 1).

        `steps` is a multiple of `SLOTS`.
        """
        factor, base = self._halves
        rows, count = self._kit.power.shape
        total = np.zeros((rows, steps + 1))
        within = steps // SLOTS
        inner = total[:, :-1].reshape(rows, SLOTS, within)
        minutes = np.asarray(np.arange(steps + 1) * (_DAY_MIN / steps), dtype=np.float64)
        # One appliance after the other, in place: what a day needs then stays in the processor's cache.
        for one in range(count):
            counted = self._counted_of(one, minutes)
            since = counted[:, :-1].reshape(rows, SLOTS, within)
            late = np.arange(within) >= self._switch[:, one, :, None] * within
            since *= np.where(late, factor[:, one, :, 1:], factor[:, one, :, :1])
            since += np.where(late, base[:, one, :, 1:], base[:, one, :, :1])
            inner += since
            total[:, -1] += factor[:, one, -1, 1] * counted[:, -1] + base[:, one, -1, 1]
        return total

    @property
    def before(self) -> Floats:
        """Energy of the minute before 04:00, in which only what runs always does, kWh; (rows,)."""
        kit = self._kit
        counted = self._counted(np.broadcast_to([-1.0, 0.0], (*kit.power.shape, 2)))
        each = (counted[..., 1] - counted[..., 0]) * (kit.power * kit.period / 60.0)
        return np.asarray(np.where(kit.always, each, 0.0).sum(axis=1))

    def _counted_of(self, one: int, minutes: Floats) -> Floats:
        """`_counted` of one appliance at these minutes, (rows, minutes)."""
        kit = self._kit
        cycle = minutes * (1.0 / kit.period[:, one, None])
        cycle += self._phase[:, one, None]
        whole = np.floor(cycle)
        cycle -= whole
        duty = kit.duty[:, one, None]
        np.minimum(cycle, duty, out=cycle)
        whole *= duty
        cycle += whole
        return cycle
