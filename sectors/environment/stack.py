"""Stacks of waste-to-energy lines, and the monitors on them.

Each day is planned by itself: shifts of the crane, and seldom an outage with its start. Concentrations and flow are
lines on the grid; what is let out is the integral of their product there.

References:
    HJ 75-2017: concentrations at the reference oxygen, C (21 - O2ref) / (21 - O2).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.grid import HOURS, STEPS, Sampler, integral, smooth_noise
from park.model import Bools, Carry, Floats, Ints, Moments, Observation, Streams
from sectors.environment.catalogue import STACK_MONITOR, STACK_STATES
from sectors.environment.instruments import Bench

#: At 11 % oxygen and rated load, mg/m3; limits of GB 18485-2014 per hour: 100, 300, 30.
SUBSTANCES = {"so2": 32.0, "nox": 165.0, "dust": 4.0}
REFERENCE_O2 = 11.0
_FLOW = 95_000.0  # m3/h at rated load
_OUTAGE_CHANCE = 0.03  # of a day
_START_H = 3.0
_START_NOX, _START_SO2, _START_DUST = 1.75, 1.5, 2.2
_RUN, _START, _CALIBRATION, _PURGE, _STOP = range(len(STACK_STATES))
_PURGE_EVERY_S, _PURGE_S = 4 * 3600.0, 180.0
_CALIBRATED_H, _CALIBRATION_S = 21.0, 1200.0  # an hour after midnight


@dataclass(frozen=True, kw_only=True, eq=False)
class StackDay:
    """R stacks, each through a day of its own; series are (R, GRID_POINTS).

    Attributes:
        cells: (R,) whose stacks.
        day: (R,) numbers of the days.
    """

    streams: Streams
    cells: Ints
    day: Ints

    @cached_property
    def outage(self) -> tuple[Floats, Floats]:
        """(R, 1) hours after 04:00 when a line stops and when it is lit again; beyond the day if it runs through."""
        draws = self.streams.uniform("stack.outage", self.cells[:, None], self.day[:, None], np.arange(3))
        begin = np.where(draws[:, :1] < _OUTAGE_CHANCE, 3.0 + 4.0 * draws[:, 1:2], 99.0)
        return begin, begin + 4.0 + 5.0 * draws[:, 2:]

    @cached_property
    def load(self) -> Floats:
        """Share of rated steam: the crane's shifts, the waste's heat, and the ramp of a start."""
        number = self.day[:, None] * 3 + np.arange(4)
        shifts = 0.9 + 0.06 * self.streams.normal("stack.shift", self.cells[:, None], number)
        part = HOURS / 8.0
        shift = np.minimum(part.astype(np.int64), 2)
        # A shift hands over within half an hour before its end, so that a day begins as the last one ended.
        eased = np.clip((part - shift - 15 / 16) * 16, 0.0, 1.0)
        steady = shifts[:, shift] * (1 - eased) + shifts[:, shift + 1] * eased
        wave = self._wave("stack.heat", 6)
        begin, lit = self.outage
        ramp = np.clip((HOURS - lit) / _START_H, 0.0, 1.0)
        return np.asarray(np.where(begin > HOURS, 1.0, 0.35 * (lit <= HOURS) + 0.65 * ramp) * (steady + 0.03 * wave))

    @cached_property
    def starting(self) -> Bools:
        """Whether the line is being lit."""
        _, lit = self.outage
        return np.asarray((lit <= HOURS) & (lit + _START_H > HOURS))

    @cached_property
    def standing(self) -> Bools:
        """Whether it is cold."""
        begin, lit = self.outage
        return np.asarray((begin <= HOURS) & (lit > HOURS))

    @cached_property
    def oxygen(self) -> Floats:
        """Of the dry flue gas, %: more air for less fire."""
        wave = self._wave("stack.air", 3)
        running = 8.2 + 6.0 * np.maximum(0.95 - self.load, 0.0) + 0.28 * wave
        return np.where(self.standing, 20.6, np.clip(running + 2.5 * self.starting, 4.0, 18.5))

    @cached_property
    def flow(self) -> Floats:
        """Dry, at normal conditions, m3/h: what the fire makes, thinned by excess air."""
        return np.asarray(_FLOW * self.load * (21.0 - 8.2) / (21.0 - np.minimum(self.oxygen, 18.5)))

    @cached_property
    def raw(self) -> dict[str, Floats]:
        """mg/m3, dry, as it leaves."""
        thin = (21.0 - self.oxygen) / (21.0 - REFERENCE_O2)
        more = {"so2": _START_SO2, "nox": _START_NOX, "dust": _START_DUST}
        found = {}
        for name, level in SUBSTANCES.items():
            wave = self._wave(f"stack.{name}", 4)
            start = np.where(self.starting, more[name], 1.0)
            found[name] = np.where(self.standing, 0.0, level * np.exp(0.16 * wave - 0.013) * start * thin)
        return found

    @cached_property
    def rate(self) -> dict[str, Floats]:
        """kg/h."""
        return {name: 1e-6 * value * self.flow for name, value in self.raw.items()}

    @cached_property
    def let_out(self) -> dict[str, Floats]:
        """Kg since 04:00."""
        return {name: integral(rate) for name, rate in self.rate.items()}

    def _wave(self, name: str, every: int) -> Floats:
        return smooth_noise(self.streams, name, (self.cells,), self.day, every)


def begin(cells: Ints) -> Carry:
    """Nothing let out."""
    return {"stack_emitted": np.zeros((len(cells), len(SUBSTANCES)))}


def masses(streams: Streams, cells: Ints, day: Ints) -> Floats:
    """(R, substances) kg that each of these stacks lets out on its day."""
    rows = StackDay(streams=streams, cells=cells, day=day)
    return np.stack([total[:, STEPS] for total in rows.let_out.values()], axis=1)


def observe(day: StackDay, emitted: Floats, at: Moments) -> Observation:
    """What the monitors report: one on each stack; `emitted` is what they had let out before the day, (R, 3) kg."""
    bench = Bench(kind=STACK_MONITOR, streams=day.streams, at=at)
    here = Sampler(at.row, at.x)
    state = _state(day, here, at)
    blind = (state == _CALIBRATION) | (state == _PURGE)
    oxygen = np.minimum(here.line(day.oxygen) + bench.noise("flue_oxygen", 0.05), 20.9)
    seen = {}
    for place, name in enumerate(SUBSTANCES):
        value = here.line(day.raw[name])
        value = np.maximum(value * (1 + bench.noise(f"flue_{name}", 0.015)), 0.0)
        # Above 19 % the formula only magnifies noise, and no hour of a cold stack counts.
        known = ~blind & (oxygen < 19.0)
        at_reference = value * (21.0 - REFERENCE_O2) / (21.0 - np.minimum(oxygen, 19.0))
        seen[f"flue_{name}"] = np.where(blind, np.nan, bench.shown(f"flue_{name}", value))
        seen[f"flue_{name}_reference"] = np.where(known, at_reference, np.nan)
        before = emitted[:, place].take(at.row)
        seen[f"emitted_{name}"] = before + here.energy(day.rate[name], day.let_out[name])
    load = here.line(day.load)
    seen["flue_oxygen"] = np.where(blind, np.nan, oxygen)
    seen["flue_gas_flow"] = bench.shown("flue_gas_flow", here.line(day.flow) * (1 + bench.noise("flue_gas_flow", 0.01)))
    seen["flue_temperature"] = bench.noisy("flue_temperature", 45.0 + 105.0 * np.minimum(2 * load, 1.0), 0.8)
    seen["flue_pressure"] = bench.noisy("flue_pressure", -60.0 - 140.0 * load, 6.0)
    seen["flue_moisture"] = bench.noisy("flue_moisture", 3.0 + 17.0 * np.minimum(1.5 * load, 1.0), 0.3)
    seen["load"] = bench.shown("load", 100.0 * load * (1 + bench.noise("load", 0.004)))
    return {**seen, "status": state}


def _state(day: StackDay, here: Sampler, at: Moments) -> Ints:
    seconds = at.x * 300.0
    phase = _PURGE_EVERY_S * day.streams.uniform("stack.purge", at.device)
    purging = (seconds + phase) % _PURGE_EVERY_S < _PURGE_S
    since = seconds - _CALIBRATED_H * 3600.0
    state = np.where(here.hold(day.starting), _START, _RUN)
    state = np.where(purging, _PURGE, state)
    state = np.where((since >= 0) & (since < _CALIBRATION_S), _CALIBRATION, state)
    return np.where(here.hold(day.standing), _STOP, state)
