"""What a credibility bar is.

A bar says what real data of some sort does, as limits on a few figures. It measures a *sample*: what
the park produced, or what real instruments recorded, in one shape, so that the same function judges
both. Its mutants are spoilt samples that must fail, or the bar would measure nothing.

To add bars, write `tests/reference/bars_<subject>.py` with a list named `BARS`; the report finds it
by looking:

    def sample(seed: int, days: int) -> Hourly:  # what the park does; cached with functools.cache
        seen = [day.observe("soil_probe")["soil_moisture"] for day in walk("agriculture", seed, days, cells=3)]
        ...

    BARS = [
        Bar(
            number="5",
            title="Hourly temperature is smooth",
            source="Where the limits come from",
            sample=sample,
            measure=lambda hourly: {"lag-1": lag(hourly.temperature, 1)},
            limits={"lag-1": (0.97, 1.0)},
            mutants={"shuffled hours": shuffled},  # Hourly -> Hourly
        ),
    ]

A pytest test over `cases(BARS)` and `must_fail(BARS)` is three lines; see test_bars_weather.py. The module, or a
`plots_<subject>.py` beside it, may have `PLOTS`: title to a function (axes, seed, days) that draws on matplotlib's
axes, for the report of bench/credibility.py, on whose page such strips stand one above another.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Figures = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Bar:
    """Limits that credible data keeps.

    Attributes:
        number: of the bar in the list of bars.
        title: what it says of the data.
        source: publication or data from which the limits come.
        sample: the park's own data of a seed and a number of days, whole years apart.
        measure: figures of a sample, by name.
        limits: lowest and highest credible value of each figure, both included.
        mutants: name of a fault to a function that puts it into a sample.
        least_days: below which the figures say nothing.
    """

    number: str
    title: str
    source: str
    sample: Callable[[int, int], Any]
    measure: Callable[[Any], Figures]
    limits: Mapping[str, tuple[float, float]]
    mutants: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    least_days: int = 60

    def failures(self, figures: Figures) -> list[str]:
        """What is outside its limits, in words; empty when the bar is reached."""
        return [
            f"bar {self.number}: {name} is {figures[name]:.4g}, not {low:g} to {high:g}"
            for name, (low, high) in self.limits.items()
            if not (math.isfinite(figures[name]) and low <= figures[name] <= high)
        ]

    def judge(self, sample: Any) -> list[str]:
        """Failures of a sample."""
        return self.failures(self.measure(sample))


def cases(bars: Sequence[Bar]) -> dict[str, Bar]:
    """Bars by a name for pytest."""
    return {f"{bar.number} {bar.title}": bar for bar in bars}


def must_fail(bars: Sequence[Bar]) -> dict[str, tuple[Bar, str]]:
    """Every mutant of every bar by a name for pytest."""
    return {f"{bar.number} {mutant}": (bar, mutant) for bar in bars for mutant in bar.mutants}
