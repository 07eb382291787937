"""What a charging point does on a day on which its power is limited: to the millisecond, in closed form.

The point offers the vehicle a current (IEC 61851: none below 6 A) that keeps its power below the limit at any voltage.
The vehicle takes it until its own taper asks for less: a limited session is again constant current, then a decay, from
what the battery has so far. It stays as long as it would have; what it has not been given by then it leaves without.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from park.grid import GRID_H, STEPS
from park.model import DAY_MS, Bools, Floats, Ints
from park.orders import Told
from sectors.energy.catalogue import SET_LIMIT
from sectors.energy.course import HOUR_MS, STEP_MS
from sectors.energy.ev import HIGHEST, READY, TAPERS, Sessions

NO_LIMIT = math.inf
#: No session is under way that orders have slowed.
UNDISTURBED = -1.0
_LEAST_A, _NOMINAL_KV = 6.0, 0.22


@dataclass(frozen=True, kw_only=True, eq=False)
class Entering:
    """How a charging point enters the day.

    Attributes:
        limit: that it was told, kW.
        progress: kWh at nominal voltage that the standing vehicle has been given, where orders have slowed it.
    """

    limit: float
    progress: float

    @property
    def usual(self) -> bool:
        """Whether nothing is left of what it was told."""
        return self.limit == NO_LIMIT and self.progress == UNDISTURBED


@dataclass(frozen=True, kw_only=True, eq=False)
class _Piece:
    """A stretch of a session under one limit.

    Attributes:
        ms: when it begins, since 04:00.
        power: at first, at nominal voltage, kW.
        steady_h: hours of it.
        taper_h: time constant of the decay that follows.
        lasts_h: hours until the vehicle is full.
        paused: whether the limit leaves it no current though it is not full.
        begun: kWh that the session has been given before.
    """

    ms: float
    power: float = 0.0
    steady_h: float = 0.0
    taper_h: float = 1.0
    lasts_h: float = 0.0
    paused: bool = False
    begun: float = 0.0

    def given(self, hours: float) -> float:
        """KWh at nominal voltage after some hours of it."""
        charged = min(max(hours, 0.0), self.lasts_h)
        decay = -math.expm1(-max(charged - self.steady_h, 0.0) / self.taper_h)
        return self.power * (min(charged, self.steady_h) + self.taper_h * decay)


class Limited:
    """The day of one charging point.

    Args:
        sessions: of the point, (1, K), the first being that of the day before.
        phases: of the point.
        voltage: over nominal, mean of each step, (STEPS,).
        entering: how it enters the day.
        told: the day's orders to it, by time.
    """

    def __init__(
        self, sessions: Sessions, phases: float, voltage: Floats, entering: Entering, told: Sequence[Told]
    ) -> None:
        self.first_ms = told[0].ms if entering.usual else 0
        self._least = _LEAST_A * _NOMINAL_KV * phases
        self._limits = [(0.0, entering.limit), *((float(one.ms), _said(one)) for one in told)]
        self._voltage, self.left_limit = voltage, self._limits[-1][1]
        pieces = [_Piece(ms=0.0)]
        self.left_progress = UNDISTURBED
        for number in range(sessions.arrival.shape[1]):
            one = {name: float(part[0, number]) for name, part in sessions.parts.items()}
            if math.isfinite(one["arrival"]) and one["departure"] > 0:
                pieces += self._session(one, entering.progress if number == 0 else UNDISTURBED)
        self._gather(pieces)

    def at(self, ms: Floats | Ints) -> tuple[Floats, Floats, Floats, Bools]:
        """(N,) power, kW, energy since 04:00, kWh, power at nominal voltage, and whether the limit is a pause."""
        place, step = np.searchsorted(self.ms, ms, side="right") - 1, np.minimum(ms // STEP_MS, STEPS - 1)
        power, nominal = self._nominal(place, ms)
        step = step.astype(np.int64)
        volts = self._voltage[step]
        energy = self._energy[step] + volts * (nominal - self._nodes[step])
        return power * volts, energy, power, self._paused[place]

    def begun(self, steps: Floats) -> Floats:
        """The energy since 04:00 at the grid's point before places on it."""
        return np.asarray(self._energy[np.clip(steps, 0, STEPS).astype(np.int64)])

    def _session(self, one: dict[str, float], progress: float) -> Iterator[_Piece]:
        """The pieces of one session, and one without power when it ends."""
        begin, leaves = (one["arrival"] + READY) * STEP_MS, one["departure"] * STEP_MS
        alone = _piece(one, 0.0, one["power"], begin)
        given = alone.given(-begin / HOUR_MS) if progress == UNDISTURBED else progress
        since = max(begin, 0.0)
        changes = [ms for ms, _ in self._limits if since < ms < leaves]
        for ms, until in zip([since, *changes], [*changes, leaves], strict=True):
            limit = next(value for at, value in reversed(self._limits) if at <= ms)
            offered = _nominal_limit(limit, self._least)
            piece = _piece(one, given, offered, ms)
            if until > ms and ms < DAY_MS:
                yield piece
            if until >= DAY_MS:
                slowed = self._limits[-1][1] != NO_LIMIT or len(self._limits) > 1 or progress != UNDISTURBED
                given += piece.given((DAY_MS - ms) / HOUR_MS)
                self.left_progress = given if slowed and begin < DAY_MS else UNDISTURBED
                return
            given += piece.given((until - ms) / HOUR_MS)
        yield _Piece(ms=leaves)

    def _gather(self, pieces: list[_Piece]) -> None:
        self.ms = np.array([piece.ms for piece in pieces])
        self._parts = [
            np.array([getattr(piece, name) for piece in pieces]) for name in ("power", "steady_h", "taper_h", "lasts_h")
        ]
        self._paused = np.array([piece.paused for piece in pieces])
        lasts = np.diff(self.ms, append=DAY_MS) / HOUR_MS
        given = [piece.given(hours) for piece, hours in zip(pieces, lasts.tolist(), strict=True)]
        self._before = np.append(0.0, np.cumsum(given)[:-1])
        nodes = np.arange(STEPS + 1, dtype=np.float64) * STEP_MS
        self._nodes = self._nominal(np.searchsorted(self.ms, nodes, side="right") - 1, nodes)[1]
        self._energy = np.append(0.0, np.cumsum(np.diff(self._nodes) * self._voltage))

    def _nominal(self, place: Ints, ms: Floats | Ints) -> tuple[Floats, Floats]:
        """Power, kW, and energy since 04:00, kWh, at nominal voltage."""
        power, steady_h, taper_h, lasts_h = (part[place] for part in self._parts)
        since = (ms - self.ms[place]) / HOUR_MS
        charged = np.minimum(since, lasts_h)
        decay = np.exp(-np.maximum(charged - steady_h, 0.0) / taper_h)
        energy = self._before[place] + power * (np.minimum(charged, steady_h) + taper_h * (1.0 - decay))
        return np.where(since < lasts_h, power * decay, 0.0), energy

    @property
    def bends(self) -> Floats:
        """Milliseconds at which its course changes."""
        _, steady_h, _, lasts_h = self._parts
        some = np.concatenate([self.ms, self.ms + steady_h * HOUR_MS, self.ms + lasts_h * HOUR_MS])
        return np.asarray(some[np.isfinite(some)])


