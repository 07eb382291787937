"""Reliever inhalers: uses of one or two puffs, at chance, more in bad air, more at night's end and in the evening.

Puffs a day are overdispersed, as in a negative binomial: people differ, and so do the days of one.
"""

from dataclasses import dataclass

import numpy as np

from park.grid import HOURS, STEPS, rows
from park.model import Floats, Ints, Moments, Observation, Streams
from sectors.healthcare.air import MEAN_PUFFS
from sectors.healthcare.slots import Slots, draw, slots

INHALERS = 6
_CANISTER = 200
_TWO_PUFFS = 0.6
#: SD of the logarithm of what sets people, and days, apart.
_PEOPLE, _DAYS = 0.7, 0.5
_MOST = 0.5
_CLOCK = (4.0 + HOURS[:-1]) % 24.0
_SHAPE = 0.35 + 0.65 * ((_CLOCK > 6.5) & (_CLOCK < 23.0)) + 0.5 * np.exp(-(((_CLOCK - 7.5) / 1.2) ** 2))
_SHAPE += 0.5 * np.exp(-(((_CLOCK - 20.5) / 1.8) ** 2))
_SHAPE /= _SHAPE.mean()
_BATTERY_DAYS = 180
_USE = "healthcare.inhaler.use"


@dataclass(frozen=True, kw_only=True, eq=False)
class Puffs:
    """A day of R inhalers: their uses, weighed by puffs, and what the counters stood at, (R,)."""

    uses: Slots
    puffs: Ints
    before: Ints


def puffs(streams: Streams, number: Ints, before: Ints, burden: Floats, day: int) -> Puffs:
    """One day of inhalers (R,) in air of this burden, (C, GRID_POINTS)."""
    chance = _chance(streams, number, burden, day)
    each = _each(streams, number[:, None], day * STEPS + np.arange(STEPS))
    return Puffs(uses=slots(streams, _USE, number, day, chance, weight=each), puffs=each, before=before)


def number_of_puffs(streams: Streams, number: Ints, burden: Floats, day: Ints) -> Ints:
    """(R,) as many as the days of these inhalers have, without their moments; `burden` is (C, GRID_POINTS)."""
    used = draw(streams, _USE, number, day) < _chance(streams, number, burden, day)
    row, step = np.nonzero(used)
    each = _each(streams, number[row], day[row] * STEPS + step)
    return np.bincount(row, each, len(number)).astype(np.int64)


def _chance(streams: Streams, number: Ints, burden: Floats, day: Ints | int) -> Floats:
    """(R, STEPS) of a use."""
    own = np.exp(_PEOPLE * streams.normal("healthcare.inhaler.own", number) - _PEOPLE**2 / 2)
    today = np.exp(_DAYS * streams.normal("healthcare.inhaler.day", number, day) - _DAYS**2 / 2)
    uses = MEAN_PUFFS / (1.0 + _TWO_PUFFS) / STEPS
    usual = uses * (own * today)[:, None] * _SHAPE
    chance = usual.reshape(len(burden), INHALERS, STEPS) * burden[:, None, :-1]
    return np.minimum(chance, _MOST).reshape(-1, STEPS)


def _each(streams: Streams, number: Ints, step: Ints) -> Ints:
    """Puffs of a use."""
    return 1 + (streams.uniform("healthcare.inhaler.two", number, step) < _TWO_PUFFS).astype(np.int64)


def observe(streams: Streams, state: Puffs, day: int, at: Moments) -> Observation:
    """What the counters tell."""
    row = rows(at, INHALERS)
    step = at.x.astype(np.int64)
    came = state.uses.seen(row, at.x) * state.puffs.reshape(-1).take(row * STEPS + step)
    total = state.before.take(row) + state.uses.before.reshape(-1).take(row * (STEPS + 1) + step) + came
    own = streams.normal("healthcare.inhaler.lungs", at.device)
    flow = 58.0 + 12.0 * own + 7.0 * streams.normal("healthcare.inhaler.flow", at.device, total)
    days = (day + 17 * at.device) % _BATTERY_DAYS + at.x / 288.0
    charge = 100.0 - 0.45 * days + 0.15 * streams.normal("healthcare.inhaler.battery", at.device, at.ts)
    return {
        "actuations": total,
        "peak_inspiratory_flow": np.clip(flow, 15.0, 115.0),
        "doses_left": _CANISTER - total % _CANISTER,
        "battery_level": np.clip(charge, 0.0, 100.0),
    }
