"""Wearable patches of beds 1 to 4: the same hearts as the monitors', and who gets up."""

import numpy as np

from park.grid import Sampler, smooth_noise
from park.model import Floats, Ints, Moments, Observation, Streams
from sectors.healthcare.stays import BEDS
from sectors.healthcare.vitals import Patients

_BATTERY_DAYS = 5
_LYING, _SITTING, _STANDING, _WALKING = 1, 2, 3, 4


def stirring(streams: Streams, number: Ints, day: int) -> Floats:
    """(B, GRID_POINTS) normal: how much each bed's stir differs from the hour's."""
    fast = smooth_noise(streams, "healthcare.stir", (number,), day, 1)
    return 0.8 * fast + 0.6 * smooth_noise(streams, "healthcare.stir.slow", (number,), day, 12)


def activity(stir: Floats, x: Floats, severity: Floats) -> Floats:
    """0 to 1: little at night, most before noon and before supper, less the more somebody is ill."""
    hour = 4.0 + x / 12.0
    awake = 1.0 / ((1.0 + np.exp((6.6 - hour) / 0.4)) * (1.0 + np.exp((hour - 21.8) / 0.5)))
    busy = 0.18 + 0.14 * np.exp(-(((hour - 10.5) / 1.8) ** 2)) + 0.14 * np.exp(-(((hour - 17.0) / 1.5) ** 2))
    level = awake * busy * np.maximum(1.0 + 1.3 * stir, 0.0) * np.maximum(1.0 - 1.4 * severity, 0.05)
    return np.asarray(np.clip(level + 0.012 * np.maximum(1.0 + stir, 0.0), 0.0, 1.0))


def observe(streams: Streams, patients: Patients, stir: Floats, day: int, at: Moments) -> Observation:
    """What the patches tell; `stir` as of `stirring`, for all beds."""
    row = at.row * BEDS + at.unit
    hour = patients.hour(at.x)
    place, taken = patients.beds.which(row, hour)
    severity = patients.course.severity(place, hour)
    signs = patients.signs(row, at.x, severity)
    moves = activity(Sampler(row, at.x).line(stir), at.x, severity)
    noise = streams.normal("healthcare.patch", at.device[None, :], at.ts[None, :], np.arange(4)[:, None])
    measured = {
        "heart_rate": np.clip(signs.heart + 18.0 * moves + 2.2 * noise[0], 25, 230),
        "respiratory_rate": np.clip(signs.breath + 4.0 * moves + 1.1 * noise[1], 4, 60),
        "skin_temperature": signs.warmth - 2.4 - 0.8 * moves + 0.12 * noise[2],
        "activity": moves,
    }
    return {name: np.where(taken, values, np.nan) for name, values in measured.items()} | {
        "posture": np.where(taken, _posture(moves), 0),
        "battery_level": _battery(at, day),
    }


def _posture(moves: Floats) -> Ints:
    return np.asarray(
        np.where(moves > 0.45, _WALKING, np.where(moves > 0.32, _STANDING, np.where(moves > 0.1, _SITTING, _LYING)))
    )


def _battery(at: Moments, day: int) -> Floats:
    """A patch is changed every five days, at 04:00."""
    days = (day + at.device) % _BATTERY_DAYS + at.x / 288.0
    return 100.0 - 17.0 * days
