"""What a bedside monitor shows, and how often somebody comes to look.

Cuff and thermometer are due every 4 h, every hour from severity 0.4 on, every 15 min from 0.6 on; what they found
stands until the next. Oxygen is set with them. NEWS2 is that of the figures shown, reading by reading.
"""

import numpy as np

from park.grid import rows
from park.model import Floats, Ints, Moments, Observation, Streams
from sectors.healthcare import news2
from sectors.healthcare.stays import BEDS
from sectors.healthcare.vitals import Patients, given_oxygen, saturation, with_given

#: Steps of the grid between rounds: in general, from the first severity on, and from the second.
_ROUNDS, _ROUND_FROM = (48, 12, 3), (0.4, 0.6)
_CLOUDED = (0.0, 0.12, 0.2, 0.28)


def last_round(patients: Patients, row: Ints, x: Floats) -> Floats:
    """(N,) place on the day's grid of the last round; 04:00 has one, and every admission."""
    shift = patients.beds.number.take(row) % 3
    severity = patients.severity(row, _before(x, 48, shift))
    every = np.where(severity < _ROUND_FROM[0], _ROUNDS[0], np.where(severity < _ROUND_FROM[1], *_ROUNDS[1:]))
    latest = _before(x, every, shift)
    came = ((patients.beds.admitted - patients.beds.first_h) * 12.0)[:, 1].take(row)
    return np.asarray(np.where(came <= x, np.maximum(latest, came), latest))


def observe(streams: Streams, patients: Patients, day: int, at: Moments) -> Observation:
    """What the monitors of BEDS beds a cell show."""
    row = rows(at, BEDS)
    hour = patients.hour(at.x)
    place, taken = patients.beds.which(row, hour)
    severity = patients.course.severity(place, hour)
    now = patients.signs(row, at.x, severity)
    looked = last_round(patients, row, at.x)
    then = patients.signs(row, looked, patients.severity(row, looked))
    second = patients.traits.second.take(place)
    flow = given_oxygen(then.oxygen, second)
    cuff = streams.normal("healthcare.cuff", at.device, day * 288 + looked.astype(np.int64))
    noise = streams.normal("healthcare.monitor", at.device[None, :], at.ts[None, :], np.arange(4)[:, None])
    shown = {
        "heart_rate": np.clip(np.rint(now.heart + 1.7 * noise[0]), 25, 230),
        "respiratory_rate": np.clip(np.rint(now.breath + 0.7 * noise[1]), 4, 60),
        "oxygen_saturation": np.clip(
            np.rint(saturation(np.maximum(with_given(now.oxygen, flow), 26.0)) + 0.4 * noise[2]), 50, 100
        ),
        "systolic_pressure": np.clip(np.rint(then.systolic + 3.0 * cuff), 55, 250),
        "body_temperature": np.clip(np.rint(10.0 * then.warmth) / 10.0, 34.0, 42.0),
    }
    awake = _consciousness(severity, patients.traits.wakeful.take(place))
    score = news2.points(**shown, second_scale=second > 0, on_oxygen=flow > 0, alert=awake == 1).sum(axis=-1)
    diastolic = np.clip(np.rint(then.diastolic + 2.0 * cuff), 30, shown["systolic_pressure"] - 8)
    whole = shown | {
        "pulse_rate": np.clip(np.rint(now.heart + 1.9 * noise[3]), 25, 230),
        "diastolic_pressure": diastolic,
        "mean_pressure": np.rint(diastolic + (shown["systolic_pressure"] - diastolic) / 3.0),
        "oxygen_flow": flow,
        "news2": score.astype(np.float64),
    }
    return {name: np.where(taken, values, np.nan) for name, values in whole.items()} | {
        "consciousness": np.where(taken, awake, 0),
        "saturation_scale": (second > 0).astype(np.int64),
        "status": np.where(taken, 0, 1),
    }


def _before(x: Floats, every: Ints | int, shift: Ints) -> Floats:
    return np.maximum(np.floor((x - shift) / every) * every + shift, 0.0)


def _consciousness(severity: Floats, wakeful: Floats) -> Ints:
    """Index into the texts: 1 is alert, 5 unresponsive."""
    clouded = np.ones(len(severity), dtype=np.int64)
    for further in _CLOUDED:
        clouded += severity > wakeful + further
    return clouded
