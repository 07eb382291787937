"""The report on credibility: a page for each subject, its figures, and an index of the pages that are there.

A page's first paragraphs say how many bars it reaches, on which seeds, when and how it was made, and what was missed;
the index is made of these, so that one subject's page may be made anew by itself.
"""

import io
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from bench import discriminators
from bench.judging import HEAD, Judged, Subject
from tests.reference.find import Plots, plots

_SAID = re.compile(
    r"^# (?P<title>.+)\n\n(?P<reached>\d+ of \d+) .*? seeds (?P<seeds>[\d, ]+); (?P<mutants>\d+ of \d+) .*\n"
    r"(?:\nMade on (?P<day>[\d-]+) by .*\n)?(?:\nMissed: (?P<missed>.+)\.\n)?"
)
_DPI = 100
#: As many as a picture of lines and bands needs: a third of the bytes that all take.
_COLOURS = 256
#: Letters of a title and a legend that stand side by side.
_ABREAST = 125


def title(subject: str) -> str:
    """As it stands over a page."""
    return subject.replace("_", " ").capitalize()


def write_page(subject: Subject, days: int, out: Path, made: str) -> None:
    """The subject's page, `<name>.md`, with its figures."""
    caught, tried = subject.mutants
    lines = [
        f"# {title(subject.name)}",
        "",
        (
            f"{subject.reached} of {len(subject.judged)} bars are reached by seeds {_listed(subject.seeds)}; "
            f"{caught} of {tried} mutants fall."
        ),
        "",
        *_made(made, [*missed(subject)]),
        *_shown(subject, days, out),
        "| " + " | ".join(HEAD) + " |",
        "|" + "---|" * len(HEAD),
        *(f"| {' | '.join(map(_cell, row))} |" for one in subject.judged for row in one.rows),
        "",
        "Sources and mutants, all of which must fall:",
        "",
        *map(_sources, subject.judged),
        "",
    ]
    (out / f"{subject.name}.md").write_text("\n".join(lines))


def missed(subject: Subject) -> Iterator[str]:
    """Each figure that some seed misses: bar, figure, limits, and what those seeds have."""
    for one in subject.judged:
        for name, (low, high) in one.bar.limits.items():
            told = ", ".join(
                f"{figures[name]:.4g} by {seed}"
                for seed, figures in one.figures.items()
                if not (math.isfinite(figures[name]) and low <= figures[name] <= high)
            )
            if told:
                yield f"{one.bar.number} {name} ({low:g} to {high:g}): {told}"
        if one.uncaught:
            yield f"{one.bar.number} passes {', '.join(one.uncaught)}"


def write_discriminators(tried: Sequence[discriminators.Tried], seeds: Sequence[int], out: Path, made: str) -> None:
    """The page of the classifiers."""
    name, good = discriminators.SUBJECT, sum(one.verdict == "taken for real" for one in tried)
    caught = sum(one.mutant > discriminators.CAUGHT for one in tried)
    lines = [
        f"# {title(name)}",
        "",
        (
            f"{good} of {len(tried)} quantities are taken for real, the mean over seeds {_listed(seeds)}; "
            f"{caught} of {len(tried)} mutants are told."
        ),
        "",
        *_made(made, [one.miss for one in tried if one.miss]),
        f"![How well each record is told from the park]({name}.png)",
        "",
        discriminators.section(tried),
    ]
    _save(_draw_told([one for one in tried if not one.missing]), out / f"{name}.png")
    (out / f"{name}.md").write_text("\n".join(lines))


def write_index(out: Path, week: str) -> None:
    """`README.md`, of the pages that are there."""
    lines = [
        "# Credibility",
        "",
        "What the park does, held to limits that real records, standards or, where nothing better is to be had and the",
        "source says so, judgement give; each bar has mutants, spoilt data that must fail it. A bar is reached when",
        "every seed is within every limit. Made by `python -m bench.credibility --seeds 5`, each page by itself with",
        "`--subject` on the day that its row says; what is missed stands there with its limits.",
        "",
        f"![A week of the park]({week})",
        "",
        "| subject | reached | mutants | seeds | made on | missed |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_row(page.name, said) for page in sorted(out.glob("*.md")) if (said := _SAID.search(page.read_text()))]
    (out / "README.md").write_text("\n".join([*lines, ""]))


def _row(page: str, said: re.Match[str]) -> str:
    told = [said["reached"], said["mutants"], said["seeds"], said["day"] or "", _cell(said["missed"] or "none")]
    return f"| [{said['title']}]({page}) | {' | '.join(told)} |"


def _made(made: str, misses: Sequence[str]) -> list[str]:
    """Lines with day and command, and what was missed."""
    return [made, "", *([f"Missed: {'; '.join(misses)}.", ""] if misses else [])]


def _listed(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))


