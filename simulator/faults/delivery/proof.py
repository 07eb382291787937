"""What a store should hold of readings that were delivered badly, and what it holds instead.

Compared are the readings that were taken in a window, whatever time they tell: a part of the store is looked at beyond
the window, as far as a clock can be wrong, and there only those readings matter. A row within the window that a reading
from outside it tells is no fault, and is proven with the window in which it was taken.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from park.catalogue import DeviceKind
from park.columns import Columns
from park.model import Bools
from simulator.faults.delivery.delivered import Delivered
from simulator.fleet import concatenated
from simulator.ledger import Example, Findings, Found, FoundRows, Ledger

_Window = tuple[int, int]


class DeliveryLedger(Ledger):
    """Makes readings again as they were delivered, and compares them with what a store holds.

    Args:
        readings: of devices with delivery faults.
        window: [start, until) in which those were taken that should be stored.
        ignore_unselected: rows of other devices are no fault.
    """

    def __init__(self, readings: Delivered, window: _Window, *, ignore_unselected: bool = False) -> None:
        super().__init__(readings, ignore_unselected=ignore_unselected)
        self._delivered, self._window = readings, window
        self._clock_ms = readings.fates.schedule.clock_ms
        self._beside = self._from_outside() if self._clock_ms else {}

    def windows(self, start_ms: int, until_ms: int) -> Iterator[_Window]:
        """Windows of time whose readings fit in memory comfortably, with those beyond that wrong clocks may tell."""
        yield from super().windows(start_ms - self._clock_ms, until_ms + self._clock_ms)

    def expected(self, start_ms: int, until_ms: int) -> dict[str, Columns]:
        """The readings that a store should hold in [start, until), by kind."""
        told = self._delivered.told(start_ms, until_ms, self._window)
        return {columns.kind.name: columns for columns in told}

    def compare(self, kind: DeviceKind, expected: Columns | None, chunks: Iterable[Found]) -> Findings:
        """Compares one kind in one window of time; see `Ledger.compare` for the terms."""
        kept = (self._judged(kind, expected, chunk) for chunk in chunks if len(chunk.ts))
        findings = super().compare(kind, expected, kept if self._clock_ms else chunks)
        findings.examples = [
            replace(one, detail=self._why(kind, one)) if one.verdict == "duplicated" else one
            for one in findings.examples
        ]
        return findings

    def injected(self) -> dict[str, int]:
        """How many readings taken in the window each class befell."""
        fates = self._delivered.fates
        rules = list(fates.schedule.rules.values())
        counts = {rule.class_: 0 for rule in rules}
        for first, last in super().windows(*self._window):
            for columns in self._delivered.clean.slots(first, last):
                fated = fates.of(columns)
                befell = fated.episodes.rule[fated.episode[fated.episode >= 0]]
                for number, count in zip(*np.unique(befell, return_counts=True), strict=True):
                    counts[rules[number].class_] += int(count)
        return counts

    def _from_outside(self) -> dict[str, Columns]:
        """The readings that tell a time within the window and were taken outside it, by kind."""
        start_ms, until_ms = self._window
        outside = ((start_ms - self._clock_ms, start_ms), (until_ms, until_ms + self._clock_ms))
        kinds: dict[str, list[Columns]] = {}
        for within in outside:
            for columns in self._delivered.told(start_ms, until_ms, within):
                kinds.setdefault(columns.kind.name, []).append(columns)
        return {name: concatenated(parts) for name, parts in kinds.items()}

    def _judged(self, kind: DeviceKind, expected: Columns | None, chunk: Found) -> Found:
        """The rows of a chunk that this window has to answer for."""
        start_ms, until_ms = self._window
        judged = (chunk.ts >= start_ms) & (chunk.ts < until_ms)
        if (beside := self._beside.get(kind.name)) is not None:
            judged &= self._locate(kind, beside, chunk) < 0
        judged |= self._locate(kind, expected, chunk) >= 0
        return chunk if judged.all() else _some(chunk, judged)

    def _why(self, kind: DeviceKind, example: Example) -> str:
        """What befell the reading that a device took at the time of a row that should not be there."""
        number = example.device.rpartition("-")[2]
        if not number.isdecimal():
            return example.detail
        fates = self._delivered.fates
        for columns in self._delivered.clean.slots(example.ts, example.ts + 1):
            fated = fates.of(columns)
            mine = np.flatnonzero((columns.device == int(number) - 1) & (fated.episode >= 0))
            if columns.kind is kind and len(mine):
                rule = int(fated.episodes.rule[fated.episode[mine[0]]])
                return f"delivery.{list(fates.schedule.rules)[rule]} befell the reading of this time"
        return example.detail


def _some(found: Found, rows: Bools) -> Found:
    return FoundRows(
        device=found.device[rows],
        site=found.site[rows],
        ts=found.ts[rows],
        seq=found.seq[rows],
        values={name: column[rows] for name, column in found.values.items()},
        present={name: mask[rows] for name, mask in found.present.items()},
    )
