"""A branch's queue: first come, first served, at counters that open, break for lunch and close.

A ticket is called at the earliest moment at which a counter is free (Kiefer & Wolfowitz 1955); everyone with a ticket
at closing time is served. So the day's tickets are known without the queue, which is run when it is first looked at.
"""

from dataclasses import dataclass

import numpy as np

from park.model import DAY_STARTS_H, Floats, Ints, Moments, Observation, WorldDay
from sectors.finance import happenings, rhythm
from sectors.finance.happenings import NEVER, Courses, Draws, Instants

_HOUR_MS = 3_600_000
_COUNTERS = 6
_SERVICE_MIN, _SERVICE_SPREAD = 6.0, 0.6
_TOGETHER = 0.25
_SPREAD = 0.07
_USUAL = 0.155  # of the people out and under way in opening hours
_OPENS, _CLOSES = (int((hour - DAY_STARTS_H) * _HOUR_MS) for hour in (rhythm.OPENS_H, rhythm.CLOSES_H))


@dataclass(frozen=True, kw_only=True, eq=False)
class QueueDay:
    """One day of C branches.

    Attributes:
        issued, called: the tickets, in order.
        waited: (C, n) milliseconds, of each ticket.
        open_ms, lunch_ms: (C, counters) when each counter opens, and when its break of an hour begins.
    """

    issued: Instants
    called: Instants
    waited: Ints
    open_ms: Ints
    lunch_ms: Ints
    workday: bool


def tickets(draws: Draws, people: Floats, busy: Floats) -> Ints:
    """(R,) tickets of a day; `people`, (R, GRID_POINTS), are those out and under way, `busy` is `rhythm.branch`'s."""
    usual = 110.0 + 90.0 * draws.streams.uniform("finance.queue.usual", draws.number)
    inside = people[:, 60:157].mean(axis=1) / _USUAL
    mean = usual * busy * inside**0.8
    return happenings.number(draws, "finance.queue", mean, _SPREAD)


def queue_day(draws: Draws, people: Floats, world: WorldDay) -> QueueDay:
    """Runs the queue."""
    count = tickets(draws, people, np.full(len(people), rhythm.branch(world)))
    course = Courses(rate=rhythm.branch_course() * people**0.15, row=np.arange(len(people)))
    issued = happenings.instants(draws, "finance.queue.at", count, course, together=_TOGETHER)
    place = np.arange(issued.ms.shape[1])
    strays = draws.normal("finance.queue.service", place)
    minutes = _SERVICE_MIN * np.exp(_SERVICE_SPREAD * strays - _SERVICE_SPREAD**2 / 2)
    open_ms, lunch_ms = _shifts(draws)
    called = call(issued.ms, np.rint(minutes * 60_000).astype(np.int64), open_ms, lunch_ms)
    return QueueDay(
        issued=issued,
        called=Instants(ms=called),
        waited=called - issued.ms,
        open_ms=open_ms,
        lunch_ms=lunch_ms,
        workday=world.workday,
    )


def observe(day: QueueDay, before: Ints, at: Moments) -> Observation:
    """What printer and display show; `before`, (C,), are the tickets of all days before."""
    ms = at.ms
    issued, called = day.issued.before(at.row, ms), day.called.before(at.row, ms)
    wide = day.waited.shape[1]
    waited = day.waited.reshape(-1)[at.row * wide + np.maximum(called - 1, 0)]
    within = day.workday & (ms >= _OPENS) & (ms < _CLOSES)
    lunch = day.lunch_ms[at.row]
    here = (ms[:, None] >= day.open_ms[at.row]) & ~((ms[:, None] >= lunch) & (ms[:, None] < lunch + _HOUR_MS))
    waiting = issued - called
    at_work = day.workday & ((ms < _CLOSES) | (waiting > 0))
    return {
        "tickets_issued": before[at.row] + issued,
        "tickets_served": before[at.row] + called,
        "waiting": waiting,
        "open_counters": np.where(at_work, here.sum(axis=1), 0),
        "wait_time": np.where(called > 0, waited / 60_000.0, np.nan),
        "service_status": np.where(within, 1, np.where(waiting > 0, 2, 0)),
    }


def _shifts(draws: Draws) -> tuple[Ints, Ints]:
    """(C, counters) when each opens, `NEVER` for those that a branch lacks, and when its lunch begins."""
    usual = 110.0 + 90.0 * draws.streams.uniform("finance.queue.usual", draws.number)
    load = 1.15 * usual / 8.0 * _SERVICE_MIN / 60.0
    wanted = np.minimum(np.ceil(load + 0.7), _COUNTERS)
    missing = draws.uniform("finance.queue.ill") < 0.08
    number = np.arange(_COUNTERS)
    opens = _OPENS + (number >= 2) * 1_200_000
    open_ms = np.where(number < (wanted - missing)[:, None], opens, NEVER)
    lunch = (number % 2) * _HOUR_MS + int((11.5 - DAY_STARTS_H) * _HOUR_MS)
    # One counter in three stays through lunch.
    return open_ms, np.broadcast_to(np.where(number % 3 == 0, NEVER, lunch), open_ms.shape)


def call(issued: Ints, service: Ints, open_ms: Ints, lunch_ms: Ints) -> Ints:
    """(C, n) when each ticket is called."""
    free, row = open_ms.copy(), np.arange(len(issued))
    called = np.full_like(issued, NEVER)
    for i in range(issued.shape[1]):
        able = np.maximum(free, issued[:, i, None])
        able = np.where((able >= lunch_ms) & (able < lunch_ms + _HOUR_MS), lunch_ms + _HOUR_MS, able)
        counter = able.argmin(axis=1)
        start = able[row, counter]
        comes = issued[:, i] < NEVER
        called[:, i] = np.where(comes, start, NEVER)
        free[row, counter] = np.where(comes, start + service[:, i], free[row, counter])
    return called