def _save(sheet: Figure, path: Path) -> None:
    """As a picture of few colours."""
    drawn = io.BytesIO()
    sheet.savefig(drawn, dpi=_DPI)
    few = Image.open(drawn).convert("RGB").quantize(_COLOURS, method=Image.Quantize.FASTOCTREE)
    few.save(path, optimize=True)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _sources(one: Judged) -> str:
    caught = ", ".join(f"{name}{' (passes!)' if name in one.uncaught else ''}" for name in one.bar.mutants)
    return f"- {one.bar.number}: {one.bar.source}. Mutants: {caught or 'none'}."


def _shown(subject: Subject, days: int, out: Path) -> list[str]:
    """Lines with the figures, the subject's own first."""
    own, lines = plots().get(subject.name, {}), []
    if own:
        _save(_draw_own(own, subject.seeds[0], days), out / f"{subject.name}.png")
        lines += [f"![{'; '.join(own)}]({subject.name}.png)", ""]
    _save(_draw_limits(subject), out / f"{subject.name}-limits.png")
    return [*lines, f"![Each seed between the limits]({subject.name}-limits.png)", ""]


def _draw_own(own: Plots, seed: int, days: int) -> Figure:
    """The subject's plots, one above another."""
    sheet = Figure(figsize=(11, 2.6 * len(own) + 0.4))
    column: Any = sheet.subplots(len(own), squeeze=False)
    for axes, (name, plot) in zip(column[:, 0], own.items(), strict=True):
        plot(axes, seed, days)
        _head(axes, name)
        _dress(axes)
    sheet.tight_layout()
    return sheet


def _head(axes: Axes, name: str) -> None:
    """The title at the left and the legend at the right, both above the axes, where neither hides a line."""
    handles, labels = axes.get_legend_handles_labels()
    crowded = len(name) + sum(len(label) + 8 for label in labels) > _ABREAST
    axes.set_title(name, fontsize="medium", loc="left", pad=20 if crowded else 6)
    if labels:
        axes.legend(
            handles,
            labels,
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            borderaxespad=0.1,
            ncols=len(labels),
            fontsize="small",
            frameon=False,
        )


def _dress(axes: Axes) -> None:
    axes.grid(visible=True, alpha=0.25)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _draw_limits(subject: Subject) -> Figure:
    """Every figure that has two limits, each seed a stroke between them."""
    scaled = [
        (
            f"{one.bar.number} {name}",
            (np.array([figures[name] for figures in one.figures.values()]) - low) / (high - low),
        )
        for one in subject.judged
        for name, (low, high) in one.bar.limits.items()
        if 0 < high - low < float("inf")
    ]
    sheet = Figure(figsize=(9, 1.0 + 0.2 * len(scaled)))
    axes = sheet.subplots()
    axes.axvspan(0, 1, alpha=0.15)
    for place, (_, values) in enumerate(scaled):
        # A seed far outside is drawn at the edge.
        at, inside = np.clip(np.nan_to_num(values, nan=-0.4), -0.4, 1.4), (values >= 0) & (values <= 1)
        axes.plot(at[inside], np.full(inside.sum(), place), "k|", markersize=8)
        axes.plot(
            at[~inside], np.full((~inside).sum(), place), "|", color="firebrick", markersize=11, markeredgewidth=2
        )
    axes.set_yticks(range(len(scaled)), [name for name, _ in scaled], fontsize="small")
    axes.set_xticks([0, 1], ["lowest", "highest"])
    axes.set(xlim=(-0.5, 1.5), ylim=(len(scaled) - 0.4, -0.6), title="Each seed between the limits")
    sheet.tight_layout()
    return sheet


def _draw_told(tried: Sequence[discriminators.Tried]) -> Figure:
    """Every record: each seed a stroke, what is allowed, and two real places where there are two."""
    sheet = Figure(figsize=(9, 1.4 + 0.3 * len(tried)))
    axes = sheet.subplots()
    places = range(len(tried) - 1, -1, -1)
    for place, one in zip(places, tried, strict=True):
        aucs = [told.auc for told in one.told]
        allowed = one.trial.allowed(one.control)
        axes.barh(place, allowed - 0.5, left=0.5, height=0.6, color="seagreen", alpha=0.2)
        axes.plot(aucs, [place] * len(aucs), "|", color="black", markersize=11)
        if one.control is not None:
            axes.plot(one.control, place, "o", color="tab:blue", markersize=5)
    axes.plot([], [], "|", color="black", markersize=11, label="the park, each seed")
    axes.plot([], [], "o", color="tab:blue", markersize=5, label="two real places")
    axes.barh(0, 0, color="seagreen", alpha=0.2, label="allowed")
    axes.set_yticks(places, [one.trial.name for one in tried], fontsize="small")
    axes.set(xlim=(0.4, 1.02), xlabel="area under the curve: 0.5 is a guess, 1 is never wrong")
    axes.legend(fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
    _dress(axes)
    sheet.tight_layout()
    return sheet
