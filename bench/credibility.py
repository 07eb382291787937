"""Is the data credible? Every bar of `tests/reference/bars_*.py`, over several seeds, with its mutants.

    python -m bench.credibility [--seeds 5] [--days 60] [--subject weather] [--out docs/credibility]

Prints a table, writes `README.md` and plots, and exits 1 when a bar is missed or a mutant is not caught.
A bar that says nothing on so few days takes its own least number of days. In `--subject discriminators` classifiers try
to tell the park from real records (bench/discriminators.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from bench import discriminators
from bench.week import draw_week
from tests.reference.bar import Bar, Figures
from tests.reference.find import bars, plots
from tests.reference.trials import TRIALS


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
    figures: dict[int, Figures]
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


def judge(bar: Bar, seeds: Sequence[int], days: int) -> Judged:
    """Measures every seed, and tries the mutants on the first."""
    days = max(days, bar.least_days)
    figures = {seed: bar.measure(bar.sample(seed, days)) for seed in seeds}
    sample = bar.sample(seeds[0], days)
    uncaught = [name for name, mutant in bar.mutants.items() if not bar.judge(mutant(sample))]
    return Judged(bar=bar, days=days, figures=figures, uncaught=uncaught)


def rows(judged: Judged) -> list[tuple[str, ...]]:
    """Number, title, figure, limits, range over the seeds, days, verdict: one row for each figure."""
    found: list[tuple[str, ...]] = []
    for name, (low, high) in judged.bar.limits.items():
        values = [figures[name] for figures in judged.figures.values()]
        limits = f"{low:g} to {high:g}"
        spread = f"{min(values):.4g} to {max(values):.4g}"
        row = (judged.bar.number, judged.bar.title, name, limits, spread, str(judged.days), judged.verdict)
        found.append(row if not found else ("", "", *row[2:5], "", ""))
    return found


HEAD = ("bar", "what", "figure", "limits", "over the seeds", "days", "verdict")


def table(subject: str, judged: Sequence[Judged]) -> Table:
    """For the terminal."""
    shown = Table(*HEAD, title=subject)
    for one in judged:
        for row in rows(one):
            shown.add_row(*row, style="red" if one.verdict != "reached" else None)
    return shown


def draw(subject: str, judged: Sequence[Judged], seed: int, days: int, out: Path) -> list[str]:
    """Figures within their limits, then the subject's own plots; returns the files' names."""
    scaled = [
        (f"{one.bar.number} {name}", [(figures[name] - low) / (high - low) for figures in one.figures.values()])
        for one in judged
        for name, (low, high) in one.bar.limits.items()
        if 0 < high - low < float("inf")
    ]
    own = plots()[subject]
    sheet = Figure(figsize=(9, 1 + 0.28 * len(scaled) + 3 * len(own)))
    axes = sheet.subplots(
        1 + len(own), squeeze=False, gridspec_kw={"height_ratios": [1 + 0.28 * len(scaled)] + [3] * len(own)}
    )
    axes[0, 0].axvspan(0, 1, alpha=0.15)
    for place, (_, values) in enumerate(scaled):
        axes[0, 0].plot(values, [place] * len(values), "k|")
    axes[0, 0].set_yticks(range(len(scaled)), [name for name, _ in scaled], fontsize="small")
    axes[0, 0].set(xlim=(-0.5, 1.5), title=f"{subject}: each seed between its limits")
    axes[0, 0].invert_yaxis()
    for panel, (title, plot) in zip(axes[1:, 0], own.items(), strict=True):
        plot(panel, seed, days)
        panel.set_title(title)
    sheet.tight_layout()
    sheet.savefig(out / f"{subject}.png", dpi=110)
    return [f"{subject}.png"]


def section(subject: str, judged: Sequence[Judged], images: Sequence[str]) -> str:
    """The subject's part of the report, in Markdown."""
    lines = [f"## {subject.capitalize()}", "", "| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for one in judged for row in rows(one)]
    lines += ["", "Sources and mutants, all of which must fall:", ""]
    for one in judged:
        caught = ", ".join(f"{name}{' (passes!)' if name in one.uncaught else ''}" for name in one.bar.mutants)
        lines.append(f"- {one.bar.number}: {one.bar.source}. Mutants: {caught or 'none'}.")
    lines += ["", *[f"![{subject}]({image})" for image in images], ""]
    return "\n".join(lines)


def main(
    seeds: Annotated[int, typer.Option(min=1, help="Seeds 1 to this, and the default 42.")] = 5,
    days: Annotated[int, typer.Option(min=1, help="Simulated days of each seed.")] = 60,
    subject: Annotated[list[str] | None, typer.Option(help="Only this one; may be repeated.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("docs/credibility"),
) -> None:
    """Judges the simulated town by published bars."""
    known = bars()
    names = [*known, discriminators.SUBJECT]
    if unknown := sorted(set(subject or ()) - set(names)):
        raise typer.BadParameter(f"no bars_{unknown[0]}.py; known: {', '.join(names)}", param_hint="--subject")
    out.mkdir(parents=True, exist_ok=True)
    chosen = [42, *(seed for seed in range(1, seeds + 1) if seed != 42)]
    parts = [
        f"# Credibility\n\nSeeds {', '.join(map(str, chosen))}. Made by `python -m bench.credibility`.\n",
        f"![A week of the park]({draw_week(out)})\n",
    ]
    good, console = True, Console()
    for name in subject or names:
        if name == discriminators.SUBJECT:
            tried = [discriminators.attempt(trial, chosen[:seeds]) for trial in TRIALS]
            console.print(discriminators.table(tried))
            parts.append(discriminators.section(tried))
            good = good and all(one.verdict == "taken for real" for one in tried)
            continue
        judged = [judge(bar, chosen, days) for bar in known[name]]
        console.print(table(name, judged))
        parts.append(section(name, judged, draw(name, judged, chosen[0], days, out)))
        good = good and all(one.verdict == "reached" for one in judged)
    (out / "README.md").write_text("\n".join(parts))
    raise typer.Exit(0 if good else 1)


if __name__ == "__main__":
    typer.run(main)
