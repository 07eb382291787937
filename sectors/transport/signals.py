"""The signal at the corridor's junction: aspect, cycle and the queue behind the stop line."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from park.grid import Sampler, rows
from park.model import DAY_MS, Floats, Moments, Observation, Streams
from sectors.transport.corridor import JAM_PER_KM, LINK_KM, SATURATION, Corridors
from sectors.transport.plans import AUTO, Plan
from sectors.transport.traffic import Traffic

YELLOW_S = 3.0
#: Vehicles that an approach holds, as far as the camera sees: a link.
STORAGE = int(JAM_PER_KM * LINK_KM)
GREEN, YELLOW, RED = 0, 1, 2

#: From local hour (04 to 28) on, the cycle's length in seconds: night, day and rush-hour plans.
_PLAN_FROM = np.array([4.0, 6.0, 6.75, 9.5, 16.0, 19.5, 22.0])
#: None is a minute, in which readings come: they would find the same aspect all night.
_PLAN_CYCLE = np.array([70.0, 90.0, 120.0, 90.0, 120.0, 90.0, 70.0])
#: The same by the number of a plan that can be told; the first follows the hours.
PLANS_S = np.array([np.nan, 70.0, 90.0, 120.0])
_LEAST_GREEN_S = 25.0  # 14 m at a walk, and a margin


@dataclass(frozen=True, kw_only=True, eq=False)
class Signals:
    """A day of the signals of C corridors."""

    roads: Corridors
    traffic: Traffic
    plans: Mapping[int, Plan]

    def told(self, at: Moments, per_cell: int) -> tuple[Floats, Floats]:
        """(N,) length of the cycle, s, and green share."""
        cycle, ratio = cycle_at(at.x), self.roads.green_ratio[at.row]
        own = rows(at, per_cell)
        for row, one in self.plans.items():
            mine = np.flatnonzero(own == row)
            if len(mine):
                plan, ratio[mine] = one.at(at.ms[mine])
                cycle[mine] = np.where(plan == AUTO, cycle[mine], PLANS_S[plan])
        return cycle, ratio


def refusal(value: Floats) -> str | None:
    """Why a signal does not take a plan, value[0], and a green share: who crosses on foot needs time either way."""
    plan, green = int(value[0]), float(value[1])
    cycle = _PLAN_CYCLE.min() if plan == AUTO else PLANS_S[plan]
    return "pedestrians" if cycle * min(green, 1.0 - green) < _LEAST_GREEN_S else None


def cycle_at(x: Floats) -> Floats:
    """Length of the cycle, s, at a position on the day's grid."""
    return np.asarray(_PLAN_CYCLE[np.searchsorted(_PLAN_FROM, 4.0 + x / 12.0, side="right") - 1])


def observe(streams: Streams, state: Signals, at: Moments, per_cell: int) -> Observation:
    """What the controller and the cameras report.

    Within a cycle the queue is that of Webster's deterministic model: it grows by the arriving flow in
    red and melts by the saturation flow less the arriving one in green. What the green cannot clear
    comes from the traffic on the last link of each approach. How many have come in a cycle is a matter of
    chance. The longer of the two approaches is reported.
    """
    cycle, ratio = state.told(at, per_cell)
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
