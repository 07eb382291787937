"""`park dashboards`."""

import asyncio
import os
import time
from pathlib import Path
from typing import Annotated

import typer

from dashboards.build import is_checkout, stale, stale_pages, write, write_pages
from dashboards.check import lacks
from dashboards.definitions import dashboards
from dashboards.errors import DashboardError
from dashboards.resolved import Page
from dashboards.sources.base import Source, Window
from ingest.stores import open_store, parse_store_url
from park.panel import View
from park.safe_text import printable
from park_cli.errors import CommandError, UsageError
from park_cli.foresight import existing
from park_cli.options import DEFAULT_STORE, StoreOption, duration_ms, moment_ms
from park_cli.output import errors, progress_bar
from park_cli.panel_sources import open_source
from sectors import EVENTS

app = typer.Typer(name="dashboards", help="Generate the dashboards, or try them against a store.", no_args_is_help=True)


@app.command()
def build(
    *,
    root: Annotated[Path, typer.Option(help="A checkout of the project.")] = Path(),
    out: Annotated[Path | None, typer.Option(help="Write Grafana's JSON alone, into this folder.")] = None,
    check_only: Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 if a file is stale.")] = False,
) -> None:
    """Write Grafana's JSON and the tables of the docs from the definitions.

    Examples:
      park dashboards build

      park dashboards build --check

      park dashboards build --out /etc/grafana/dashboards
    """
    if out is None and not is_checkout(root):
        raise UsageError(f"--root {root}: is no checkout of the project; elsewhere, name a folder with --out")
    if out is None:
        paths = stale(root) if check_only else write(root)
    else:
        paths = stale_pages(out) if check_only else write_pages(out)
    for path in paths:
        errors.print(f"{'stale' if check_only else 'wrote'}: {path}")
    if check_only and paths:
        again = "" if out is None else f" --out {out}"
        raise CommandError(f"generated files are stale: run `park dashboards build{again}`")


@app.command()
def check(
    store: StoreOption = DEFAULT_STORE,
    *,
    until: Annotated[str | None, typer.Option(help="End of the time range.", show_default="now")] = None,
    last: Annotated[str, typer.Option(help="Length of the time range.")] = "24h",
    page: Annotated[list[str] | None, typer.Option(help="Only this page, by its slug; may be repeated.")] = None,
) -> None:
    """Run every panel's query against a store; exit code 1 if one fails, or finds nothing of what devices report.

    A panel without a description or a unit is told too.

    Examples:
      park dashboards check --store "influxdb+http://127.0.0.1:8086/park?org=park"

      park dashboards check --page energy --page transport --last 7d
    """
    pages = _pages(page)
    url = existing(parse_store_url(store))
    end = int(time.time() * 1000) if until is None else moment_ms(until, "--until")
    window = Window(start=end - duration_ms(last, "--last"), until=end)
    opened = open_store(url, os.environ)  # the viewing side of a file needs the file's owner
    troubles = asyncio.run(_check(open_source(url, os.environ), window, pages))
    asyncio.run(opened.close())
    for trouble in troubles:
        errors.print(printable(trouble), markup=False, soft_wrap=True)
    if troubles:
        raise CommandError(f"{len(troubles)} panels have nothing to show")


def _pages(slugs: list[str] | None) -> list[Page]:
    """All pages, or those of these slugs."""
    known = {page.slug: page for page in dashboards()}
    if unknown := [slug for slug in slugs or () if slug not in known]:
        raise UsageError(f"--page {unknown[0]}: no such page; known: {', '.join(known)}")
    return [known[slug] for slug in slugs or known]


async def _check(source: Source, window: Window, pages: list[Page]) -> list[str]:
    panels = [(page, panel) for page in pages for panel in page.panels if panel.view is not View.HEADING]
    troubles = []
    try:
        with progress_bar() as bar:
            task = bar.add_task("checking", total=len(panels), note="panels")
            for page, panel in panels:
                troubles += [f"{page.slug}: {panel.title}: {lack}" for lack in lacks(panel)]
                try:
                    rows = await source.answer(panel, window)
                    # A log is of what happens: where nobody commands anything, there is rightly none of commands.
                    if panel.stored.name not in EVENTS.logs and not any(series.values for series in rows):
                        troubles.append(f"{page.slug}: {panel.title}: no rows")
                except DashboardError as error:
                    troubles.append(f"{page.slug}: {panel.title}: {error}")
                bar.advance(task)
    finally:
        await source.close()
    return troubles
