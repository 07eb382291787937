"""What a panel costs: every panel of every sector, over an hour, a day, a month, a year; readings beside rollups.

A park's readings are generated straight into a store of the bench's own, and rolled up by the code of `park store
rollup`. Then each panel is asked as the viewer asks it, over each span that the store holds: of readings alone, and of
what the store has. The caches are warm: each question is asked once before it is timed. CPU of the store and of who
asks, and wall time, which means something on a machine with nothing beside; of the rounds the cheapest counts.

    python -m bench.panels [--store duckdb|influxdb] [--devices 300] [--days 30] [--interval 5m] [--hours-only]
                           [--rolled [DAYS]] [--distinct 28] [--minutes 20] [--spans "1 d" "30 d"]
                           [--forms readings fine hours rollups grafana] [--rounds 2] [--folder DIR] [--json FILE]

A folder that is named keeps its DuckDB file, and is not filled again.

`--hours-only` makes rollups of an hour alone: of a year nothing else is asked. `--rolled` rolls readings up on the way,
and stores only those of the last days, two unless told: for spans that no panel asks of readings, and so sooner. Of
`--distinct` days readings are made; earlier ones have the buckets of these again, at times of their own. It begins with
the last day, and ends after `--minutes`; what is filled by then is a span of its own. InfluxDB is let finish its files.

`--forms`: what is asked: `readings`, buckets of 5 minutes (`fine`) or an hour (`hours`), or what is chosen by itself;
`grafana` asks what Grafana would, and each time what answers for the range, which Grafana asks once for a page.
"""

import argparse
import asyncio
import dataclasses
import datetime as dt
import math
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench._measure import report, table
from bench.panels_fill import fill, fill_rolled
from bench.panels_store import Place, duckdb_place, influxdb_place
from dashboards.definitions import dashboards
from dashboards.resolved import ResolvedPanel
from dashboards.sources import rollup
from dashboards.sources.base import Window
from dashboards.viewer.windows import Moment, chart_window, newest_window
from ingest.rollups.roll import Roller
from park.panel import View
from park.rollup import COARSE, HOUR_MS, STEPS
from park.town import Town, default_town
from park_cli.options import duration_ms
from sectors import SECTORS
from simulator.observed import readings_of
from simulator.plan import Selection

