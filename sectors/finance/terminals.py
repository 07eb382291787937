"""Payment terminals: what shops take as their district goes out, and how fast the host answers.

Shops open from 8 to 22 h; without a network a terminal takes nothing. Rates of declines and answers are assumptions.
"""

from dataclasses import dataclass

import numpy as np

from park.grid import rows
from park.model import Ints, Moments, Observation, Streams
from sectors.finance import happenings, rhythm
from sectors.finance.happenings import Courses, Draws, Instants

_SPREAD = 0.12
_USUAL = 0.085  # of those out in opening hours
_DECLINED = 0.016
_OPENS_MS, _CLOSES_MS = 4 * 3_600_000, 18 * 3_600_000
_HOUR_MS = 3_600_000


@dataclass(frozen=True, kw_only=True, eq=False)
class TerminalDay:
    """One day of R terminals: payments, those of them declined, and when each has no network, (R, 2)."""

    paid: Instants
    declined: Instants
    away: Ints


def totals(draws: Draws, people: Courses) -> tuple[Ints, Ints, Courses]:
    """(R,) payments and declines of the day, and its course; `people` are those out."""
    ms = np.rint((rhythm.CLOCK - 4.0) % 24.0 * _HOUR_MS)
    open_now = (ms >= _OPENS_MS) & (ms <= _CLOSES_MS)
    course = Courses(rate=np.where(open_now, people.rate, 0.0), row=people.row).but(_away(draws))
    usual = 30.0 * np.exp(0.7 * draws.streams.normal("finance.pay.usual", draws.number)) + 25.0
    mean = usual * course.whole / (14.0 * _USUAL)
    count = happenings.number(draws, "finance.pay", mean, _SPREAD)
    share = _DECLINED * np.exp(0.5 * draws.normal("finance.pay.declined"))
    stray = draws.normal("finance.pay.declines")
    declines = np.rint(count * share + np.sqrt(count * share) * stray).astype(np.int64)
    return count, np.clip(declines, 0, count), course


def terminal_day(draws: Draws, people: Courses) -> TerminalDay:
    """The instants of the day."""
    count, declines, course = totals(draws, people)
    paid = happenings.instants(draws, "finance.pay.at", count, course)
    luck = draws.uniform("finance.pay.luck", np.arange(paid.ms.shape[1]))
    luck = np.where(np.arange(luck.shape[1]) < count[:, None], luck, 2.0)
    rank = luck.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    declined = np.sort(np.where(rank < declines[:, None], paid.ms, happenings.NEVER), axis=1)
    return TerminalDay(paid=paid, declined=Instants(ms=declined), away=_away(draws))


def observe(streams: Streams, day: TerminalDay, before: Ints, at: Moments, per_cell: int) -> Observation:
    """What the terminals report; `before`, (R, 2), are payments and declines of all days before."""
    ms = at.ms
    row = rows(at, per_cell)
    away = (ms >= day.away[row, 0]) & (ms < day.away[row, 1])
    open_now = (ms >= _OPENS_MS) & (ms < _CLOSES_MS)
    signal = 72.0 + 12.0 * streams.normal("finance.pay.mast", at.device)
    signal = np.clip(signal + 4.0 * streams.normal("finance.pay.signal", at.device, at.ts), 8.0, 100.0)
    slow = np.exp(0.25 * streams.normal("finance.pay.answer", at.device, at.ts) + (70.0 - signal) / 90.0)
    return {
        "transactions": before[row, 0] + day.paid.before(row, ms),
        "declines": before[row, 1] + day.declined.before(row, ms),
        "response_time": np.where(away, np.nan, np.clip(820.0 * slow, 120.0, 60_000.0)),
        "signal_level": np.where(away, 0.0, signal),
        "status": np.where(away, 2, np.where(open_now, 0, 1)),
    }


def _away(draws: Draws) -> Ints:
    """(R, 2) milliseconds since 04:00 at which a terminal loses its network and finds it again, or `NEVER`."""
    loses = draws.uniform("finance.pay.loses") < 1.0 / 20.0
    begins = np.floor(21 * 12 * draws.uniform("finance.pay.loses.at")).astype(np.int64) * 300_000
    steps = np.floor(2.0 + 10.0 * draws.uniform("finance.pay.loses.for") ** 2).astype(np.int64)
    return np.where(loses[:, None], np.stack([begins, begins + steps * 300_000], axis=1), happenings.NEVER)
