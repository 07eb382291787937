"""Call points: once in months somebody presses the button, and is spoken to; mostly nobody is there by then.

References:
    Outdoor emergency phones of campuses, calls of a phone and year: Oregon, 2017, 80 phones: 2.4, of which one in 21
    had somebody there; North Carolina at Greensboro, 2013, 130 phones: 0.7; Arizona, 250 phones: up to 4.4. Beside the
    motorways of Flanders, 2014, 1,350 phones: 2.2. That a square's are as rare, and how long people wait, is judgement.
"""

from dataclasses import dataclass

import numpy as np

from park.chance import poisson
from park.grid import rows
from park.model import Floats, Ints, Moments, Observation, Streams

#: Most calls of a column in a day.
MOST = 3
#: Calls of a column in a mean day: from 1.2 to 4.4 a year.
_LEAST_A_DAY, _MORE_A_DAY = 1.2 / 365, 3.2 / 365
#: So many calls at most, less one, had a column before the commissioning.
_BEFORE = 12
#: How often nobody answers the control room, which hangs up soon.
_NOBODY = 0.9
_IDLE, _CALLING, _ANSWERED = range(3)
_WAIT_S, _WAIT_SPREAD = 14.0, 0.6
#: The control room is thinly staffed from 23:00 to 07:00, hours since 04:00.
_NIGHT_H = (3.0, 19.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Calls:
    """A day of columns, (D, MOST) each, in order of time; s since 04:00, infinite where there is no call.

    Attributes:
        before: (D,) calls of all days before.
        answered: (D,) s that the last of these waited; 0 if there was none.
        begin, wait, talk: when it is pressed, how long until it is answered, and how long the line is open then.
    """

    before: Ints
    answered: Floats
    begin: Floats
    wait: Floats
    talk: Floats


def start(streams: Streams, column: Ints) -> tuple[Ints, Floats]:
    """Calls that columns had before the commissioning, and s that the last of these waited."""
    before = np.floor(_BEFORE * streams.uniform("call.before", column)).astype(np.int64)
    return before, np.where(before > 0, _WAIT_S * np.exp(_WAIT_SPREAD * streams.normal("call.first", column)), 0.0)


def number(streams: Streams, column: Ints, busy: Floats, day: Ints | int) -> Ints:
    """(D,) calls of the day; `busy` is the day's visitors over those of a mean day."""
    mean = (_LEAST_A_DAY + _MORE_A_DAY * streams.uniform("call.rate", column)) * busy
    return poisson(mean, streams.uniform("call.number", column, day), MOST)


def calls(streams: Streams, column: Ints, before: tuple[Ints, Floats], busy: Floats, day: int) -> Calls:
    """One day of these columns; `before` as `start` gives it, of all days before."""
    begin, wait, talk = _drawn(streams, column, number(streams, column, busy, day), day)
    return Calls(before=before[0], answered=before[1], begin=begin, wait=wait, talk=talk)


def last_wait(streams: Streams, column: Ints, made: Ints, day: Ints) -> Floats:
    """(D,) s that the last of the day's calls waited, which number `made`; 0 on days without one."""
    some = np.flatnonzero(made)
    waited = np.zeros(len(made))
    _, wait, _ = _drawn(streams, column[some], made[some], day[some])
    waited[some] = wait[np.arange(len(some)), made[some] - 1]
    return waited


def _drawn(streams: Streams, column: Ints, made: Ints, day: Ints | int) -> tuple[Floats, Floats, Floats]:
    """`begin`, `wait` and `talk` of as many calls as are made: between 07:00 and 03:00, most about 17:00."""
    slot, column, day = np.arange(MOST), column[:, None], np.reshape(day, (-1, 1))
    u = streams.uniform("call.begin", column, day, slot)
    begin = 3600.0 * (3.0 + 10.0 * (u + streams.uniform("call.late", column, day, slot)))
    begin = np.sort(np.where(slot < made[:, None], begin, np.inf), axis=1)
    quiet = (begin < 3600 * _NIGHT_H[0]) | (begin > 3600 * _NIGHT_H[1])
    wait = _WAIT_S * np.exp(_WAIT_SPREAD * streams.normal("call.wait", column, day, slot))
    nobody = streams.uniform("call.nobody", column, day, slot) < _NOBODY
    talk = streams.uniform("call.talk", column, day, slot)
    return begin, np.where(quiet, 2.0, 1.0) * wait, np.where(nobody, 10.0 + 20.0 * talk, 40.0 + 200.0 * talk)


def observe(streams: Streams, state: Calls, per_cell: int, at: Moments) -> Observation:
    """What the columns show."""
    column, now = rows(at, per_cell), at.x * 300.0
    made = np.zeros(len(now), dtype=np.int64)
    status = np.zeros(len(now), dtype=np.int64)
    answer = state.answered[column]
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
        "answer_time": np.where(answer > 0, answer, np.nan),
        "battery_voltage": voltage,
    }
