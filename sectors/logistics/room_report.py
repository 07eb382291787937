"""What cold rooms report."""

import numpy as np

from park.grid import STEPS, Sampler, rows
from park.model import GRID_S, Floats, Ints, Moments, Observation
from sectors.logistics.catalogue import COLD_ROOM
from sectors.logistics.instruments import Bench
from sectors.logistics.room import COIL_UNDER, DOOR_SLOTS, RUN, SETPOINT, STORES, RoomDay


def observe(day: RoomDay, at: Moments) -> Observation:
    """What the rooms report."""
    bench = Bench(kind=COLD_ROOM, streams=day.days.setting.streams, at=at)
    row, t = rows(at, day.per_cell), at.x * GRID_S
    step = row * STEPS + at.x.astype(np.int64)
    since = t - at.x.astype(np.int64) * float(GRID_S)
    frozen = day.frozen.take(row)
    here = Sampler(row, at.x)
    unit, resting = day.runs.at(here, row), day.resting.reshape(-1).take(step)
    on = ~resting & (unit.taken < 1.0)
    ran = unit.ran - here.hold(day.runs.ran)
    drawn, steady = day.drawn.reshape(-1).take(step), day.steady.reshape(-1).take(step)
    drift = sum(part.at(row, t) for part in day.parts)
    stored = (unit.come - unit.taken + day.middle.take(row)) * (RUN / STORES)[frozen]
    air = SETPOINT[frozen] + stored + drift
    coil = _coil(day, row, t, air - COIL_UNDER[frozen] * np.where(on, 1.0, 0.25))
    opened = day.doors.last(row, t) - row * DOOR_SLOTS + 1
    counted = np.concatenate([np.zeros((len(day.number), 1), np.int64), day.opened.cumsum(axis=1)], axis=1)
    openings = counted.reshape(-1).take(row * (DOOR_SLOTS + 1) + opened)
    energy = here.hold(day.energy) + (drawn * ran + steady * since) / 3600.0
    damp = np.where(frozen == 1, 78.0, 84.0) - 4.0 * on + 2.2 * day.doors.at(row, t)
    return bench.shown(
        {
            "air_temperature": bench.noisy("air_temperature", air, 0.06),
            "product_temperature": bench.noisy("product_temperature", SETPOINT[frozen] + day.goods(row, t), 0.05),
            "evaporator_temperature": bench.noisy("evaporator_temperature", coil, 0.1),
            "relative_humidity": bench.noisy("relative_humidity", damp, 1.0),
            "door_open": day.doors.on(row, t),
            "door_openings": np.asarray(day.carry["room_openings"]).reshape(-1).take(row) + openings,
            "compressor_on": on,
            "defrost": day.thawing.reshape(-1).take(step),
            "active_power": drawn * on + steady,
            "energy": np.asarray(day.carry["room_energy"]).reshape(-1).take(row) + energy,
        }
    )


def _coil(day: RoomDay, row: Ints, t: Floats, cold: Floats) -> Floats:
    """(N,) of the fins, Cel; `cold` is what they are when they are not thawed."""
    thaws = day.thaws
    place = np.maximum(thaws.last(row, t), 0)
    thawing = thaws.on(row, t)
    done = np.where(thawing, t - thaws.start.reshape(-1).take(place), 0.0)
    end = thaws.length.reshape(-1).take(place)
    # Up to the ice's melting point, there while it melts, and on to 10 Cel.
    part = done / np.maximum(end, 1.0)
    melted = np.where(part < 0.3, cold + (0.5 - cold) * part / 0.3, 0.5 + 9.5 * np.clip((part - 0.7) / 0.25, 0.0, 1.0))
    return np.where(thawing, melted, cold)
