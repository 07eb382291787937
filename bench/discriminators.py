"""Can a classifier tell the park from real records? The figures of tests/reference/trials.py, over several seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.table import Table

from tests.reference.discriminate import Told, tell
from tests.reference.sdist import RecordMissing
from tests.reference.trials import Trial

SUBJECT = "discriminators"
HEAD = ("record", "AUC", "over the seeds", "allowed", "real against real", "mutant", "what gives it away", "verdict")
#: A mutant that is told less often is not caught.
CAUGHT = 0.95


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A trial over several seeds.

    Attributes:
        told: how well each seed's windows are told from the record.
        control: AUC of real against real, where there are two places.
        mutant: AUC of the record against its mutant.
        missing: why the record could not be had, if so; nothing else is known then.
    """

    trial: Trial
    told: Sequence[Told] = ()
    control: float | None = None
    mutant: float = float("nan")
    missing: str = ""

    @property
    def auc(self) -> float:
        """The mean over the seeds."""
        return float(np.mean([one.auc for one in self.told]))

    @property
    def verdict(self) -> str:
        """A few words."""
        if self.missing:
            return self.missing
        if self.mutant <= CAUGHT:
            return "mutant passes"
        return "taken for real" if self.auc <= self.trial.allowed(self.control) else "told apart"

    @property
    def miss(self) -> str:
        """What it misses, in words; empty if nothing."""
        if self.missing or self.verdict == "taken for real":
            return self.missing and f"{self.trial.name}: {self.missing}"
        if self.mutant <= CAUGHT:
            return f"{self.trial.name} passes {self.trial.mutant[0]}"
        return f"{self.trial.name} {self.auc:.3f} (to {self.trial.allowed(self.control):.2f})"

    @property
    def row(self) -> tuple[str, ...]:
        """As `HEAD`."""
        if self.missing:
            return (self.trial.name, *[""] * 6, self.verdict)
        aucs = [one.auc for one in self.told]
        return (
            self.trial.name,
            f"{self.auc:.2f}",
            f"{min(aucs):.2f} to {max(aucs):.2f}",
            f"{self.trial.allowed(self.control):.2f}",
            "one place" if self.control is None else f"{self.control:.2f}",
            f"{self.mutant:.2f}, {self.trial.mutant[0]}",
            "; ".join(f"{name} {auc:.2f}" for name, auc in self.told[0].features.items()),
            self.verdict,
        )


def attempt(trial: Trial, seeds: Sequence[int]) -> Tried:
    """Every seed's windows, real against real, and the mutant."""
    try:
        real = trial.real()
    except RecordMissing as missing:
        return Tried(trial=trial, missing=str(missing))
    grain = trial.grain
    pair = trial.control() if trial.control else None
    return Tried(
        trial=trial,
        told=[tell(real, trial.park(seed), seed, grain) for seed in seeds],
        control=float(np.mean([tell(*pair, seed, grain).auc for seed in seeds])) if pair else None,
        mutant=float(np.mean([tell(real, trial.spoilt, seed, grain).auc for seed in seeds])),
    )


def table(tried: Sequence[Tried]) -> Table:
    """For the terminal."""
    shown = Table(*HEAD, title=SUBJECT)
    for one in tried:
        shown.add_row(*one.row, style=None if one.verdict == "taken for real" else "red")
    return shown


def section(tried: Sequence[Tried]) -> str:
    """For the report, in Markdown."""
    lines = [
        "Area under the curve of the better of two classifiers, on weeks that it had not seen: 0.5 is a guess.",
        "",
    ]
    lines += ["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
    lines += ["| " + " | ".join(one.row) + " |" for one in tried]
    return "\n".join([*lines, ""])
