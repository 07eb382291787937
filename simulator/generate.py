"""Readings and events as lines of text, in order of time, kind and device; no broker."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np

from park.model import Ints
from park.text import Rows
from simulator.faults.delivery.fates import taken_ms
from simulator.observed import Readings
from simulator.plan import Plan
from simulator.render import EventRenderer, Renderer, line_events, line_renderers, ndjson_events, ndjson_renderers


@dataclass(frozen=True, kw_only=True)
class Format:
    """A form of text: of a plan's readings, by kind, and of its events."""

    readings: Callable[[Plan], Mapping[str, Renderer]]
    events: Callable[[Plan], EventRenderer]


FORMATS = {
    "ndjson": Format(readings=ndjson_renderers, events=ndjson_events),
    "line": Format(readings=line_renderers, events=line_events),
}

#: Times of N texts, ascending, and the texts.
_Piece = tuple[Ints, Rows]


def make_lines(readings: Readings, format_: Format, start_ms: int, until_ms: int) -> Iterator[tuple[int, bytes]]:
    """The readings of [start, until) as text, and the events of the same window, which is told since its last 04:00.

    The lines are the same however the window is cut: ordered by the time at which a reading was taken, which a wrong
    clock does not tell, then events before readings, then by kind as
    in the catalogue, then by device.

    Yields:
        how many readings, and their lines.
    """
    render, render_events = format_.readings(readings.plan), format_.events(readings.plan)
    told_until = readings.events.since(start_ms)
    for first, last in readings.windows(start_ms, until_ms):
        parts = readings.columns(first, last)
        pieces: list[_Piece] = [(told.ts, render_events(told)) for told in readings.events.told(told_until, last)]
        pieces += [(taken_ms(part), render[part.kind.name](part)) for part in parts]
        told_until = last
        if pieces:
            yield sum(map(len, parts)), _interleave(pieces)


def _interleave(pieces: list[_Piece]) -> bytes:
    if len(pieces) == 1:
        return pieces[0][1].join()
    # What is due at one instant in a kind, such as the probes of a field, stays in one piece.
    firsts = [np.flatnonzero(np.diff(ts, prepend=-1)) for ts, _ in pieces]
    times = np.concatenate([ts[first] for (ts, _), first in zip(pieces, firsts, strict=True)])
    texts = list(chain.from_iterable(rows.cut(first) for (_, rows), first in zip(pieces, firsts, strict=True)))
    return b"".join([texts[at] for at in np.argsort(times, kind="stable").tolist()])