def bends(sessions: Sessions) -> Floats:
    """Milliseconds since 04:00 at which sessions without a limit change their course."""
    begin = sessions.arrival + READY
    steady = begin + sessions.constant_h / GRID_H
    full = steady + TAPERS * sessions.taper_h / GRID_H
    some = np.concatenate([begin, steady, full, sessions.departure], axis=1).reshape(-1) * STEP_MS
    return np.asarray(some[np.isfinite(some)])


def _said(one: Told) -> float:
    return float(one.value[0]) if one.action == SET_LIMIT else NO_LIMIT


def _nominal_limit(limit: float, least: float) -> float:
    """KW at nominal voltage that are offered under a limit."""
    offered = limit / HIGHEST
    return offered if offered >= least else 0.0


def _piece(one: dict[str, float], given: float, offered: float, ms: float) -> _Piece:
    """How a session goes on that has been given some kWh, from a moment on."""
    own, taper_h = one["power"], one["taper_h"]
    # The decay of constant voltage: power falls as the energy beyond the constant current's grows.
    steady = own * one["constant_h"]
    asks = min(own, own - (given - steady) / taper_h)
    power = min(asks, offered)
    least = own * math.exp(-TAPERS)
    if asks <= least * (1 + 1e-9) or power <= least:
        return _Piece(ms=ms, paused=asks > least * (1 + 1e-9), begun=given)
    steady_h = max(steady + (own - power) * taper_h - given, 0.0) / power
    return _Piece(
        ms=ms, power=power, steady_h=steady_h, taper_h=taper_h,
        lasts_h=steady_h + taper_h * math.log(power / least), begun=given,
    )  # fmt: skip
