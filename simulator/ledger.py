"""What should have been stored, and what a store holds instead: the arithmetic of `verify`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from park.catalogue import DeviceKind, ValueType
from park.columns import Columns
from park.model import Bools, Ints
from simulator.observed import Readings
from simulator.plan import Group, device_names

EXAMPLES = 5
_CHUNK = 200_000


class Found(Protocol):
    """M stored rows of one kind, in any order, as a store hands them out.

    Attributes:
        device, site: (M,) names.
        ts: (M,) Unix milliseconds.
        seq: (M,) slots; -1 where the row has none.
        values: field to (M,) column.
        present: field to (M,) mask; a field that is not a key is present in every row.
    """

    @property
    def device(self) -> npt.NDArray[np.object_]: ...  # noqa: D102
    @property
    def site(self) -> npt.NDArray[np.object_]: ...  # noqa: D102
    @property
    def ts(self) -> Ints: ...  # noqa: D102
    @property
    def seq(self) -> Ints: ...  # noqa: D102
    @property
    def values(self) -> Mapping[str, npt.NDArray[Any]]: ...  # noqa: D102
    @property
    def present(self) -> Mapping[str, Bools]: ...  # noqa: D102


@dataclass(frozen=True, kw_only=True, eq=False)
class FoundRows:
    """Found rows of some chunks, as one chunk."""

    device: npt.NDArray[np.object_]
    site: npt.NDArray[np.object_]
    ts: Ints
    seq: Ints
    values: Mapping[str, npt.NDArray[Any]]
    present: Mapping[str, Bools]


@dataclass(frozen=True, kw_only=True)
class Example:
    """One reading that is not as it should be."""

    verdict: str
    kind: str
    device: str
    ts: int
    detail: str = ""


@dataclass(kw_only=True)
class Findings:
    """The outcome of a comparison; see `Ledger.compare` for the terms."""

    expected: int = 0
    found: int = 0
    lost: int = 0
    duplicated: int = 0
    altered: int = 0
    examples: list[Example] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether the store holds exactly what it should."""
        return not (self.lost or self.duplicated or self.altered)

    def add(self, other: "Findings") -> None:
        """Adds another window's outcome."""
        self.expected += other.expected
        self.found += other.found
        self.lost += other.lost
        self.duplicated += other.duplicated
        self.altered += other.altered
        for example in other.examples:
            if sum(known.verdict == example.verdict for known in self.examples) < EXAMPLES:
                self.examples.append(example)


class Ledger:
    """Makes readings again and compares them with what a store holds."""

    def __init__(self, readings: Readings, *, ignore_unselected: bool = False) -> None:
        self.readings = readings
        self._ignore_unselected = ignore_unselected
        self._groups = {group.kind.name: group for group in readings.plan.groups}
        self._numbers = {
            name: dict(zip(device_names(group.kind, group.device.tolist()), range(len(group.device)), strict=True))
            for name, group in self._groups.items()
        }
        self._sites = {
            name: np.array(readings.plan.sites(group.sector))[readings.plan.site_rows(group)]
            for name, group in self._groups.items()
        }

    @property
    def kinds(self) -> tuple[DeviceKind, ...]:
        """The kinds that are compared."""
        return tuple(group.kind for group in self._groups.values())

    def windows(self, start_ms: int, until_ms: int) -> Iterator[tuple[int, int]]:
        """Windows of time whose readings fit in memory comfortably."""
        return self.readings.windows(start_ms, until_ms, rows=_CHUNK)

    def expected(self, start_ms: int, until_ms: int) -> dict[str, Columns]:
        """The readings that a store should hold in [start, until), by kind."""
        return {columns.kind.name: columns for columns in self.readings.columns(start_ms, until_ms)}

    def compare(self, kind: DeviceKind, expected: Columns | None, chunks: Iterable[Found]) -> Findings:
        """Compares one kind in one window of time.

        lost: no row has the reading's device and time. altered: a field differs as float64, is missing or
        extra. duplicated: any other row of the kind (of an unknown device, at a wrong site or time, or again).
        """
        found = _join(list(chunks))
        tally = Findings(expected=0 if expected is None else len(expected), found=0 if found is None else len(found.ts))
        where = self._locate(kind, expected, found)
        if found is not None:
            self._duplicates(tally, kind, found, where)
        if expected is None:
            return tally
        matched = np.full(len(expected), -1, dtype=np.int64)
        if found is not None:
            rows = np.flatnonzero(where >= 0)[::-1]
            matched[where[rows]] = rows  # reversed, so that the first of several rows stays
        missing = np.flatnonzero(matched < 0)
        if len(missing):
            tally.lost = len(missing)
            tally.examples += [_example("lost", expected, int(row)) for row in missing[:EXAMPLES]]
        if found is not None:
            there = np.flatnonzero(matched >= 0)
            _altered(tally, expected.take(there), found, matched[there])
        return tally

    def _locate(self, kind: DeviceKind, expected: Columns | None, found: Found | None) -> Ints:
        """For each found row, the expected row of the same device and time; -1 if there is none."""
        if found is None:
            return np.empty(0, dtype=np.int64)
        if expected is None or not len(expected):
            return np.full(len(found.ts), -1, dtype=np.int64)
        group = self._groups[kind.name]
        position = _positions(found.device, self._numbers[kind.name])
        at_home = found.site.astype(str) == self._sites[kind.name][position]
        base = int(expected.ts.min())
        span = int(max(expected.ts.max(), found.ts.max())) - min(base, int(found.ts.min())) + 1
        base = min(base, int(found.ts.min()))
        keys = _group_positions(group, expected) * span + (expected.ts - base)
        order = np.argsort(keys)
        wanted = position * span + (found.ts - base)
        at = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
        hit = (keys[order][at] == wanted) & (position >= 0) & at_home
        return np.where(hit, order[at], -1)

    def _duplicates(self, tally: Findings, kind: DeviceKind, found: Found, where: Ints) -> None:
        extra = where < 0
        if self._ignore_unselected:
            extra &= _positions(found.device, self._numbers[kind.name]) >= 0
            tally.found -= int((where < 0).sum() - extra.sum())
        known = np.flatnonzero(where >= 0)
        first = np.unique(where[known], return_index=True)[1]
        again = np.ones(len(known), dtype=np.bool_)
        again[first] = False
        extra[known[again]] = True
        rows = np.flatnonzero(extra)
        tally.duplicated = len(rows)
        tally.examples += [
            Example(verdict="duplicated", kind=kind.name, device=str(found.device[row]), ts=int(found.ts[row]))
            for row in rows[:EXAMPLES]
        ]


