"""Reefer lorries: air and load between doors, thaws and cycles, and what engine and unit burn."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.days import Days
from park.grid import Sampler
from park.model import GRID_S, Bools, Carry, Floats, Ints, Moments, Observation, Place, Setting
from sectors.logistics.catalogue import REEFER_TRUCK, TRUCK_STATES
from sectors.logistics.cycles import saw
from sectors.logistics.instruments import Bench
from sectors.logistics.pulses import Pulses
from sectors.logistics.route import LEGS, STOPS, Motion, Rounds, motion

_DEPOT, _LOADING, _DRIVING, _UNLOADING, _REST = range(len(TRUCK_STATES))
_OFF, _COOL, _IDLE, _DEFROST = range(4)
SETPOINT = 4.0
_BAND = 0.7
_PULL_S, _WARM_S = 700.0, 5400.0  # time constants of the body's air, unit on and off
_EARLY_S = 3600.0  # the unit is switched on before the loading
CARGO_LAG_S = 5 * 3600.0
_THAW_AFTER = np.array([3, 6, 9])  # legs
_THAW_S = 720.0
#: Of a lorry of 4.5 t: steady driving, L/m; speeding up, L per m2/s2 (0.5 m v2 over 0.4 x 35.9 MJ/L); idling, L/s.
_PER_M, _PER_V2, _IDLES = 0.085e-3, 0.5 * 4500 / (0.4 * 35.9e6), 1.2 / 3600
_UNIT_L_H = 0.9
_TANK, _UNIT_TANK = 110.0, 55.0
_FILL_BELOW, _UNIT_FILL_BELOW = 40.0, 20.0
_FILLED_AFTER_S = 600.0
_EARTH_M = 111_320.0


@dataclass(frozen=True, kw_only=True, eq=False)
class TruckDay:
    """R lorries through a day, or several."""

    days: Days
    carry: Carry

    @cached_property
    def rounds(self) -> Rounds:
        """Where they go."""
        return Rounds(days=self.days)

    @cached_property
    def switched(self) -> tuple[Floats, Floats]:
        """(R,) seconds when the unit is switched on and off."""
        return self.rounds.loads - _EARLY_S, self.rounds.back

    @cached_property
    def outside(self) -> Floats:
        """(R, GRID_POINTS) Cel about the body, sun on its roof included."""
        site = self.rounds.site
        return self.days.weather(lambda world: world.temperature + 0.3 * world.ghi / 17.0)[site]

    def ambient(self, row: Ints, t: Floats) -> Floats:
        """(N,) the same at t."""
        return Sampler(row, np.minimum(t / GRID_S, 287.999)).line(self.outside)

    @cached_property
    def doors(self) -> Pulses:
        """(R, LEGS) open for a part of each stay."""
        rounds = self.rounds
        start = rounds.arrives + 60.0
        length = (rounds.stays - 120.0) * (0.3 + 0.5 * rounds.draw("truck.doors", LEGS))
        row = np.repeat(np.arange(len(start)), LEGS)
        gap = self.ambient(row, start.reshape(-1)).reshape(start.shape) - SETPOINT
        gap[:, 0] *= 0.3  # it is loaded from a cooled dock
        # The dearer the longer: a body of 30 m3 has changed its air in a minute, its walls take longer.
        return Pulses(start=start, length=length, height=0.45 * gap, rise=260.0, decay=480.0)

    @cached_property
    def thaws(self) -> Pulses:
        """(R, 3) while it drives, some minutes after leaving."""
        start = self.rounds.hops[:, _THAW_AFTER, 0] + 30.0
        return Pulses(
            start=start, length=np.full(start.shape, _THAW_S), height=np.full(start.shape, 5.0), rise=900.0, decay=480.0
        )

    @cached_property
    def cycle(self) -> tuple[Floats, Floats]:
        """(R,) share of time that it cools, and cycles a second; of the day's warmth at noon."""
        warm = self.outside[:, 96] - SETPOINT
        share = np.clip(0.25 + 0.018 * warm, 0.12, 0.9)
        return share, 1.0 / (900.0 + 500.0 * self.rounds.draw("truck.cycle", 1)[:, 0])

    def air(self, row: Ints, t: Floats) -> Floats:
        """(N,) of the air that the unit draws in, Cel."""
        on, off = (part.take(row) for part in self.switched)
        ambient = self.ambient(row, t)
        cooled = self._cooled(row, np.clip(t, on, off))
        left = np.exp(-np.maximum(t - on, 0.0) / _PULL_S)
        warm_at_on = self.ambient(row, on)
        running = cooled + (warm_at_on - self._cooled(row, on)) * left
        at_off = self._cooled(row, off) - self.ambient(row, off)
        warming = ambient + at_off * np.exp(-np.maximum(t - off, 0.0) / _WARM_S)
        return np.where(t < on, ambient, np.where(t < off, running, warming))

    def part(self, row: Ints, t: Floats) -> Floats:
        """(N,) of the unit's cycle."""
        return np.asarray((t - self.switched[0].take(row)) * self.cycle[1].take(row) % 1.0)

    def cargo(self, row: Ints, t: Floats, lag: float) -> Floats:
        """(N,) Cel in loads, or in parcels with another lag."""
        return np.asarray(SETPOINT + 0.6 + self.doors.lagged(lag, row, t) + self.thaws.lagged(lag, row, t))

    def burnt(self, moved: Motion, row: Ints, t: Floats) -> Floats:
        """(N,) litres of the lorry since 04:00: the engine idles in the lights and at stops, not while loaded."""
        idle = np.clip(
            t - self.rounds.hops[:, 0, 0].take(row), 0.0, (self.rounds.back - self.rounds.hops[:, 0, 0]).take(row)
        )
        return np.asarray(_PER_M * moved.distance + _PER_V2 * moved.accelerated + 0.15 * _IDLES * idle)

    def hours(self, row: Ints, t: Floats) -> Floats:
        """(N,) that the unit has been on since 04:00."""
        on, off = (part.take(row) for part in self.switched)
        return np.asarray((np.clip(t, on, off) - on) / 3600.0)

    def unit_burnt(self, row: Ints, t: Floats) -> Floats:
        """(N,) litres of the unit since 04:00, the mean of its cycles."""
        return np.asarray(self.hours(row, t) * (0.35 + self.cycle[0].take(row)) * _UNIT_L_H)

    def after(self) -> Carry:
        """What the day leaves."""
        row = np.arange(len(self.rounds.number))
        t = np.full(len(row), 86_400.0)
        moved = motion(self.rounds, row, t)
        burnt, unit = self.burnt(moved, row, t), self.unit_burnt(row, t)
        hours, distance = self.hours(row, t), moved.distance
        left = self.days.counted(self.carry, truck_distance=distance, truck_burnt=burnt, truck_hours=hours)
        tank, unit_tank = self.carry["truck_tank"], self.carry["truck_unit_tank"]
        for day, unit_day in zip(self.days.by_day(burnt, tank), self.days.by_day(unit, tank), strict=True):
            tank = _filled(tank - day, _FILL_BELOW, _TANK)
            unit_tank = _filled(unit_tank - unit_day, _UNIT_FILL_BELOW, _UNIT_TANK)
        return {**left, "truck_tank": tank, "truck_unit_tank": unit_tank}

    def _cooled(self, row: Ints, t: Floats) -> Floats:
        share = self.cycle[0].take(row)
        swing = saw(self.part(row, t), share, np.full(len(row), _BAND))
        return np.asarray(SETPOINT + swing + self.doors.at(row, t) + self.thaws.at(row, t))


