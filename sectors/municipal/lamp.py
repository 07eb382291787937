"""Street lamps: levels that fade, power that follows them, registers that are their exact integrals.

A LED driver draws its standby, a loss when lit, and nearly in proportion to the level; its power factor falls when
dimmed. Standby and exponent of about 1 as of dimmable drivers; light classes as CJJ 45 has roads I to III.
"""

from dataclasses import dataclass

import numpy as np

from park.model import DAY_MS, Carry, Floats, Ints, Streams
from sectors.municipal.fade import Draw, Fade
from sectors.municipal.program import FOLLOW, Told

_RATED_KW = np.array([0.24, 0.15, 0.10])  # by class I, II, III
_DIMMED = np.array([0.6, 0.5, 0.5])
_LEAST = np.array([0.4, 0.35, 0.3])
CARRIED = ("lamp_level", "lamp_told", "lamp_ramp_s", "lamp_alight_h", "lamp_kwh")


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


@dataclass(frozen=True, kw_only=True, eq=False)
class LampDay:
    """One day of L lamps: (L, K) each, from every instant of `told` on.

    Attributes:
        ms: the instants.
        fade: how the level moves.
        since_ms: when that began.
        commanded: level that is commanded, 0 to 1, or `FOLLOW`.
        least: level below which a lamp does not go.
        kwh, alight_h: what the registers had shown when it began.
        draw: (L,) what the lamps draw.
    """

    ms: Ints
    fade: Fade
    since_ms: Ints
    commanded: Floats
    least: Floats
    kwh: Floats
    alight_h: Floats
    draw: Draw

    def at(self, lamp: Ints, ms: Ints) -> "Seen":
        """Lamps at moments, (N,) each."""
        number = (self.ms[lamp] <= ms[:, None]).sum(axis=1) - 1
        place = lamp * self.ms.shape[1] + number
        fade = Fade(**{name: getattr(self.fade, name).reshape(-1).take(place) for name in ("start", "goal", "ramp")})
        return Seen(
            fade=fade,
            seconds=(ms - self.since_ms.reshape(-1).take(place)) / 1000.0,
            commanded=self.commanded.reshape(-1).take(place),
            kwh=self.kwh.reshape(-1).take(place),
            alight_h=self.alight_h.reshape(-1).take(place),
            draw=self.draw.take(lamp),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """N lamps, each at a moment; as `LampDay`, and the seconds since the fade began."""

    fade: Fade
    seconds: Floats
    commanded: Floats
    kwh: Floats
    alight_h: Floats
    draw: Draw

    @property
    def level(self) -> Floats:
        """0 to 1."""
        return self.fade.level(self.seconds)

    @property
    def power(self) -> Floats:
        """KW."""
        return self.draw.power(self.level)

    @property
    def energy(self) -> Floats:
        """KWh on the register."""
        return self.kwh + self.fade.energy_kwh(self.seconds, self.draw)

    @property
    def hours(self) -> Floats:
        """On the register."""
        return self.alight_h + self.fade.alight_h(self.seconds)


def lamp_day(told: Told, carry: Carry, draws: Draw) -> LampDay:
    """Follows L lamps from instant to instant."""
    level, commanded, left, hours, kwh = (carry[name].reshape(-1) for name in CARRIED)
    fade = Fade(start=level, goal=level, ramp=np.zeros_like(level))
    since = np.zeros(len(level), dtype=np.int64)
    steps: list[tuple[Ints | Floats, ...]] = []
    for k in range(told.ms.shape[1]):
        ms = told.ms[:, k]
        # What comes never changes nothing; nor is it ever looked up.
        comes = ms < DAY_MS
        seconds = np.where(comes, (ms - since) / 1000.0, 0.0)
        said = ~np.isnan(told.level[:, k])
        commanded = np.where(said, told.level[:, k], commanded)
        goal = np.where(commanded == FOLLOW, told.program[:, k], np.maximum(commanded, told.least[:, k]))
        anew = comes & ((goal != fade.goal) | said)
        now = fade.level(seconds)
        kwh = np.where(anew, kwh + fade.energy_kwh(seconds, draws), kwh)
        hours = np.where(anew, hours + fade.alight_h(seconds), hours)
        ramp = np.where(now == goal, 0.0, told.ramp[:, k])
        if k == 0:
            ramp = np.where(left > 0, left, ramp)
        since = np.where(anew, ms, since)
        fade = Fade(
            start=np.where(anew, now, fade.start),
            goal=np.where(anew, goal, fade.goal),
            ramp=np.where(anew, ramp, fade.ramp),
        )
        steps.append((fade.start, fade.goal, fade.ramp, since, commanded, kwh, hours))
    start, goal, ramp, begun, ordered, energy, alight = (np.stack(part, axis=1) for part in zip(*steps, strict=True))
    return LampDay(
        ms=told.ms,
        fade=Fade(start=start, goal=goal, ramp=ramp),
        since_ms=begun,
        commanded=ordered,
        least=told.least,
        kwh=energy,
        alight_h=alight,
        draw=draws,
    )


def begin(cells: int, per_cell: int) -> Carry:
    """Lamps off, following the program, registers at zero; (C, per_cell) each."""
    fresh = {name: np.zeros((cells, per_cell)) for name in CARRIED}
    return fresh | {"lamp_told": np.full((cells, per_cell), FOLLOW)}


def end(day: LampDay, cells: int) -> Carry:
    """What is carried from the day's last instant on."""
    lamps = np.arange(len(day.ms))
    seen = day.at(lamps, np.full(len(lamps), DAY_MS))
    left = np.maximum(seen.fade.ramp - seen.seconds, 0.0)
    carried = dict(zip(CARRIED, (seen.level, seen.commanded, left, seen.hours, seen.energy), strict=True))
    return {name: values.reshape(cells, -1) for name, values in carried.items()}
