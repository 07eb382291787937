"""What reefer lorries report, and what they refuse."""

import numpy as np

from park.model import GRID_S, Bools, Floats, Ints, Moments, Observation, Place
from sectors.logistics.catalogue import REEFER_TRUCK, TRUCK_STATES
from sectors.logistics.instruments import Bench
from sectors.logistics.route import LEGS, STOPS, Motion, Rounds, motion
from sectors.logistics.setpoint import SETPOINT
from sectors.logistics.truck import CARGO_LAG_S, TruckDay, filled

_DEPOT, _LOADING, _DRIVING, _UNLOADING, _REST = range(len(TRUCK_STATES))
_OFF, _COOL, _IDLE, _DEFROST = range(4)
_FILLED_AFTER_S = 600.0
_GOODS = 2.0, 8.0  # Cel
_EARTH_M = 111_320.0


def observe(day: TruckDay, at: Moments) -> Observation:
    """What the lorries report."""
    bench = Bench(kind=REEFER_TRUCK, streams=day.days.setting.streams, at=at)
    rounds = day.rounds
    row, t = at.row * rounds.per_cell + at.unit, at.x * GRID_S
    moved, air = motion(rounds, row, t), day.air(row, t)
    setpoint, mode = _unit(day, row, t, at)
    blown = air + np.select([mode == _COOL, mode == _DEFROST, mode == _IDLE], [-5.0, 6.0, -0.6], 0.0)
    loaded = (moved.leg >= 0) & (moved.leg < LEGS) & (t >= rounds.loads.take(row) + 600.0)
    carried = {name: np.asarray(day.carry[name]).reshape(-1).take(row) for name in day.carry if name[:5] == "truck"}
    burnt = day.burnt(moved, row, t)
    tanks = [carried["truck_tank"] - burnt, carried["truck_unit_tank"] - day.unit_burnt(row, t)]
    levels = _levels(tanks, t >= day.switched[1].take(row) + _FILLED_AFTER_S)
    where, cargo = position(day, moved, at), day.cargo(row, t, CARGO_LAG_S)
    return bench.shown(
        {
            "latitude": where.latitude,
            "longitude": where.longitude,
            "speed": np.where(moved.speed > 0, np.abs(bench.noisy("speed", 3.6 * moved.speed, 0.3)), 0.0),
            "heading": moved.heading,
            "odometer": carried["truck_distance"] / 1000.0 + moved.distance / 1000.0,
            "status": status(day, moved, row, t),
            "setpoint_temperature": setpoint,
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


def _unit(day: TruckDay, row: Ints, t: Floats, at: Moments) -> tuple[Floats, Ints]:
    """(N,) set points, Cel, and what the units do."""
    on, off = (part.take(row) for part in day.switched)
    running, thawing = (on <= t) & (t < off), day.thaws.on(row, t)
    cools = day.part(row, t) < day.cycle[0].take(row)
    setpoint = np.full(len(row), SETPOINT)
    for mine, body in day.bodies_at(row):
        shift, setpoint[mine] = body.shift(t[mine]), body.shown(at.ms[mine])
        cools[mine] = (cools[mine] | shift.falls) & ~shift.rises
    mode = np.where(running, np.where(thawing, _DEFROST, np.where(cools, _COOL, _IDLE)), _OFF)
    return setpoint, mode


def _levels(tanks: list[Floats], back: Bools) -> list[Floats]:
    """What is in the lorry's tank and in the unit's, filled up where they are low and the round is over."""
    full = filled(*tanks)
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


def refusal(day: TruckDay, value: Floats, at: Moments) -> str | None:
    """Why a body does not take a set point, value[0] Cel: goods in it are to be kept between 2 and 8 Cel."""
    row, t = at.row * day.rounds.per_cell + at.unit, at.x * GRID_S
    moved = motion(day.rounds, row, t)
    loaded = (moved.leg >= 0) & (moved.leg < LEGS) & (t >= day.rounds.loads.take(row))
    return "goods" if loaded.any() and not _GOODS[0] <= value[0] <= _GOODS[1] else None
