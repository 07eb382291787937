"""Bars of `tests/reference/bars_*.py` held to several seeds, and their mutants to one."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.table import Table

from tests.reference.bar import Bar, Figures

HEAD = ("bar", "what", "figure", "limits", "over the seeds", "days", "verdict")


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A bar over all seeds.

    Attributes:
        days: how many each seed walked.
        figures: seed to what was measured.
        uncaught: mutants that passed.
    """

    bar: Bar
    days: int
    figures: dict[int, Figures] = field(default_factory=dict)
    uncaught: list[str] = field(default_factory=list)

    @property
    def missed(self) -> list[int]:
        """Seeds that are outside a limit."""
        return [seed for seed, figures in self.figures.items() if self.bar.failures(figures)]

    @property
    def verdict(self) -> str:
        """One word or two."""
        if self.missed:
            return "missed by " + ", ".join(map(str, self.missed))
        return "mutant passes" if self.uncaught else "reached"

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """As `HEAD`, one for each figure."""
        found: list[tuple[str, ...]] = []
        for name, (low, high) in self.bar.limits.items():
            values = [figures[name] for figures in self.figures.values()]
            limits = f"{low:g} to {high:g}"
            spread = f"{min(values):.4g} to {max(values):.4g}"
            row = (self.bar.number, self.bar.title, name, limits, spread, str(self.days), self.verdict)
            found.append(row if not found else ("", "", *row[2:5], "", ""))
        return found


@dataclass(frozen=True, kw_only=True)
class Subject:
    """All bars of a subject; `seconds` are of the processor, with the samples, for all seeds together."""

    name: str
    judged: Sequence[Judged]
    seconds: float

    @property
    def seeds(self) -> list[int]:
        """Of all bars."""
        return list(self.judged[0].figures)

    @property
    def reached(self) -> int:
        """How many bars all seeds reach, with every mutant caught."""
        return sum(one.verdict == "reached" for one in self.judged)

    @property
    def mutants(self) -> tuple[int, int]:
        """How many fall, of how many."""
        tried = sum(len(one.bar.mutants) for one in self.judged)
        return tried - sum(len(one.uncaught) for one in self.judged), tried


def judge_all(name: str, bars: Sequence[Bar], seeds: Sequence[int], days: int) -> Subject:
    """All bars of a subject, and the mutants on the first seed.

    Seed by seed: what is made of one is there for all its bars, and some samples remember no more than two.
    """
    began = time.process_time()
    judged = [Judged(bar=bar, days=max(days, bar.least_days)) for bar in bars]
    for seed in seeds:
        for one in judged:
            sample = one.bar.sample(seed, one.days)
            one.figures[seed] = one.bar.measure(sample)
            if seed == seeds[0]:
                one.uncaught.extend(
                    name for name, mutant in one.bar.mutants.items() if not one.bar.judge(mutant(sample))
                )
    return Subject(name=name, judged=judged, seconds=time.process_time() - began)


def table(subject: Subject) -> Table:
    """For the terminal."""
    shown = Table(*HEAD, title=f"{subject.name}, {subject.seconds:.0f} s of the processor")
    for one in subject.judged:
        for row in one.rows:
            shown.add_row(*row, style="red" if one.verdict != "reached" else None)
    return shown
