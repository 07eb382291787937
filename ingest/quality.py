"""Quality flags: what tests say of the readings that come, as rows of `park_quality` in the same batch.

A batch's flags are written with its readings, before it is acknowledged. What is remembered of a device is lost with
the process: its next reading has no neighbours then, and is judged by its range alone.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from types import SimpleNamespace
from typing import Any, Final

import msgspec

from ingest.accept import end_of_week, week_of
from ingest.batch import Batch
from ingest.qartod import Courses, Verdict, by_itself
from ingest.stores.base import Render, Row, Series
from park.catalogue import DeviceKind
from park.quality import QUALITY, WHOLE, Check, Flag, Limits, limits
from park.reading import Timed
from park.topics import DeviceTopic


class Quality:
    """Looks at readings as they are rendered, and holds what it finds until their batch takes it.

    Args:
        render: the store's.
        good: whether the flags of good values are stored, too. A reading without a flag is a good one, so they say
            nothing new, and are several rows for each reading.
    """

    def __init__(self, render: Callable[[Series], Render], *, good: bool = False) -> None:
        self._render, self._good = render, good
        self._found: list[tuple[Row, list[Row]]] = []

    def watched(self, kind: DeviceKind, source: DeviceTopic, render: Render) -> Render:
        """A device's `render` that looks at what it renders."""
        if (known := _known(kind)) is None:
            return render
        device = _Device(known, good=self._good)
        written: dict[str, Render] = {}
        found = self._found

        def rows(verdicts: list[tuple[str, Verdict]]) -> list[Row]:
            for channel, _ in verdicts:
                if channel not in written:
                    written[channel] = self._render(_series(source, channel))
            return [written[channel](_timed(verdict)) for channel, verdict in verdicts]

        def watch(reading: Timed) -> Row:
            row = render(reading)
            verdicts = device.take(reading)
            if verdicts:
                found.append((row, rows(verdicts)))
            return row

        return watch

    def hand_over(self, batch: Batch, first: int) -> None:
        """Put what was found of the batch's rows from `first` on beside them."""
        if not self._found:
            return
        places = {id(row): number for number, row in enumerate(batch.rows[first:], first)}
        for row, rows in self._found:
            if (place := places.get(id(row))) is not None:
                batch.add_beside(place, rows)
        self._found.clear()


class _Device:
    """The readings of one device, some 300 bytes for each of its numbers."""

    __slots__ = ("_courses", "_known", "_seq", "_ts")

    def __init__(self, known: "_Known", *, good: bool) -> None:
        self._known = known
        self._courses = Courses(known.limits, good=good)
        self._ts = self._seq = -1

    def take(self, reading: Any) -> list[tuple[str, Verdict]]:
        """What can be said now that this reading is there."""
        ts, last_ts, seq = reading.ts, self._ts, reading.seq
        values = self._known.values(reading)
        if _ABSENT in values:
            values = [None if value is _ABSENT else value for value in values]
        if ts <= last_ts:
            return self._again(ts, values)
        found = self._courses.take(values, ts, last_ts)
        if seq > self._seq + 1 and last_ts >= 0:
            found.append(self._gap(ts, seq))
        self._ts, self._seq = ts, seq
        return found

    def _again(self, ts: int, values: Iterable[float | None]) -> list[tuple[str, Verdict]]:
        """Of a reading that came late or came again: what its range says, which is the same as often as it comes."""
        said = [
            (one.channel, by_itself(one, value, ts))
            for one, value in zip(self._known.limits, values, strict=True)
            if value is not None
        ]
        return [one for one in said if one[1].flag is not Flag.GOOD]

    def _gap(self, ts: int, seq: int) -> tuple[str, Verdict]:
        """Where numbers are left out: a flag at the time of the first reading that has not come.

        It is no reading's own time, so nobody has admitted it: it stays within the weeks of the two that came.
        """
        at_ms = self._ts + (ts - self._ts) // (seq - self._seq)
        if week_of(at_ms) != week_of(ts):
            at_ms = min(at_ms, end_of_week(self._ts))
        return WHOLE, Verdict(at_ms, Flag.MISSING, Check.GAP)


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What is known of a kind: its limits, and what gives a reading's values in their order."""

    limits: tuple[Limits, ...]
    values: Callable[[Any], Sequence[Any]]


_ABSENT: Final = msgspec.UNSET


@cache
def _known(kind: DeviceKind) -> _Known | None:
    """None of a kind without numbers."""
    found = limits(kind)
    if not found:
        return None
    names = [one.channel for one in found]
    pick: Callable[[Any], Any] = attrgetter(*names)
    return _Known(limits=found, values=pick if len(names) > 1 else lambda reading: (pick(reading),))


def _series(source: DeviceTopic, channel: str) -> Series:
    tags = {"device": source.device, "sector": source.sector, "site": source.site, "channel": channel}
    return Series(
        measurement=QUALITY.name,
        tags=tuple((tag, tags[tag]) for tag in QUALITY.tags),
        fields=QUALITY.channels,
        has_seq=QUALITY.has_seq,
    )


def _timed(verdict: Verdict) -> SimpleNamespace:
    test = msgspec.UNSET if verdict.check is None else verdict.check.value
    return SimpleNamespace(ts=verdict.ts, flag=int(verdict.flag), test=test)