def _filled(left: Floats, below: float, full: float) -> Floats:
    return np.where(left < below, full, left)


def begin(setting: Setting, cells: Ints) -> Carry:
    """Full tanks."""
    shape = (len(cells), setting.per_cell[REEFER_TRUCK.name])
    zeros = {name: np.zeros(shape) for name in ("truck_distance", "truck_burnt", "truck_hours")}
    return {**zeros, "truck_tank": np.full(shape, _TANK), "truck_unit_tank": np.full(shape, _UNIT_TANK)}


def observe(day: TruckDay, at: Moments) -> Observation:
    """What the lorries report."""
    bench = Bench(kind=REEFER_TRUCK, streams=day.days.setting.streams, at=at)
    rounds = day.rounds
    row, t = at.row * rounds.per_cell + at.unit, at.x * GRID_S
    moved, air = motion(rounds, row, t), day.air(row, t)
    on, off = (part.take(row) for part in day.switched)
    running, thawing = (on <= t) & (t < off), day.thaws.on(row, t)
    cools = day.part(row, t) < day.cycle[0].take(row)
    mode = np.where(running, np.where(thawing, _DEFROST, np.where(cools, _COOL, _IDLE)), _OFF)
    blown = air + np.select([mode == _COOL, mode == _DEFROST, mode == _IDLE], [-5.0, 6.0, -0.6], 0.0)
    loaded = (moved.leg >= 0) & (moved.leg < LEGS) & (t >= rounds.loads.take(row) + 600.0)
    carried = {name: np.asarray(day.carry[name]).reshape(-1).take(row) for name in day.carry if name[:5] == "truck"}
    burnt = day.burnt(moved, row, t)
    tanks = [carried["truck_tank"] - burnt, carried["truck_unit_tank"] - day.unit_burnt(row, t)]
    levels = _levels(tanks, t >= off + _FILLED_AFTER_S)
    where, cargo = position(day, moved, at), day.cargo(row, t, CARGO_LAG_S)
    return bench.shown(
        {
            "latitude": where.latitude,
            "longitude": where.longitude,
            "speed": np.where(moved.speed > 0, np.abs(bench.noisy("speed", 3.6 * moved.speed, 0.3)), 0.0),
            "heading": moved.heading,
            "odometer": carried["truck_distance"] / 1000.0 + moved.distance / 1000.0,
            "status": status(day, moved, row, t),
            "setpoint_temperature": np.full(len(row), SETPOINT),
            "return_air_temperature": bench.noisy("return_air_temperature", air, 0.08),
            "supply_air_temperature": bench.noisy("supply_air_temperature", blown, 0.1),
            "cargo_temperature": np.where(loaded, bench.noisy("cargo_temperature", cargo, 0.05), np.nan),
            "door_open": day.doors.on(row, t),
            "refrigeration_mode": mode,
            "fuel_level": bench.noisy("fuel_level", levels[0], 0.4),
            "tru_fuel_level": bench.noisy("tru_fuel_level", levels[1], 0.3),
            "fuel_used": carried["truck_burnt"] + burnt,
            "tru_hours": carried["truck_hours"] + day.hours(row, t),
            "battery_voltage": bench.noisy("battery_voltage", np.where(moved.driving, 27.9, 25.3), 0.05),
            "cargo_weight": _weight(rounds, moved, row, t),
            "eta_error": _eta_error(rounds, moved, row, t),
        }
    )


