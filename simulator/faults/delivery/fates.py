"""What becomes of readings on their way: those that are stored, and the messages that are delivered."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

import numpy as np

from park.columns import Columns
from park.model import Bools, Floats, Ints
from simulator.faults.delivery.classes import Befallen, Fates, Form
from simulator.faults.delivery.schedule import DeliverySchedule, Episodes
from simulator.fleet import concatenated
from simulator.plan import Plan


@dataclass(frozen=True, kw_only=True, eq=False)
class Misdated(Columns):
    """Readings of which some tell a wrong time, still in the order in which they were taken.

    Attributes:
        taken_ms: (N,) when they were really taken.
    """

    taken_ms: Ints

    def take(self, rows: Ints | Bools) -> "Misdated":
        """These rows, in this order."""
        return misdated(super().take(rows), self.taken_ms[rows])


def misdated(columns: Columns, taken_ms: Ints) -> Misdated:
    """Readings, and when they were really taken."""
    return Misdated(**{one.name: getattr(columns, one.name) for one in fields(Columns)}, taken_ms=taken_ms)


def taken_ms(columns: Columns) -> Ints:
    """(N,) when readings were really taken, whatever time they tell."""
    return columns.taken_ms if isinstance(columns, Misdated) else columns.ts


@dataclass(frozen=True, kw_only=True, eq=False)
class Messages:
    """N messages of one kind's readings.

    Attributes:
        columns: as they are told.
        taken_ms: (N,) when they were really taken.
        due_ms: (N,) when they are delivered.
        form: (N,) how their payload arrives, a `Form`.
        copy: (N,) whether it has been delivered before.
    """

    columns: Columns
    taken_ms: Ints
    due_ms: Ints
    form: Ints
    copy: Bools

    def __len__(self) -> int:
        return len(self.due_ms)

    def take(self, rows: Ints | Bools) -> "Messages":
        """These, in this order."""
        return Messages(
            columns=self.columns.take(rows),
            taken_ms=self.taken_ms[rows],
            due_ms=self.due_ms[rows],
            form=self.form[rows],
            copy=self.copy[rows],
        )

    def between(self, start_ms: int, until_ms: int) -> "Messages":
        """Those that are delivered in [start, until)."""
        within = (self.due_ms >= start_ms) & (self.due_ms < until_ms)
        return self if within.all() else self.take(within)

    def in_order(self) -> "Messages":
        """In order of delivery; what is delivered at one moment in that in which it was taken, a copy behind."""
        order = np.lexsort((self.columns.device, self.copy, self.taken_ms, self.due_ms))
        return self if (np.diff(order) == 1).all() else self.take(order)


def joined(parts: Iterable[Messages]) -> list[Messages]:
    """Those of each kind as one, in order of delivery; a kind without any is left out."""
    kinds: dict[str, list[Messages]] = {}
    for part in parts:
        if len(part):
            kinds.setdefault(part.columns.kind.name, []).append(part)
    return [_concatenate(some).in_order() for some in kinds.values()]


def _concatenate(parts: list[Messages]) -> Messages:
    if len(parts) == 1:
        return parts[0]
    return Messages(
        columns=concatenated([part.columns for part in parts]),
        taken_ms=np.concatenate([part.taken_ms for part in parts]),
        due_ms=np.concatenate([part.due_ms for part in parts]),
        form=np.concatenate([part.form for part in parts]),
        copy=np.concatenate([part.copy for part in parts]),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Fated:
    """N readings as they were taken, and what becomes of them.

    Attributes:
        fates: None where nothing befalls any.
        episodes: that may befall some.
        episode: (N,) which of these did; -1 for none.
    """

    columns: Columns
    fates: Fates | None
    episodes: Episodes
    episode: Ints

    def stored(self) -> Columns:
        """Those that can be stored, as they are told, in the order in which they were taken."""
        fates, columns = self.fates, self.columns
        if fates is None:
            return columns
        told = replace(columns, ts=fates.ts, seq=fates.seq)
        if (fates.ts != columns.ts).any():
            told = misdated(told, columns.ts)
        arrives = ~fates.lost & (fates.form == Form.SOUND)
        return told if arrives.all() else told.take(arrives)

    def messages(self) -> Messages:
        """Those that are delivered, whenever that is, and then their copies."""
        fates, columns = self.fates, self.columns
        if fates is None:
            none = np.zeros(len(columns), dtype=np.int64)
            return Messages(
                columns=columns, taken_ms=columns.ts, due_ms=columns.ts, form=none, copy=none.astype(np.bool_)
            )
        told = replace(columns, ts=fates.ts, seq=fates.seq)
        once = np.flatnonzero(~fates.lost)
        again = np.flatnonzero(~fates.lost & (fates.copied_ms > 0))
        rows = np.concatenate([once, again])
        return Messages(
            columns=told if len(rows) == len(told) and not len(again) else told.take(rows),
            taken_ms=columns.ts[rows],
            due_ms=np.concatenate([fates.due_ms[once], fates.copied_ms[again]]),
            form=fates.form[rows],
            copy=np.arange(len(rows)) >= len(once),
        )


class FateMaker:
    """Says what becomes of a plan's readings."""

    def __init__(self, plan: Plan) -> None:
        self.schedule = DeliverySchedule(plan)
        self._groups = {group.kind.name: group for group in plan.groups}
        self._rules = list(self.schedule.rules.items())

    def of(self, columns: Columns) -> Fated:
        """What becomes of some readings of a kind, which are in order of time."""
        group = self._groups[columns.kind.name]
        episodes = self.schedule.of(group, int(columns.ts[0]), int(columns.ts[-1]) + 1)
        befell = np.full(len(columns), -1, dtype=np.int64)
        which = episodes.at(columns.device, columns.ts)
        rows = np.flatnonzero(which >= 0)
        if not len(rows):
            return Fated(columns=columns, fates=None, episodes=episodes, episode=befell)
        fates = _usual(columns)
        for number in np.unique(episodes.rule[which[rows]]).tolist():
            mine = rows[episodes.rule[which[rows]] == number]
            hit = mine[self._chance(number, "share", columns, mine) < self._rules[number][1].share]
            befallen = self._befallen(number, columns, hit, episodes.take(which[hit]))
            self._rules[number][1].what.effect(fates, befallen)
            befell[hit] = which[hit]
        some = bool((befell >= 0).any())
        return Fated(columns=columns, fates=fates if some else None, episodes=episodes, episode=befell)

    def _befallen(self, number: int, columns: Columns, rows: Ints, episodes: Episodes) -> Befallen:
        """The readings of these rows, which a rule befalls in these episodes."""
        return Befallen(
            rows=rows,
            taken_ms=columns.ts[rows],
            seq=columns.seq[rows],
            start_ms=episodes.start_ms,
            end_ms=episodes.end_ms,
            interval_ms=self.schedule.interval_ms(self._groups[columns.kind.name]),
            size=episodes.size,
            each=self._chance(number, "each", columns, rows),
            span=self._rules[number][1].span,
        )

    def _chance(self, number: int, use: str, columns: Columns, rows: Ints) -> Floats:
        name = f"{self._rules[number][0]}.{columns.kind.name}.{use}"
        return self.schedule.streams.uniform(f"reading.{name}", columns.device[rows], columns.ts[rows])


def _usual(columns: Columns) -> Fates:
    count = len(columns)
    return Fates(
        ts=columns.ts.copy(),
        seq=columns.seq.copy(),
        due_ms=columns.ts.copy(),
        copied_ms=np.zeros(count, dtype=np.int64),
        lost=np.zeros(count, dtype=np.bool_),
        form=np.zeros(count, dtype=np.int64),
    )
