"""Call points: somebody presses the button, waits, and is spoken to."""

from dataclasses import dataclass

import numpy as np

from park.chance import poisson
from park.grid import rows
from park.model import Floats, Ints, Moments, Observation, Streams

#: Most calls of a column in a day.
MOST = 8
_IDLE, _CALLING, _ANSWERED = range(3)
_WAIT_S, _WAIT_SPREAD = 14.0, 0.6
#: The control room is thinly staffed from 23:00 to 07:00, hours since 04:00.
_NIGHT_H = (3.0, 19.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Calls:
    """A day of columns, (D, MOST) each, in order of time; s since 04:00, infinite where there is no call.

    Attributes:
        before: (D,) calls of all days before.
        begin, wait, talk: when it is pressed, how long until it is answered, and how long they talk.
    """

    before: Ints
    begin: Floats
    wait: Floats
    talk: Floats


def number(streams: Streams, column: Ints, busy: Floats, day: Ints | int) -> Ints:
    """(D,) calls of the day; `busy` is the day's visitors over those of a mean day."""
    mean = np.minimum((1.2 + 1.8 * streams.uniform("call.rate", column)) * busy, 5.0)
    return poisson(mean, streams.uniform("call.number", column, day), MOST)


def calls(streams: Streams, column: Ints, before: Ints, busy: Floats, day: int) -> Calls:
    """One day of these columns: calls between 07:00 and 03:00, most about 17:00."""
    slot = np.arange(MOST)
    u = streams.uniform("call.begin", column[:, None], day, slot)
    v = streams.uniform("call.late", column[:, None], day, slot)
    begin = 3600.0 * (3.0 + 10.0 * (u + v))
    begin = np.where(slot < number(streams, column, busy, day)[:, None], begin, np.inf)
    begin = np.sort(begin, axis=1)
    quiet = (begin < 3600 * _NIGHT_H[0]) | (begin > 3600 * _NIGHT_H[1])
    wait = _WAIT_S * np.exp(_WAIT_SPREAD * streams.normal("call.wait", column[:, None], day, slot))
    return Calls(
        before=before,
        begin=begin,
        wait=np.where(quiet, 2.0, 1.0) * wait,
        talk=40.0 + 200.0 * streams.uniform("call.talk", column[:, None], day, slot),
    )


def observe(streams: Streams, state: Calls, per_cell: int, at: Moments) -> Observation:
    """What the columns show."""
    column, now = rows(at, per_cell), at.x * 300.0
    made = np.zeros(len(now), dtype=np.int64)
    status = np.zeros(len(now), dtype=np.int64)
    answer = np.full(len(now), np.nan)
    for slot in range(MOST):
        since = now - state.begin[column, slot]
        wait, talk = state.wait[column, slot], state.talk[column, slot]
        made += since >= 0
        status = np.where((since >= 0) & (since < wait), _CALLING, status)
        status = np.where((since >= wait) & (since < wait + talk), _ANSWERED, status)
        answer = np.where(since >= wait, wait, answer)
    voltage = 13.6 + 0.03 * streams.normal("call.battery", at.device, at.ts) - 0.25 * (status != _IDLE)
    return {
        "calls": state.before[column] + made,
        "call_status": status,
        "answer_time": answer,
        "battery_voltage": voltage,
    }
