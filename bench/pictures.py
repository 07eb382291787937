"""Pictures of every page of the viewer, at a moment of the simulated town: to be looked at, and those of the README.

A DuckDB is filled with the default town's last day, its events, and made-up figures of a pipeline that is well; the
viewer takes the moment for now. Panels that stay blank are named.

    python -m bench.pictures summer|winter [--out DIR] [--pages park energy] [--widths 1280 390] [--light]
                             [--height 950] [--span "15 min"] [--days 1]

Without `--height` a picture is of the whole page.
"""

import argparse
import asyncio
import datetime as dt
import math
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import duckdb
from playwright.async_api import Browser, Page, async_playwright
from playwright.async_api import Error as Refused

from dashboards.definitions import dashboards
from dashboards.sources.duckdb import DuckSource
from dashboards.viewer import open_viewer
from park.town import Town, default_town
from sectors import SECTORS
from simulator.observed import readings_of
from simulator.plan import Selection
from tests.dashboards import stored, town
from tests.dashboards.test_viewer import BLANK
from tests.servers.find import CHROMIUM_ARGUMENTS, chromium

DAY_MS = 86_400_000
#: Local times of the town.
MOMENTS = {"summer": dt.datetime(2026, 7, 15, 12, 30), "winter": dt.datetime(2026, 1, 21, 18, 40)}  # noqa: DTZ001
#: Between two figures of the pipeline.
EVERY_MS = 10_000
#: Readings go on for so long while pictures are taken.
AHEAD_MS = 20 * 60_000
#: Charts move to their places.
DRAWING_MS = 1_500
PATIENCE_MS = 60_000
TIMES = 3
#: What looks at all rules, and the map that waits for it.
WATCHED = "!document.querySelector('.park-overview') || document.querySelector('.park-map-alive .park-spot')"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which pictures.

    Attributes:
        season: one of `MOMENTS`.
        days: of readings before it.
        out: where they go.
        pages: their slugs.
        widths: of the window, px.
        height: of the window, px; None is as high as the page.
        light: the light theme.
        span: that is chosen, as the page calls it; empty leaves the page's own.
    """

    season: str
    days: int
    out: Path
    pages: tuple[str, ...]
    widths: tuple[int, ...]
    height: int | None
    light: bool
    span: str


def fill(connection: duckdb.DuckDBPyConnection, made: Town, now: int, days: int) -> None:
    """What is stored at the moment, and shortly after it."""
    selection = Selection(town=made, seed=made.settings.seed, devices=made.devices, events=True)
    stored.fill(connection, readings_of(selection), now - days * DAY_MS - DAY_MS // 24, now + AHEAD_MS)
    town.fill(connection, pipeline(made, now - DAY_MS, now + AHEAD_MS))


def pipeline(made: Town, start: int, until: int) -> Iterator[town.Row]:
    """An ingester and a gateway a site, a day long: two readings a second, all of them stored."""
    for ts in range(start, until, EVERY_MS):
        slow = 1 + 0.2 * math.sin(ts / 900_000)
        seconds = (ts - start) // 1000
        figures: dict[str, town.Value] = dict.fromkeys(("dead_lettered", "retries", "gaps", "late", "reconnects"), 0)
        figures |= dict.fromkeys(("received", "stored", "rows"), 2 * seconds)
        figures |= {"batches": seconds, "duplicates": 0, "in_flight": 4.0, "devices": float(made.devices)}
        figures |= {"devices_silent": 0.0, "gateways_online": float(len(made.sites)), "memory": 48.5}
        figures |= {"latency_p50": 140 * slow, "latency_p95": 240 * slow, "latency_p99": 300 * slow}
        figures |= {"write_p95": 12 * slow, "cpu_per_message": 60 * slow}
        yield town.Row(measurement="park_ingest", tags={"instance": "park-ingest"}, ts=ts, values=figures)
        for number, site in enumerate(made.sites):
            count = seconds // 2
            gateway: dict[str, town.Value] = dict.fromkeys(("offered", "sent", "acknowledged"), count)
            gateway |= {"overruns": 0, "reconnects": 0, "models": 1}
            gateway |= {"latency_p50": (30 + number) * slow, "latency_p95": (45 + number) * slow}
            tags = {"instance": f"gw-{site.name}-0", "site": site.name}
            yield town.Row(measurement="park_gateway", tags=tags, ts=ts, values=gateway)


@contextmanager
def clock_at(now: int) -> Iterator[None]:
    """The clock goes on from there, ms."""
    real, ahead = time.time, now / 1000 - time.time()
    with patch("time.time", lambda: real() + ahead):
        yield


async def taken(browser: Browser, url: str, slug: str, width: int, wanted: Wanted) -> None:
    """A picture of a page; where the machine is busy, a browser may lose the viewer, and the page begins anew."""
    for _ in range(TIMES):
        try:
            await take(browser, url, slug, width, wanted)
        except Refused as error:
            print(f"{slug} at {width}: {error.message}")
        else:
            return


async def take(browser: Browser, url: str, slug: str, width: int, wanted: Wanted) -> None:
    """The same, once."""
    page = await browser.new_page(viewport={"width": width, "height": wanted.height or 900})
    await page.goto(f"{url}{slug}")
    await page.wait_for_selector(f'[data-dashboard="{slug}"]')
    if wanted.light:
        await page.get_by_label("Dark or light").click()
    if wanted.span:
        await page.click(f".park-spans >> text={wanted.span}")
    await page.mouse.move(1, 400)
    blank = await drawn(page)
    if wanted.height is None:
        height = await page.evaluate("document.documentElement.scrollHeight")
        await page.set_viewport_size({"width": width, "height": height})
        blank = await drawn(page)
    path = wanted.out / f"{wanted.season}-{slug}-{width}.png"
    await page.screenshot(path=path)
    wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    print(f"{path}" + (f": {wide} px too wide" if wide > 0 else "") + "".join(f"\n  blank: {one}" for one in blank))
    await page.close()


async def drawn(page: Page) -> list[str]:
    """Wait until all is drawn; the titles of panels that are not."""
    try:
        await page.wait_for_function(f"({BLANK})().length === 0", timeout=PATIENCE_MS)
        await page.wait_for_function(WATCHED, timeout=PATIENCE_MS)
    except Refused as error:
        print(error.message)
    await page.wait_for_function("document.querySelectorAll('.park-body.asked').length === 0")
    await page.wait_for_timeout(DRAWING_MS)
    found: list[str] = await page.evaluate(BLANK)
    return found


async def run(wanted: Wanted, folder: Path) -> None:
    """Fill a store, show it, and take the pictures."""
    made = default_town(SECTORS)
    local = MOMENTS[wanted.season].replace(tzinfo=dt.UTC)
    now = int(local.timestamp() * 1000) - made.settings.utc_offset_ms
    with duckdb.connect(str(folder / "park.duckdb")) as connection:
        fill(connection, made, now, wanted.days)
        with clock_at(now):
            shown = open_viewer(
                DuckSource(connection.cursor),
                title=made.settings.name,
                utc_offset_ms=made.settings.utc_offset_ms,
                lakes=made.lakes,
            )
            async with shown as url, async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGUMENTS)
                for slug in wanted.pages:
                    for width in wanted.widths:
                        await taken(browser, url, slug, width, wanted)
                await browser.close()


def main() -> None:
    slugs = [page.slug for page in dashboards()]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("season", choices=MOMENTS)
    parser.add_argument("--out", type=Path, default=Path())
    parser.add_argument("--pages", nargs="+", choices=slugs, default=slugs)
    parser.add_argument("--widths", nargs="+", type=int, default=[1280, 390])
    parser.add_argument("--height", type=int)
    parser.add_argument("--light", action="store_true")
    parser.add_argument("--span", default="")
    parser.add_argument("--days", type=int, default=1)
    given = vars(parser.parse_args())
    wanted = Wanted(**{**given, "pages": tuple(given["pages"]), "widths": tuple(given["widths"])})
    wanted.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="park-pictures-") as folder:
        asyncio.run(run(wanted, Path(folder)))


if __name__ == "__main__":
    main()
