"""Medicine fridges: a thermostat between two temperatures, its cycles in closed form.

C dT/dt = UA (Troom - T) - Q while the compressor runs. From one switching temperature to the other both halves of a
cycle are exponentials of known length, so a cycle's length and duty follow from the room; its phase is the integral
of how fast cycles follow each other, carried over 04:00. The buffered vial sees the first harmonic, damped and late.
"""

from functools import cached_property

import numpy as np

from park.days import Days
from park.grid import HOURS, STEPS, Sampler, integral, smooth_noise
from park.model import Bools, Floats, Ints, Moments, Observation, Streams, WorldDay
from sectors.healthcare.slots import Slots, slots

LOW, HIGH = 3.6, 5.6
_AIR_H, _PRODUCT_H, _COOLED_BY = 4.2, 0.75, 58.0
_RUNNING_W, _STANDBY_W = 78.0, 3.5
_DOORS_A_DAY, _DOOR_WARMS = 26.0, 0.9
_STIRRED = np.exp(np.arange(STEPS))  # what a door lets in is gone within some 5 min: one step of the grid
_ROOM = (18.0, 30.0)
_CLOCK = (4.0 + HOURS[:-1]) % 24.0
_OPEN = ((_CLOCK > 6.0) & (_CLOCK < 23.0)).astype(np.float64)
_DOORS = _DOORS_A_DAY * _OPEN / _OPEN.sum() + 1e-12


class Fridges:
    """A day of C fridges.

    Attributes:
        room: Cel, (C, GRID_POINTS).
        pace: cycles an hour, (C, GRID_POINTS).
        cycles: since the first morning but for whole ones of the days before, (C, GRID_POINTS).
    """

    def __init__(self, streams: Streams, cells: Ints, phase: Floats, world: WorldDay, outdoor: Floats) -> None:
        """Fridges whose cycle stood at `phase`, (C,), from 0 to 1, at 04:00."""
        self._streams, self._cells, self._day = streams, cells, world.index
        self.room = room_temperature(streams, cells, world.index, outdoor)
        self.pace = pace(self.room)
        self.cycles = phase[:, None] + integral(self.pace)

    @cached_property
    def doors(self) -> Slots:
        """Openings of the doors."""
        return slots(self._streams, "healthcare.door", self._cells, self._day, _DOORS)

    @cached_property
    def warmth(self) -> Floats:
        """(C, GRID_POINTS) what is left of the warm air that the doors let in, Cel."""
        warmth = np.zeros((len(self._cells), STEPS + 1))
        let_in = np.where(self.doors.happens, _DOOR_WARMS * np.exp(self.doors.at) * _STIRRED, 0.0)
        np.cumsum(let_in, axis=-1, out=warmth[:, 1:])
        warmth[:, 1:] *= np.exp(-1.0) / _STIRRED
        return warmth


def room_temperature(streams: Streams, cells: Ints, day: Ints | int, outdoor: Floats) -> Floats:
    """(C, GRID_POINTS) Cel: a ward is kept near 22, and follows the weather a little; `day` is one or (C,)."""
    own = smooth_noise(streams, "healthcare.room", (cells,), day, 24)
    return np.asarray(np.clip(22.5 + 0.14 * (outdoor - 16.0) + 0.5 * own, *_ROOM))


def phase_after(days: Days, phase: Floats) -> Floats:
    """(C,) where the cycles stand after the days; `phase` when they began."""
    outdoor = days.weather(lambda world: world.temperature)[days.site]
    room = room_temperature(days.setting.streams, days.cells, days.index, outdoor)
    for cycles in days.by_day(integral(pace(room))[:, -1], phase):
        phase = (phase + cycles) % 1.0
    return phase


def halves(room: Floats) -> tuple[Floats, Floats]:
    """Hours that the compressor runs, and rests, in a cycle."""
    cold = room - _COOLED_BY
    runs = _AIR_H * np.log((HIGH - cold) / (LOW - cold))
    rests = _AIR_H * np.log((room - LOW) / (room - HIGH))
    return runs, rests


def pace(room: Floats) -> Floats:
    """Cycles an hour."""
    runs, rests = halves(room)
    return np.asarray(1.0 / (runs + rests))


def observe(streams: Streams, state: Fridges, at: Moments) -> Observation:
    """What probes, switch and meter tell."""
    here, step = Sampler(at.row, at.x), at.x.astype(np.int64)
    room = here.line(state.room)
    runs, rests = halves(room)
    phase = here.energy(state.pace, state.cycles) % 1.0
    duty = runs / (runs + rests)
    air, cooling = _air(room, phase * (runs + rests), runs)
    share = here.share
    place = at.row * STEPS + step
    since = share - state.doors.at.reshape(-1).take(place)
    opened = state.doors.happens.reshape(-1).take(place) & (since >= 0)
    let_in = here.hold(state.warmth) * np.exp(-share) + np.where(opened, _DOOR_WARMS * np.exp(-np.abs(since)), 0.0)
    open_now = opened & (since < 0.06 + 0.12 * streams.uniform("healthcare.door.open", at.device, at.ts // 300_000))
    noise = streams.normal("healthcare.fridge", at.device[None, :], at.ts[None, :], np.arange(3)[:, None])
    power = np.where(cooling, _RUNNING_W + 0.6 * (room - 22.0) + 1.2 * noise[2], _STANDBY_W + 0.1 * noise[2])
    return {
        "air_temperature": air + let_in + 0.06 * noise[0],
        "product_temperature": _product(phase, duty, runs + rests) + 0.03 * noise[1],
        "door_open": open_now,
        "compressor_power": power,
        "status": np.where(open_now, 2, np.where(cooling, 1, 0)),
    }


def _air(room: Floats, hour: Floats, runs: Floats) -> tuple[Floats, Bools]:
    """Cel at so many hours of a cycle, which begins with the compressor; and whether it runs."""
    cooling = hour < runs
    cold = room - _COOLED_BY
    falls = cold + (HIGH - cold) * np.exp(-hour / _AIR_H)
    rises = room + (LOW - room) * np.exp(-np.maximum(hour - runs, 0.0) / _AIR_H)
    return np.where(cooling, falls, rises), cooling


def _product(phase: Floats, duty: Floats, period: Floats) -> Floats:
    """Cel of the buffered vial: the first harmonic of a triangle wave through a lag of the first order."""
    turn = 2.0 * np.pi / period * _PRODUCT_H
    swing = (HIGH - LOW) * np.sin(np.pi * duty) / (np.pi**2 * duty * (1.0 - duty)) / np.sqrt(1.0 + turn**2)
    late = np.arctan(turn)
    return (HIGH + LOW) / 2.0 - swing * np.sin(2.0 * np.pi * phase - np.pi * duty - late)
