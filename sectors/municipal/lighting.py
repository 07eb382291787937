"""What lamps and their cabinets report."""

from dataclasses import dataclass

import numpy as np

from park.grid import Sampler, rows
from park.model import Bools, Floats, Ints, Moments, Observation
from sectors.municipal.catalogue import STREET_LAMP
from sectors.municipal.lamp import LampDay, Seen, photocell
from sectors.municipal.program import FOLLOW
from sectors.municipal.span import Span

_NOMINAL_V = 220.0
_MOST_LX = 120_000.0
_OWN_KW = 0.012  # the cabinet's controller, modem and photocell
_VISIT_SHARE = 0.02  # of days on which someone works at a cabinet
OFF, STARTING, LOW, ON = range(4)


@dataclass(frozen=True, kw_only=True, eq=False)
class Lighting:
    """One day of the lamps of a span of one day; `visits` to their cabinets are as the function has them."""

    span: Span
    lamps: LampDay
    visits: tuple[Ints, Ints]

    @property
    def per_cell(self) -> int:
        """Lamps of a cell."""
        return self.span.per_cell(STREET_LAMP.name)

    def line(self, series: Floats, at: Moments) -> Floats:
        """(N,) a row of the world where the readings are taken."""
        return Sampler(self.span.setting.site_of(self.span.cells)[at.row], at.x).line(series)

    def by_hand(self, row: Ints, ms: Ints) -> Bools:
        """(N,) whether someone works at the cabinets, door open and switch on the spot."""
        begin, end = self.visits
        return np.asarray((ms >= begin[row]) & (ms < end[row]))


def visits(span: Span) -> tuple[Ints, Ints]:
    """(C,) begin and end of someone's work at each cabinet, in milliseconds of the day; both 0 on most days."""
    chance, start, long = (span.uniform(f"municipal.visit.{what}") for what in ("comes", "start", "long"))
    begin = np.rint((5.0 + 7.0 * start) * 3_600_000).astype(np.int64)  # 9 to 16 h
    length = np.rint((15.0 + 60.0 * long) * 60_000).astype(np.int64)
    comes = chance < _VISIT_SHARE
    return np.where(comes, begin, 0), np.where(comes, begin + length, 0)


def _power_factor(level: Floats) -> Floats:
    """Of a driver: falls when dimmed, for its filter stays as it is."""
    return np.asarray(np.maximum(0.97 * level / np.sqrt(level * level + 0.018), 0.35))


def observe_lamps(day: Lighting, at: Moments) -> Observation:
    """Street lamps."""
    seen = day.lamps.at(rows(at, day.per_cell), at.ms)
    level, streams = seen.level, day.span.setting.streams
    power = seen.power
    voltage = _voltage(day, at, "lamp")
    factor = _power_factor(level)
    noise = streams.normal("municipal.lamp.noise", at.device, at.ts)
    return {
        "power_state": _state(seen, level),
        "level": level * 100.0,
        "active_power": power * (1.0 + 0.004 * noise),
        "phase_voltage": voltage,
        "current": power * 1000.0 / (voltage * factor),
        "power_factor": factor,
        "temperature": day.line(day.span.worlds[0].temperature, at) + seen.warm + 0.3 * noise,
        "operating_time": seen.hours,
        "total_active_energy_import": seen.energy,
        "control_mode": (seen.one.told != FOLLOW).astype(np.int64),
    }


def _state(seen: Seen, level: Floats) -> Ints:
    starting = (seen.one.fade.start == 0) & (seen.one.fade.goal > 0) & (seen.seconds < seen.one.fade.ramp)
    lit = np.where(level >= 0.999, ON, LOW)
    return np.asarray(np.where(starting, STARTING, np.where(level > 0, lit, OFF)))


def observe_cabinets(day: Lighting, at: Moments) -> Observation:
    """Light cabinets: their meter's register is the exact sum of the lamps'."""
    ms, streams, world = at.ms, day.span.setting.streams, day.span.worlds[0]
    hours = world.index * 24.0 + ms / 3_600_000
    power, energy, apparent = np.full(len(ms), _OWN_KW), _OWN_KW * hours, np.full(len(ms), _OWN_KW / 0.6)
    for unit in range(day.per_cell):
        seen = day.lamps.at(at.row * day.per_cell + unit, ms)
        drawn = seen.power
        power, energy = power + drawn, energy + seen.energy
        apparent = apparent + drawn / _power_factor(seen.level)
    log = np.log(np.maximum(world.illuminance, 1e-3))
    light = np.exp(day.line(log, at)) * photocell(streams, day.span.cells)[at.row]
    stray = 1.0 + 0.02 * streams.normal("municipal.photocell.noise", at.device, at.ts)
    return {
        "illuminance": np.minimum(light * stray, _MOST_LX),
        "active_power": power * (1.0 + 0.002 * streams.normal("municipal.cabinet.noise", at.device, at.ts)),
        "phase_voltage": _voltage(day, at, "cabinet"),
        "power_factor": power / apparent,
        "total_active_energy_import": energy,
        "door_open": day.by_hand(at.row, ms),
    }


def _voltage(day: Lighting, at: Moments, what: str) -> Floats:
    noise = day.span.setting.streams.normal(f"municipal.{what}.voltage", at.device, at.ts)
    return _NOMINAL_V * day.line(day.span.worlds[0].supply_voltage, at) + 0.5 * noise


def by_hand(day: Lighting, at: Moments) -> str | None:
    """Nothing is obeyed while someone works at the cabinet."""
    return "manual" if day.by_hand(at.row, at.ms).any() else None


def refusal(day: Lighting, value: Floats, at: Moments) -> str | None:
    """Why a lamp does not take a level, value[0] %: in the dark none is below its class's least."""
    least = 100.0 * day.lamps.least(rows(at, day.per_cell), at.ms)
    return by_hand(day, at) or ("below-class" if (value[0] < least).any() else None)
