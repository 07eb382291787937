"""Which times are accepted: InfluxDB opens a shard for every week that it is told of, and keeps it open.

That is nine files a shard: 1,200 readings of one device, four weeks apart, took it to 10,856 open files and a gigabyte.
So weeks far from now are counted, for each site and in all.
"""

from dataclasses import dataclass, field

from park.errors import DecodeError
from park.rejection import Reason

DAY_MS = 86_400_000
_WEEK_MS = 7 * DAY_MS
_MONDAY_MS = 3 * DAY_MS
"""InfluxDB's weeks begin on Mondays; the epoch was a Thursday."""


@dataclass(frozen=True, kw_only=True)
class Accept:
    """Times that are accepted, and how many weeks beside them.

    Attributes:
        back_ms, ahead_ms: from now; all that is between is accepted.
        weeks: distinct weeks of other times that a site may have while the process lives; and as many of those since
            its gateway said that it is live, so that history which was announced is not displaced by clocks gone wrong.
        weeks_in_all: the same, over all sites: names of sites cost nothing where no account guards them.
    """

    back_ms: int = 400 * DAY_MS
    ahead_ms: int = DAY_MS
    weeks: int = 60
    weeks_in_all: int = 600


@dataclass(slots=True)
class Weeks:
    """The weeks of a site that lie outside the accepted times."""

    strange: set[int] = field(default_factory=set)
    announced: set[int] = field(default_factory=set)


class Calendar:
    """Admits the times of all sites."""

    def __init__(self, accept: Accept) -> None:
        self.accept = accept
        self._used: set[int] = set()

    def admit(self, weeks: Weeks, ts: int, now_ms: int, live_from: int) -> None:
        """Take a time, or refuse it.

        Args:
            weeks: of the site; takes the week of the time.
            ts: Unix milliseconds.
            now_ms: likewise.
            live_from: since when the site has said that it is live; 0 if it has not.

        Raises:
            DecodeError: bad-timestamp.
        """
        accept = self.accept
        if now_ms - accept.back_ms <= ts <= now_ms + accept.ahead_ms:
            return
        week = week_of(ts)
        taken = weeks.announced if 0 < live_from <= ts < now_ms else weeks.strange
        if week in taken:
            return
        if len(taken) >= accept.weeks or (week not in self._used and len(self._used) >= accept.weeks_in_all):
            days = f"{accept.back_ms // DAY_MS} days back and {accept.ahead_ms // DAY_MS} ahead"
            beside = f"{accept.weeks} other weeks of this site are in use; see --accept"
            raise DecodeError(Reason.BAD_TIMESTAMP, f"ts {ts} is outside the accepted times, {days}, and {beside}")
        self._used.add(week)
        taken.add(week)


def week_of(ts: int) -> int:
    """The number of the week, as InfluxDB counts them, that a time lies in."""
    return (ts + _MONDAY_MS) // _WEEK_MS


def end_of_week(ts: int) -> int:
    """The last millisecond of the week that a time lies in."""
    return (week_of(ts) + 1) * _WEEK_MS - _MONDAY_MS - 1


def weeks_outside(accept: Accept, first_ms: int, until_ms: int, now_ms: int) -> int:
    """How many weeks of [first, until) lie outside the accepted times, wholly or in part."""
    before = min(until_ms, now_ms - accept.back_ms)
    after = max(first_ms, now_ms + accept.ahead_ms + 1)
    spans = [(first_ms, before), (after, until_ms)]
    return sum(week_of(end - 1) - week_of(start) + 1 for start, end in spans if start < end)
