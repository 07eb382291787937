"""The signal at the corridor's junction: aspect, cycle and the queue behind the stop line."""

from dataclasses import dataclass

import numpy as np

from park.grid import Sampler
from park.model import DAY_MS, Floats, Moments, Observation, Streams
from sectors.transport.corridor import JAM_PER_KM, LINK_KM, SATURATION, Corridors
from sectors.transport.traffic import Traffic

YELLOW_S = 3.0
#: Vehicles that an approach holds, as far as the camera sees: a link.
STORAGE = int(JAM_PER_KM * LINK_KM)
GREEN, YELLOW, RED = 0, 1, 2

#: From local hour (04 to 28) on, the cycle's length in seconds: night, day and rush-hour plans.
_PLAN_FROM = np.array([4.0, 6.0, 6.75, 9.5, 16.0, 19.5, 22.0])
#: None is a minute, in which readings come: they would find the same aspect all night.
_PLAN_CYCLE = np.array([70.0, 90.0, 120.0, 90.0, 120.0, 90.0, 70.0])


@dataclass(frozen=True, kw_only=True, eq=False)
class Signals:
    """A day of the signals of C corridors."""

    roads: Corridors
    traffic: Traffic


def cycle_at(x: Floats) -> Floats:
    """Length of the cycle, s, at a position on the day's grid."""
    return np.asarray(_PLAN_CYCLE[np.searchsorted(_PLAN_FROM, 4.0 + x / 12.0, side="right") - 1])


def observe(streams: Streams, state: Signals, at: Moments) -> Observation:
    """What the controller and the cameras report.

    Within a cycle the queue is that of Webster's deterministic model: it grows by the arriving flow in
    red and melts by the saturation flow less the arriving one in green. What the green cannot clear
    comes from the traffic on the last link of each approach. How many have come in a cycle is a matter of
    chance. The longer of the two approaches is reported.
    """
    cycle = cycle_at(at.x)
    ratio = state.roads.green_ratio[at.row]
    green = cycle * ratio
    number, place = np.divmod(at.x * 300.0 + state.roads.offset_s[at.row] + 17.0 * at.unit, cycle)
    turn = number.astype(np.int64) + 10_000 * (at.ts // DAY_MS)
    phase = np.where(place < green - YELLOW_S, GREEN, np.where(place < green, YELLOW, RED))
    queue = np.zeros(len(at.x))
    for direction in range(2):
        here = Sampler(at.row * 2 + direction, at.x)
        flow = here.line(state.traffic.junction) / 3600.0
        left = here.line(state.traffic.waiting)
        melting = flow * (cycle - green) - (SATURATION / 3600.0 - flow) * place
        lately = np.where(place < green, np.maximum(melting, 0.0), flow * (place - green))
        chance = streams.normal("queue", at.device, turn, direction)
        lately = np.maximum(lately + np.sqrt(lately) * chance, 0.0)
        queue = np.maximum(queue, np.minimum(left + lately, STORAGE))
    return {"phase": phase, "queue_length": queue.astype(np.int64), "cycle_time": cycle, "green_ratio": ratio}
