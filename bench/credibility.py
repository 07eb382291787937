"""Is the data credible? Every bar of `tests/reference/bars_*.py`, over several seeds, with its mutants.

    python -m bench.credibility [--seeds 5] [--days 60] [--subject weather] [--out docs/credibility]

Prints a table, writes a page with figures for each subject and an index, and exits 1 when a bar is missed or a mutant
is not caught. A bar that says nothing on so few days takes its own least number of days. In `--subject discriminators`
classifiers try to tell the park from real records (bench/discriminators.py). A subject's own figure is the `PLOTS` of
its `plots_<subject>.py`, or of its bars.
"""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench import discriminators, report
from bench.judging import judge_all, table
from bench.week import WEEK, draw_week
from tests.reference.find import bars
from tests.reference.trials import TRIALS

DAYS = 60


def main(
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds: the default 42, then 1, 2 and so on.")] = 5,
    days: Annotated[int, typer.Option(min=1, help="Simulated days of each seed.")] = DAYS,
    subject: Annotated[list[str] | None, typer.Option(help="Only this one; may be repeated.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("docs/credibility"),
) -> None:
    """Judges the simulated town by published bars."""
    known = bars()
    names = [*known, discriminators.SUBJECT]
    if unknown := sorted(set(subject or ()) - set(names)):
        raise typer.BadParameter(f"no bars_{unknown[0]}.py; known: {', '.join(names)}", param_hint="--subject")
    out.mkdir(parents=True, exist_ok=True)
    chosen = [42, *(seed for seed in range(1, seeds + 1) if seed != 42)][:seeds]
    good, console = True, Console()
    for name in subject or names:
        if name == discriminators.SUBJECT:
            tried = [discriminators.attempt(trial, chosen) for trial in TRIALS]
            console.print(discriminators.table(tried))
            report.write_discriminators(tried, chosen, out, _made(name, seeds, days))
            good = good and all(one.verdict == "taken for real" for one in tried)
            continue
        judged = judge_all(name, known[name], chosen, days)
        console.print(table(judged))
        report.write_page(judged, days, out, _made(name, seeds, days))
        good = good and judged.reached == len(judged.judged)
    if subject is None or not (out / WEEK).exists():
        draw_week(out)
    report.write_index(out, WEEK)
    raise typer.Exit(0 if good else 1)


def _made(subject: str, seeds: int, days: int) -> str:
    today = dt.datetime.now(dt.UTC).date()
    asked = f"--seeds {seeds}{'' if days == DAYS else f' --days {days}'} --subject {subject}"
    return f"Made on {today} by `python -m bench.credibility {asked}`."


if __name__ == "__main__":
    typer.run(main)
