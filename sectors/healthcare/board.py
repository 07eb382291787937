"""The bay's board: who came, who left, who called, and how long the chest-pain clinic took."""

from dataclasses import dataclass

import numpy as np

from park.grid import HOURS, STEPS
from park.model import Carry, Floats, Ints, Moments, Observation, Streams
from sectors.healthcare.slots import Slots, draw, slots
from sectors.healthcare.stays import BEDS, Beds

_CALLS = 62.0
_CLOCK = (4.0 + HOURS[:-1]) % 24.0
_SHAPE = 0.45 + 0.55 * ((_CLOCK > 6.0) & (_CLOCK < 22.0)) + 0.5 * np.exp(-(((_CLOCK - 8.0) / 1.3) ** 2))
_SHAPE *= _CALLS / _SHAPE.sum()
#: Door to ECG, min: median, SD of the logarithm; ten minutes is the rule. More wait by day.
_ECG_MIN, _ECG_SPREAD = 6.8, 0.3


@dataclass(frozen=True, kw_only=True, eq=False)
class Board:
    """A day of C boards: their beds, calls, and registers at 04:00, (C,)."""

    beds: Beds
    calls: Slots
    before: Carry


def calls(streams: Streams, cells: Ints, day: int) -> Slots:
    """One day of calls."""
    return slots(streams, "healthcare.call", cells, day, _SHAPE)


def number_of_calls(streams: Streams, cells: Ints, day: Ints) -> Ints:
    """(R,) as many as the days of these cells have, without their moments."""
    return np.asarray((draw(streams, "healthcare.call", cells, day) < _SHAPE).sum(axis=-1))


def observe(streams: Streams, state: Board, day: int, at: Moments) -> Observation:
    """What the boards show."""
    first_h = 24.0 * day
    hour = (first_h + at.x / 12.0)[:, None]
    admitted = state.beds.admitted.reshape(-1, BEDS, 2)[at.row]
    until = state.beds.until.reshape(-1, BEDS, 2)[at.row]
    came = (hour >= admitted[..., 1]).sum(axis=-1)
    left = ((first_h <= until[..., 0]) & (hour >= until[..., 0])).sum(axis=-1)
    at_first = (until[..., 0] >= first_h).sum(axis=-1)
    return {
        "occupied_beds": at_first + came - left,
        "admissions": np.asarray(state.before["admissions"]).take(at.row) + came,
        "discharges": np.asarray(state.before["discharges"]).take(at.row) + left,
        "nurse_calls": np.asarray(state.before["nurse_calls"]).take(at.row) + state.calls.count(at.row, at.x),
        "door_to_ecg": _door_to_ecg(streams, at.device, day * STEPS + at.x),
    }


def _door_to_ecg(streams: Streams, device: Ints, step: Floats) -> Floats:
    """Median of the two hours before the last full two."""
    block = (step // 24).astype(np.int64)
    busy = 1.0 + 0.12 * np.sin((block % 12 - 2) * (np.pi / 6.0))
    drawn = np.exp(_ECG_SPREAD * streams.normal("healthcare.ecg", device, block))
    return np.asarray(np.clip(_ECG_MIN * busy * drawn, 1.0, 60.0))
