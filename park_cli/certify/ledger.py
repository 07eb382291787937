"""The ledger: what was promised and what came of it, in all and by fault."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from park_cli.certify.schedule import Planned


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Of readings that were due in some time.

    Attributes:
        promised: due.
        stored: there at the end, altered or not.
        lost: not there at the end.
        duplicated: rows that should not be there: again, at another time, at another site.
        altered: there, with another value, one more or one less.
        late: not there when their limit had passed, and there at the end.
    """

    promised: int = 0
    stored: int = 0
    lost: int = 0
    duplicated: int = 0
    altered: int = 0
    late: int = 0


def summed(counts: Iterable[Counts]) -> Counts:
    """The sum of each."""
    rows = list(counts)
    names = [one.name for one in dataclasses.fields(Counts)]
    return Counts(**{name: sum(getattr(row, name) for row in rows) for name in names})


@dataclass(frozen=True, kw_only=True)
class Injected:
    """A fault that was.

    Attributes:
        begin_ms, end_ms: when it began, and when it was taken back; Unix milliseconds.
        ready_ms: when its part was ready again, or was waited for no longer; it ends its window.
        back: whether it was ready in time.
    """

    planned: Planned
    begin_ms: int
    end_ms: int
    ready_ms: int
    back: bool

    @property
    def window(self) -> tuple[int, int]:
        """Readings that were due in it are counted as the fault's."""
        return self.begin_ms, self.ready_ms


@dataclass(frozen=True, kw_only=True)
class Row:
    """A fault, and what came of the readings that were due meanwhile."""

    number: int
    part: str
    fault: str
    asked_s: float
    begin_ms: int
    end_ms: int
    ready_ms: int
    back: bool
    counts: Counts


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """A reading that is not as it should be.

    Attributes:
        when: by the faults around it, in words.
    """

    verdict: str
    kind: str
    device: str
    ts: int
    when: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """All that can be published.

    Attributes:
        file: the pipeline's, by name; `digest` is its SHA-256.
        seed, asked: of the schedule, and how many faults it was to have.
        interrupted: whether it was ended before its last fault.
        rate_per_s: what was offered.
        late_s: the limit beyond which a reading is late.
        delivered: how many the broker acknowledged; sent counts what was published again, too.
        between: what was due while there was no fault.
        ended: how often each part ended by itself, and was started again.
        left_out: faults that this host cannot do, with the reason.
    """

    title: str
    file: str
    digest: str
    began: str
    seconds: float
    machine: str
    parts: Mapping[str, str]
    seed: int
    asked: int
    interrupted: bool
    rate_per_s: float
    late_s: float
    delivered: int
    sent: int
    total: Counts
    faults: Sequence[Row]
    between: Counts
    wrong: Sequence[Wrong]
    ended: Mapping[str, int]
    left_out: Mapping[str, str]
    remarks: Sequence[str]

    @property
    def clean(self) -> bool:
        """Whether nothing was lost and nothing altered."""
        return not (self.total.lost or self.total.altered)

    @property
    def by_kind(self) -> dict[tuple[str, str], tuple[int, Counts]]:
        """How many faults there were of each part and name, and what came of them."""
        kinds: dict[tuple[str, str], list[Counts]] = {}
        for row in self.faults:
            kinds.setdefault((row.part, row.fault), []).append(row.counts)
        return {kind: (len(rows), summed(rows)) for kind, rows in sorted(kinds.items())}


def told_of(ts: int, faults: Sequence[Injected]) -> str:
    """When a reading was due, by the faults around it."""
    for one in faults:
        begin, end = one.window
        name = f"fault {one.planned.number} ({one.planned.part}, {one.planned.fault})"
        if begin <= ts < end:
            return f"{(ts - begin) / 1000:.1f} s into {name}"
        if ts < begin:
            return f"{(begin - ts) / 1000:.1f} s before {name}"
    return "after the last fault"