def _positions(names: npt.NDArray[np.object_], numbers: Mapping[str, int]) -> Ints:
    distinct, inverse = np.unique(names.astype(str), return_inverse=True)
    return np.array([numbers.get(name, -1) for name in distinct.tolist()], dtype=np.int64)[inverse]


def _group_positions(group: Group, expected: Columns) -> Ints:
    return np.asarray(np.searchsorted(group.device, expected.device), dtype=np.int64)


def _join(chunks: list[Found]) -> Found | None:
    chunks = [chunk for chunk in chunks if len(chunk.ts)]
    if len(chunks) < 2:
        return chunks[0] if chunks else None
    names = sorted({name for chunk in chunks for name in chunk.values})
    return FoundRows(
        device=np.concatenate([chunk.device for chunk in chunks]),
        site=np.concatenate([chunk.site for chunk in chunks]),
        ts=np.concatenate([chunk.ts for chunk in chunks]),
        seq=np.concatenate([chunk.seq for chunk in chunks]),
        values={name: np.concatenate([_column(chunk, name) for chunk in chunks]) for name in names},
        present={name: np.concatenate([_mask(chunk, name) for chunk in chunks]) for name in names},
    )


def _column(found: Found, name: str) -> npt.NDArray[Any]:
    if name == "seq":
        return found.seq
    known = found.values.get(name)
    return np.zeros(len(found.ts)) if known is None else known


def _mask(found: Found, name: str) -> Bools:
    if name == "seq":
        return np.asarray(found.seq >= 0)
    if name not in found.values:
        return np.zeros(len(found.ts), dtype=np.bool_)
    return found.present.get(name, np.ones(len(found.ts), dtype=np.bool_))


def _altered(tally: Findings, expected: Columns, found: Found, rows: Ints) -> None:
    differs: dict[str, Bools] = {}
    fields = {channel.name: channel for channel in expected.kind.channels}
    for name in ("seq", *fields):
        should = expected.present.get(name, np.ones(len(expected), dtype=np.bool_))
        has = _mask(found, name)[rows]
        same = should == has
        both = should & has
        if both.any():
            at = np.flatnonzero(both)
            same[at] &= _wanted(expected, name)[at] == _stored(expected.kind, name, _column(found, name)[rows[at]])
        differs[name] = ~same
    for name in sorted(found.values.keys() - fields.keys()):
        differs[name] = _mask(found, name)[rows]
    any_differs = np.logical_or.reduce(list(differs.values()))
    tally.altered = int(any_differs.sum())
    for row in np.flatnonzero(any_differs)[:EXAMPLES].tolist():
        detail = ", ".join(_difference(expected, found, name, row, rows) for name in differs if differs[name][row])
        tally.examples.append(_example("altered", expected, row, detail))


def _wanted(expected: Columns, name: str) -> npt.NDArray[Any]:
    if name == "seq":
        return expected.seq
    channel = expected.kind.channel[name]
    if channel.type is ValueType.FLOAT:
        return expected.floats(channel)
    if channel.type is ValueType.TEXT:
        return np.array(channel.texts, dtype=object)[expected.values[name]]
    return expected.values[name]


def _stored(kind: DeviceKind, name: str, column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if name != "seq" and kind.channel[name].type is ValueType.TEXT:
        return column.astype(object)
    return column


def _difference(expected: Columns, found: Found, name: str, row: int, rows: Ints) -> str:
    known = name == "seq" or name in expected.kind.channel
    should = known and expected.present.get(name, np.ones(len(expected), dtype=np.bool_))[row]
    wanted = str(_wanted(expected, name)[row]) if should else "absent"
    has = str(_column(found, name)[rows[row]]) if _mask(found, name)[rows[row]] else "absent"
    return f"{name}: {has} instead of {wanted}"


def _example(verdict: str, expected: Columns, row: int, detail: str = "") -> Example:
    device = expected.kind.device(int(expected.device[row]) + 1)
    return Example(verdict=verdict, kind=expected.kind.name, device=device, ts=int(expected.ts[row]), detail=detail)
