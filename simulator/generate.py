"""Readings as lines of text, in order of time, kind and device; no broker."""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain

import numpy as np

from park.columns import Columns
from simulator.plan import Plan
from simulator.readings import Readings
from simulator.render import Renderer, line_renderers, ndjson_renderers

FORMATS: dict[str, Callable[[Plan], Mapping[str, Renderer]]] = {
    "ndjson": ndjson_renderers,
    "line": line_renderers,
}


def make_lines(
    readings: Readings, renderers: Mapping[str, Renderer], start_ms: int, until_ms: int
) -> Iterator[tuple[int, bytes]]:
    """The readings of [start, until) as text.

    The lines are the same however the window is cut: ordered by time, then by kind as in the catalogue,
    then by device.

    Yields:
        how many readings, and their lines.
    """
    for first, last in readings.windows(start_ms, until_ms):
        parts = readings.columns(first, last)
        if parts:
            yield sum(map(len, parts)), _interleave(parts, renderers)


def _interleave(parts: list[Columns], renderers: Mapping[str, Renderer]) -> bytes:
    if len(parts) == 1:
        return renderers[parts[0].kind.name](parts[0]).join()
    # What is due at one instant in a kind, such as the probes of a field, stays in one piece.
    firsts = [np.flatnonzero(np.diff(part.ts, prepend=-1)) for part in parts]
    times = np.concatenate([part.ts[first] for part, first in zip(parts, firsts, strict=True)])
    pieces = list(
        chain.from_iterable(
            renderers[part.kind.name](part).cut(first) for part, first in zip(parts, firsts, strict=True)
        )
    )
    return b"".join([pieces[at] for at in np.argsort(times, kind="stable").tolist()])
