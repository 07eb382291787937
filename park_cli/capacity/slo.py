"""A service level objective: `p99<1s, lost 0`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from park_cli.errors import UsageError
from park_cli.options import duration_ms

LATENCIES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "max": 1.0}
"""Of the time from when a reading was due until it could be queried."""
COUNTS = ("lost", "duplicated", "altered", "overruns")

_LATENCY = re.compile(r"(\w+)\s*<=?\s*(\S+)")
_COUNT = re.compile(r"(\w+)\s*(?:<=|=|\s)\s*(\d+)")

#: Milliseconds by the name of a percentile, counts by theirs; None is "was not seen at all".
Figures = Mapping[str, float | None]


@dataclass(frozen=True, kw_only=True)
class Term:
    """One bound.

    Attributes:
        text: as it was asked for.
        limit: milliseconds, or how many.
        shown: a figure in words.
    """

    text: str
    name: str
    limit: float
    shown: Callable[[float], str]

    def failure(self, figures: Figures) -> str | None:
        """What is wrong with the figures, None if the term holds."""
        value = figures[self.name]
        if value is None:
            return f"{self.name} is unknown: too little was seen"
        return None if value <= self.limit else f"{self.name} {self.shown(value)}, not {self.text}"


@dataclass(frozen=True, kw_only=True)
class Slo:
    """Terms, all of which must hold."""

    text: str
    terms: tuple[Term, ...]

    def failures(self, figures: Figures) -> tuple[str, ...]:
        """What does not hold, in words; nothing if all does."""
        return tuple(said for term in self.terms if (said := term.failure(figures)) is not None)

    @property
    def latency_ms(self) -> float | None:
        """The widest bound of a latency; None without any."""
        return max((term.limit for term in self.terms if term.name in LATENCIES), default=None)


def parse_slo(text: str) -> Slo:
    """The objective that a text describes.

    Args:
        text: terms with commas between them: a percentile of latency below a duration, or how many may be `lost`,
            `duplicated`, `altered` or sent too late (`overruns`).

    Raises:
        UsageError: a term is none, or none is given; names the term.
    """
    terms = tuple(_term(term.strip()) for term in text.split(",") if term.strip())
    if not terms:
        raise UsageError("--slo: give at least one term, such as 'p99<1s, lost 0'")
    names = [term.name for term in terms]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UsageError(f"--slo: {twice[0]} is given twice")
    return Slo(text=", ".join(term.text for term in terms), terms=terms)


def _term(text: str) -> Term:
    latency, count = _LATENCY.fullmatch(text), _COUNT.fullmatch(text)
    if latency and latency[1] in LATENCIES:
        limit = float(duration_ms(latency[2], "--slo"))
        if not limit:
            raise UsageError(f"--slo: {text!r}: no reading is there in no time")
        return Term(text=f"{latency[1]}<{latency[2]}", name=latency[1], limit=limit, shown=milliseconds)
    if count and count[1] in COUNTS:
        return Term(text=f"{count[1]} {count[2]}", name=count[1], limit=float(count[2]), shown=_whole)
    raise UsageError(
        f"--slo: {text!r} is no term: give one of {', '.join(LATENCIES)} with a duration, such as p99<1s, "
        f"or one of {', '.join(COUNTS)} with a number, such as lost 0"
    )


def milliseconds(value: float) -> str:
    """A duration for a person."""
    if value == float("inf"):
        return "longer than was waited"
    if value < 1000:
        return f"{value:.3g} ms"
    return f"{value / 1000:.3g} s"


def _whole(value: float) -> str:
    return f"{value:,.0f}"