DAY_MS = 86_400_000
SPANS = {"1 h": DAY_MS // 24, "1 d": DAY_MS, "7 d": 7 * DAY_MS, "30 d": 30 * DAY_MS, "365 d": 365 * DAY_MS}
BEGIN = 1_777_564_800_000  # 2026-05-01
#: So many of the dearest panels are named.
WORST = 5
PLACES = {"duckdb": duckdb_place, "influxdb": influxdb_place}


def panels() -> list[ResolvedPanel]:
    """Every panel of a kind, once."""
    found = {
        (panel.stored.name, panel.fields, panel.aggregate, panel.across, panel.by, panel.view): panel
        for page in dashboards()
        for panel in page.panels
        if panel.view is not View.HEADING and panel.stored.is_kind
    }
    return list(found.values())


def as_readings(panel: ResolvedPanel) -> ResolvedPanel:
    """The panel as if there were no rollups."""
    course = dataclasses.replace(panel.course, rolls=False)
    return dataclasses.replace(panel, course=course, newest=dataclasses.replace(panel.newest, rolls=False))


@dataclass(frozen=True, kw_only=True)
class Form:
    """What panels are asked of.

    Attributes:
        thresholds: names of `rollup` and their values meanwhile.
        every_s: what an interval is at least; None leaves it to the kind.
        panel: what is asked instead of a panel.
        grafana: whether it is asked as Grafana does.
    """

    thresholds: Mapping[str, int] = field(default_factory=dict)
    every_s: float | None = None
    panel: Callable[[ResolvedPanel], ResolvedPanel] = lambda panel: panel
    grafana: bool = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """The thresholds, while the context is open."""
        before = {name: getattr(rollup, name) for name in self.thresholds}
        try:
            vars(rollup).update(self.thresholds)
            yield
        finally:
            vars(rollup).update(before)


FORMS = {
    "readings": Form(panel=as_readings),
    "fine": Form(thresholds={"FINE_HOURS": 0, "COARSE_HOURS": 1 << 30, "LEAST_READINGS": 0}, every_s=300.0),
    "hours": Form(thresholds={"FINE_HOURS": 0, "COARSE_HOURS": 0, "LEAST_READINGS": 0}, every_s=3600.0),
    "rollups": Form(),
    "grafana": Form(grafana=True),
}


@dataclass(frozen=True, kw_only=True, order=True)
class Cost:
    """Of one question, in seconds."""

    cpu_s: float
    wall_s: float


def grafana_window(moment: Moment, every_s: float) -> Window:
    """Of a panel some thousand points wide, whose least interval is twice that of what answers, in whole units."""
    every_s = 3600.0 if moment.span > rollup.COARSE_HOURS * HOUR_MS else every_s
    seconds = max(2 * math.ceil(every_s) + 4, math.ceil(moment.span / 1_000_000))
    unit = next(length for length in (86_400, 3600, 60, 1) if seconds >= length)
    return Window(start=moment.now - moment.span, until=moment.now, interval=seconds // unit * unit * 1000)


async def ask(place: Place, panel: ResolvedPanel, moment: Moment, form: Form, every_s: float) -> Cost:
    """The panel's question over a span; of a table, that for the whole of it."""
    cpu_s, wall_s = place.cpu_s(), time.perf_counter()
    if form.grafana:
        await place.source.answer(panel, grafana_window(moment, every_s))
    elif panel.view is View.TABLE:
        await place.source.newest(panel, newest_window(panel, moment, every_s))
    else:
        await place.source.over_time(panel, chart_window(panel, moment, every_s))
    return Cost(cpu_s=place.cpu_s() - cpu_s, wall_s=time.perf_counter() - wall_s)


async def cheapest(place: Place, panel: ResolvedPanel, moment: Moment, form: Form, rounds: int) -> Cost:
    """Of the rounds, after one that is not counted; a question of over 5 s is asked once."""
    asked, every_s = form.panel(panel), max(panel.stored.interval_s, form.every_s or 0.0)
    first = await ask(place, asked, moment, form, every_s)
    return first if first.cpu_s > 5 else min([await ask(place, asked, moment, form, every_s) for _ in range(rounds)])


def row(name: str, span: str, costs: list[Cost]) -> dict[str, object]:
    """A line of the table: seconds."""
    cpu, wall = [one.cpu_s for one in costs], [one.wall_s for one in costs]
    figures = {"p50": np.percentile(cpu, 50), "p95": np.percentile(cpu, 95), "worst": max(cpu)}
    figures |= {"wall p95": np.percentile(wall, 95), "wall worst": max(wall), "all panels": sum(cpu)}
    return {"store": name, "span": span, **{key: f"{value:.3f}" for key, value in figures.items()}}


async def measure(place: Place, given: argparse.Namespace, days: int) -> list[dict[str, object]]:
    """All spans that the store holds, of all forms."""
    now = BEGIN + given.days * DAY_MS
    rows: list[dict[str, object]] = []
    spans = {f"{days} d": days * DAY_MS} | {name: SPANS[name] for name in given.spans}
    for span, length in sorted(spans.items(), key=lambda one: one[1]):
        if length > days * DAY_MS:
            continue
        for name in given.forms:
            form, moment, asked = FORMS[name], Moment(now=now, span=length), panels()
            with form.held():
                costs = [await cheapest(place, panel, moment, form, given.rounds) for panel in asked]
            rows.append({"of": name, **row(place.name, span, costs)})
            print(rows[-1], flush=True)
            for cost, panel in sorted(zip(costs, asked, strict=True), key=lambda one: one[0], reverse=True)[:WORST]:
                print(f"  {cost.cpu_s:.3f} s: {panel.measurement}: {panel.title}", flush=True)
    return rows


def town_of(given: argparse.Namespace) -> Town:
    """The default one; of whose last days readings are made, commissioned shortly before, to be gone through sooner."""
    town = default_town(SECTORS)
    days = given.days - given.distinct - 7
    if given.rolled is None or days < 0:
        return town
    begun = dt.datetime.fromtimestamp(BEGIN / 1000, dt.UTC).date() + dt.timedelta(days=days)
    return dataclasses.replace(town, settings=town.settings.model_copy(update={"commissioned": begun}))


async def filled(place: Place, given: argparse.Namespace) -> tuple[int, int]:
    """Generate readings, and make their rollups; how many readings of how many days they were."""
    interval_ms = None if given.interval is None else duration_ms(given.interval, "--interval")
    town = town_of(given)
    selection = Selection(town=town, seed=town.settings.seed, devices=given.devices, interval_ms=interval_ms)
    readings, until = readings_of(selection), BEGIN + given.days * DAY_MS
    steps = (COARSE,) if given.hours_only else STEPS
    if given.rolled is None:
        count = fill(place, readings, BEGIN, until)
        await Roller(place.store, steps=steps).once()
        return count, given.days
    figures = await fill_rolled(
        place, readings, BEGIN, until, steps=steps, distinct=given.distinct, most_s=60 * given.minutes
    )
    fill(place, readings, max(BEGIN, until - given.rolled * DAY_MS), until)
    return figures


@asynccontextmanager
async def open_filled(given: argparse.Namespace, folder: Path) -> AsyncIterator[tuple[Place, int]]:
    """The store with the readings and their rollups, and of how many days those are."""
    async with PLACES[given.store](folder) as place:
        began, cpu = time.monotonic(), time.process_time()
        done = folder / "filled"
        if not done.exists():
            done.write_text("{} {}".format(*await filled(place, given)))
            await place.settled()
        count, days = map(int, done.read_text().split())
        wall, spent = time.monotonic() - began, time.process_time() - cpu
        print(f"{count:,} readings of {days} d in {wall:.0f} s, {spent:.0f} s of CPU in this process", flush=True)
        yield place, days


async def run(given: argparse.Namespace, folder: Path) -> list[dict[str, object]]:
    async with open_filled(given, folder) as (place, days):
        return await measure(place, given, days)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=PLACES, default="duckdb")
    parser.add_argument("--devices", type=int, default=300)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--interval")
    parser.add_argument("--hours-only", action="store_true")
    parser.add_argument("--rolled", nargs="?", type=int, const=2)
    parser.add_argument("--distinct", type=int, default=28)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=["readings", "rollups"])
    parser.add_argument("--spans", nargs="+", choices=SPANS, default=list(SPANS))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="park-panels-") as folder:
        rows = asyncio.run(run(given, given.folder or Path(folder)))
    print(table(rows))
    report(given.json, {"panels": rows})


if __name__ == "__main__":
    main()