def _levels(tanks: list[Floats], back: Bools) -> list[Floats]:
    """What is in the lorry's tank and in the unit's, filled up where they are low and the round is over."""
    full = [_filled(tanks[0], _FILL_BELOW, _TANK), _filled(tanks[1], _UNIT_FILL_BELOW, _UNIT_TANK)]
    return [np.where(back, after, before) for before, after in zip(tanks, full, strict=True)]


def status(day: TruckDay, moved: Motion, row: Ints, t: Floats) -> Ints:
    """(N,) what each is doing."""
    held = row * LEGS + np.clip(moved.leg, 0, LEGS - 1)
    arrived = day.rounds.arrives.reshape(-1).take(held)
    unloaded = t >= arrived + day.rounds.stays.reshape(-1).take(held)
    stands = np.where(moved.leg == 0, _LOADING, np.where(unloaded, _REST, _UNLOADING))
    away = np.where(moved.driving, _DRIVING, stands)
    return np.where((moved.leg < 0) | (moved.leg >= LEGS), _DEPOT, away)


def position(day: TruckDay, moved: Motion, at: Moments) -> Place:
    """(N,) degrees, a satellite receiver's error of 4 m included."""
    hub = day.days.setting.places.cells(day.days.cells)
    base, east_of = hub.latitude.take(at.row), hub.longitude.take(at.row)
    streams = day.days.setting.streams
    north = moved.north + 4.0 * streams.normal("truck.north", at.device, at.ts)
    east = moved.east + 4.0 * streams.normal("truck.east", at.device, at.ts)
    latitude = base + north / _EARTH_M
    return Place(latitude=latitude, longitude=east_of + east / (_EARTH_M * np.cos(np.radians(base))))


def _weight(rounds: Rounds, moved: Motion, row: Ints, t: Floats) -> Floats:
    """Loaded and unloaded evenly through each stay; empty at the hub."""
    full = 900.0 + 900.0 * rounds.draw("truck.weight", 1)[:, 0].take(row)
    held = row * LEGS + np.clip(moved.leg, 0, LEGS - 1)
    since = t - rounds.arrives.reshape(-1).take(held)
    done = np.clip(since / rounds.stays.reshape(-1).take(held), 0.0, 1.0)
    given = np.clip(moved.leg - 1 + done, 0.0, STOPS)
    load = np.where(moved.leg == 0, full * done, full * (1.0 - given / STOPS))
    return np.where((moved.leg < 0) | (moved.leg >= LEGS), 0.0, load)


def _eta_error(rounds: Rounds, moved: Motion, row: Ints, t: Floats) -> Floats:
    """In proportion to what is still to drive."""
    leg = np.clip(moved.leg, 0, LEGS - 1)
    left = rounds.comes.reshape(-1).take(row * LEGS + leg) - t
    number, place = rounds.number.take(row), rounds.index.take(row) * LEGS + leg
    off = 0.18 * rounds.days.setting.streams.normal("truck.eta", number, place)
    return np.where(moved.driving, off * left, np.nan)
