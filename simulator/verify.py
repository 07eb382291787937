"""A window of a store against what it should hold: `park verify`, and the end of `park demo`."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from park.catalogue import DeviceKind
from simulator.ledger import Findings, Found, Ledger
from simulator.readings import Readings

_LOOK_AGAIN_S = 1.0

_Window = tuple[int, int]
_Tallies = dict[tuple[DeviceKind, _Window], Findings]


class Stored(Protocol):
    """What a store is asked for; every store of the ingester's can answer."""

    def scan(self, kind: DeviceKind, start_ms: int, until_ms: int) -> Iterator[Found]:
        """Every stored row of the kind with start_ms <= ts < until_ms, in chunks of bounded size."""


@dataclass(frozen=True, kw_only=True)
class VerifySummary:
    """What a store holds against what it should hold.

    Attributes:
        late: readings that were absent at first and came within the waiting time.
    """

    expected: int
    found: int
    lost: int
    duplicated: int
    altered: int
    late: int

    @property
    def clean(self) -> bool:
        """Whether the store holds exactly what it should."""
        return not (self.lost or self.duplicated or self.altered)


def _ignore(*_: object) -> None:
    return None


def verify(
    readings: Readings,
    store: Stored,
    window: tuple[int, int],
    *,
    wait_s: float = 0.0,
    ignore_unselected: bool = False,
    on_progress: Callable[[int], None] = _ignore,
) -> tuple[VerifySummary, Findings]:
    """Recomputes what a window of a store should hold, and compares, streaming.

    Args:
        readings: what should be there.
        store: what is there.
        window: [start, until), Unix milliseconds.
        wait_s: parts with losses are looked at again until this has passed; what came is late, not lost.
        ignore_unselected: the store is shared: rows of other devices are no fault.
        on_progress: called with how many more readings have been compared; `readings.count` of them in all.
    """
    ledger = Ledger(readings, ignore_unselected=ignore_unselected)
    deadline = time.monotonic() + wait_s
    tallies: _Tallies = {}
    for part in ledger.windows(*window):
        expected = ledger.expected(*part)
        for kind in ledger.kinds:
            one = ledger.compare(kind, expected.get(kind.name), store.scan(kind, *part))
            tallies[kind, part] = one
            on_progress(one.expected)
    late = _wait_for_the_lost(ledger, store, tallies, deadline)
    total = Findings()
    for one in tallies.values():
        total.add(one)
    figures = {name: getattr(total, name) for name in ("expected", "found", "lost", "duplicated", "altered")}
    return VerifySummary(**figures, late=late), total


def _wait_for_the_lost(ledger: Ledger, store: Stored, tallies: _Tallies, deadline: float) -> int:
    """Looks again at what lacks readings, until nothing does or the deadline has passed; returns how many came."""
    late = 0
    while (lacking := [key for key, one in tallies.items() if one.lost]) and time.monotonic() < deadline:
        time.sleep(min(_LOOK_AGAIN_S, max(0.0, deadline - time.monotonic())))
        for kind, part in lacking:
            again = ledger.compare(kind, ledger.expected(*part).get(kind.name), store.scan(kind, *part))
            late += tallies[kind, part].lost - again.lost
            tallies[kind, part] = again
    return late
