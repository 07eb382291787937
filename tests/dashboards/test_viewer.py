"""The viewer in a real browser: every dashboard whole, nothing from the internet, values that live."""

import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from dashboards.definitions import dashboards
from ingest.batch import Batch
from ingest.decode import Decoder
from ingest.messages import PlainMessage
from ingest.stores import open_store, parse_store_url
from park.panel import View
from sectors import SECTORS
from tests.dashboards import town
from tests.servers.find import CHROMIUM_ARGUMENTS, chromium
from tests.servers.influxdb2 import InfluxDB2, run_influxdb2

PAGES = {page.slug: page for page in dashboards()}
ROOT = Path(__file__).parents[2]
BLANK = """() => [...document.querySelectorAll('.park-card')].filter(card => {
    const words = card.querySelector('.park-empty');
    const figure = card.querySelector('.park-figure');
    const canvas = [...card.querySelectorAll('canvas')];
    const rows = card.querySelectorAll('tbody tr td');
    const waiting = words.offsetParent !== null;
    const tiles = card.querySelectorAll('.park-board-tiles li, .park-crowd-tiles li');
    const drawn = canvas.some(c => c.width > 0) || rows.length > 1 || tiles.length > 0;
    return waiting || !drawn || (figure && figure.offsetParent !== null && !figure.textContent.trim());
}).map(card => card.dataset.panel)"""


@dataclass(frozen=True, kw_only=True)
class Viewer:
    url: str
    process: subprocess.Popen[str]
    seconds: float


@dataclass(kw_only=True)
class Watched:
    """A browser page, and what went wrong in it."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _request(self, request: Request) -> None:
        self.requests.append(request.url)


@contextlib.contextmanager
def viewer(told: dict[str, str], *names: str) -> Iterator[Viewer]:
    """A viewer process that must end by itself and have nothing to complain about."""
    argv = [sys.executable, "-W", "error", "-m", "tests.dashboards.viewer_process", json.dumps(told), "1", *names]
    began = time.monotonic()
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            yield Viewer(url=url, process=process, seconds=time.monotonic() - began)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            status = process.wait(20)
            errors.seek(0)
            said = [line for line in errors.read().splitlines() if not line.endswith("/no-such-page not found")]
            assert (status, said) == (0, [])


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    program = chromium()
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("chromium"),
            executable_path=program,
            headless=True,
            args=CHROMIUM_ARGUMENTS,
            viewport={"width": 1600, "height": 1000},
        )
        yield context
        context.close()


def town_around_now() -> Iterator[town.Row]:
    """Three hours, and on into the near future, so that the newest minute is full while the browser looks."""
    now = int(time.time() * 1000)
    return town.rows(now - 3 * 3_600_000, now + 600_000)


@pytest.fixture(scope="module")
def bucket_of_today(influxdb: InfluxDB2) -> str:
    name = influxdb.new_bucket()
    influxdb.write(town.lines(town_around_now()), bucket=name)
    return name


@pytest.fixture(scope="module")
def over_influxdb(influxdb: InfluxDB2, bucket_of_today: str) -> Iterator[Viewer]:
    with viewer({"url": influxdb.url, "database": bucket_of_today, "token": influxdb.token}) as running:
        yield running


@pytest.fixture(scope="module")
def over_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewer]:
    path = tmp_path_factory.mktemp("duckdb") / "park.duckdb"
    with duckdb.connect(str(path)) as connection:
        town.fill(connection, town_around_now())
    with viewer({"path": str(path)}) as running:
        yield running


def open_page(browser: BrowserContext, viewer: Viewer, slug: str) -> Watched:
    watched = Watched(page=browser.new_page())
    watched.page.goto(f"{viewer.url}{slug}")
    watched.page.wait_for_selector("[data-dashboard]")
    return watched


def assert_whole(watched: Watched, slug: str, url: str) -> None:
    """Every panel is there and drawn, without an error or a request to elsewhere."""
    shown = [panel.title for panel in PAGES[slug].panels if panel.view is not View.HEADING]
    titles = watched.page.eval_on_selector_all(".park-card", "cards => cards.map(card => card.dataset.panel)")
    assert titles == shown
    try:
        watched.page.wait_for_function(f"({BLANK})().length === 0", timeout=30_000)
    finally:
        assert watched.page.evaluate(BLANK) == []
    assert watched.complaints == []
    assert [address for address in watched.requests if not address.startswith((url, "data:", "blob:"))] == []


@pytest.mark.parametrize("slug", list(PAGES))
@pytest.mark.parametrize("store", ["over_influxdb", "over_duckdb"])
def test_every_dashboard_is_whole(
    slug: str, store: str, browser: BrowserContext, request: pytest.FixtureRequest
) -> None:
    running: Viewer = request.getfixturevalue(store)
    watched = open_page(browser, running, slug)
    try:
        assert_whole(watched, slug, running.url)
    finally:
        watched.page.close()


def test_figures_follow_new_readings(browser: BrowserContext, influxdb: InfluxDB2) -> None:
    bucket = influxdb.new_bucket()

    def write(told: int) -> None:
        line = f"park_ingest,instance=ingester-0 in_flight={told} {int(time.time() * 1000)}"
        influxdb.write(line.encode(), bucket=bucket)

    write(1)
    with viewer({"url": influxdb.url, "database": bucket, "token": influxdb.token}) as running:
        watched = open_page(browser, running, "pipeline")
        figure = watched.page.locator('[data-panel="In flight"] .park-figure').element_handle()
        for told in (4321, 12):
            write(told)
            shown = f"{told:,}".replace(",", "\u202f")
            watched.page.wait_for_function("([f, text]) => f.textContent === text", arg=[figure, shown], timeout=20_000)
        assert watched.complaints == []
        watched.page.close()


def test_the_strip_the_menu_the_span_and_the_sites_work(browser: BrowserContext, over_influxdb: Viewer) -> None:
    watched = open_page(browser, over_influxdb, "")
    page = watched.page
    page.wait_for_selector(".park-pulse.live")
    assert "msg/s" in page.inner_text(".park-strip")
    slug = next(slug for slug in PAGES if slug not in {"park", "pipeline"})
    page.click(f'.park-link[href$="/{slug}"]')
    page.wait_for_selector(f'[data-dashboard="{slug}"]')
    page.wait_for_url(f"**/{slug}", wait_until="commit")
    page.click(".park-spans >> text=1 h")
    page.click(".park-sites")
    page.click(".q-menu >> text=north")
    page.keyboard.press("Escape")
    assert_whole(watched, slug, over_influxdb.url)
    page.go_back()
    page.wait_for_selector('[data-dashboard="park"]')
    page.close()


@dataclass(frozen=True, kw_only=True)
class Mortal:
    """A viewer whose store the tests stop."""

    viewer: Viewer
    server: InfluxDB2


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mortal]:
    with run_influxdb2(tmp_path_factory.mktemp("mortal")) as server:
        server.write(town.lines(town_around_now()))
        told = {"url": server.url, "database": server.bucket, "token": server.token}
        with viewer(told) as running:
            yield Mortal(viewer=running, server=server)


def whole(watched: Watched) -> None:
    watched.page.wait_for_function(f"({BLANK})().length === 0", timeout=30_000)


def axis(page: Page, title: str) -> tuple[int, int]:
    """From when until when a chart's time axis reaches."""
    found = page.evaluate(
        """title => {
            const card = [...document.querySelectorAll('.park-card')].find(card => card.dataset.panel === title);
            const axis = getElement(card.querySelector('.park-chart').id.slice(1)).chart.getOption().xAxis[0];
            return [axis.min, axis.max];
        }""",
        title,
    )
    return found[0], found[1]


def test_a_store_that_goes_away_is_named_and_comes_back(browser: BrowserContext, mortal: Mortal) -> None:
    watched = open_page(browser, mortal.viewer, "pipeline")
    page = watched.page
    whole(watched)
    page.wait_for_selector(".park-pulse.live")
    mortal.server.kill()
    try:
        page.wait_for_selector(".park-problem:visible", timeout=20_000)
        assert "does not answer" in page.inner_text(".park-problem")
        page.wait_for_selector(".park-pulse.lost")
        assert page.query_selector(".park-pulse.live") is None
        age = "Number(document.querySelector('.park-age').innerText.match(/^as of (\\d+) s ago$/)[1])"
        first_age = page.evaluate(age)
        page.wait_for_function(f"{age} > {first_age}")
        banner, below = (page.query_selector(name) for name in (".park-problem", ".park-intro"))
        assert banner
        assert below
        first, second = banner.bounding_box(), below.bounding_box()
        assert first
        assert second
        assert 0 < second["y"] - (first["y"] + first["height"]) < 40
    finally:
        mortal.server.start()
    page.wait_for_selector(".park-problem", state="hidden", timeout=20_000)
    page.wait_for_selector(".park-pulse.live")
    assert not page.is_visible(".park-age")
    assert watched.complaints == []
    page.close()


def test_another_choice_is_marked_as_asked_until_it_is_shown(browser: BrowserContext, mortal: Mortal) -> None:
    slug = next(slug for slug in PAGES if slug not in {"park", "pipeline"})
    (chart, *_) = [panel.title for panel in PAGES[slug].panels if panel.view is View.TIME_SERIES]
    watched = open_page(browser, mortal.viewer, slug)
    page = watched.page
    whole(watched)
    assert page.locator(".park-body.asked").count() == 0
    cards = page.locator(".park-body").count()
    begun, until = axis(page, chart)
    assert until - begun == pytest.approx(86_400_000, abs=600_000)  # though three hours alone are stored
    mortal.server.pause()
    try:
        page.click(".park-sites")
        page.click(".q-menu >> text=north")
        page.wait_for_function(f"document.querySelectorAll('.park-body.asked').length === {cards}")
        page.keyboard.press("Escape")
        page.click(".park-spans >> text=7 d")
        page.wait_for_function(f"document.querySelectorAll('.park-body.asked').length === {cards}")
        assert axis(page, chart) == (begun, until)
        page.wait_for_selector(".park-pulse.lost", timeout=20_000)
        assert "has not answered" in page.inner_text(".park-problem:visible")
        assert page.locator(".park-body.asked").count() == cards
    finally:
        mortal.server.resume()
    page.wait_for_function("document.querySelectorAll('.park-body.asked').length === 0", timeout=30_000)
    begun, until = axis(page, chart)
    assert until - begun == pytest.approx(7 * 86_400_000, abs=3_600_000)
    page.wait_for_selector(".park-problem", state="hidden")
    page.wait_for_selector(".park-pulse.live")
    assert watched.complaints == []
    page.close()


CONTROL = "".join(map(chr, (*range(1, 9), 0x1B, 0x7F, 0x9B, 0x202E, 0x2066, 0x200B, 0xFEFF)))


def test_texts_of_strangers_are_shown_without_their_controls(browser: BrowserContext, influxdb: InfluxDB2) -> None:
    bucket = influxdb.new_bucket()
    own = list(town_around_now())
    influxdb.write(town.lines(iter(own[:1])), bucket=bucket)
    slug, panel = next(
        (slug, panel)
        for slug, page in PAGES.items()
        for panel in page.panels
        if panel.view is View.TABLE and slug in SECTORS
    )
    fields = ",".join(f"{field}=1" for field in panel.fields if panel.is_number(field))
    ours = f"<i>x</i>{CONTROL}device"
    tags = f"device={ours},sector={slug},site={CONTROL}place"
    lines = [
        f"{panel.measurement},{tags} {fields} {int(time.time() * 1000) - age}" for age in range(0, 300_000, 60_000)
    ]
    influxdb.write("\n".join(lines).encode(), bucket=bucket)
    with viewer({"url": influxdb.url, "database": bucket, "token": influxdb.token}) as running:
        watched = open_page(browser, running, slug)
        page = watched.page
        page.wait_for_selector(f'[data-panel="{panel.title}"] tbody td >> text=place')
        page.click(".park-sites")
        page.wait_for_selector(".q-menu >> text=place")
        page.click(".q-menu >> text=place")
        page.keyboard.press("Escape")
        page.wait_for_selector(f'[data-panel="{panel.title}"] tbody td >> text=place')
        assert_plain(page)
        assert "\\x1b" in page.inner_text("body")
        assert watched.complaints == []
        page.close()
    with viewer({"url": influxdb.url, "database": f"{CONTROL}none", "token": influxdb.token}) as running:
        watched = open_page(browser, running, slug)
        watched.page.wait_for_selector(".park-problem:visible")
        assert_plain(watched.page)
        watched.page.close()


def assert_plain(page: Page) -> None:
    """Neither what is read nor what the page is made of has any control character."""
    for text in (page.inner_text("body"), page.content()):
        assert set(text).isdisjoint(CONTROL)


MARKED = """() => [...document.querySelectorAll('.park-card .nicegui-echart')]
    .map(one => getElement(one.id.slice(1)).chart.getOption().series)
    .filter(series => series.some(one => one.markArea && one.markArea.data.length)).length"""


def test_faults_are_marked_on_the_charts_until_they_are_switched_off(browser: BrowserContext, tmp_path: Path) -> None:
    path = tmp_path / "park.duckdb"
    with duckdb.connect(str(path)) as connection:
        town.fill(connection, town_around_now())
    now = int(time.time() * 1000)
    told = {"ts": now - 3_600_000, "id": "a", "type": "label", "phase": "begin", "fault": "stuck", "until": now}
    label = PlainMessage(
        topic="park/agriculture/north/soil_probe/soil-probe-000001/label", payload=json.dumps(told).encode()
    )

    async def write() -> None:
        store = open_store(parse_store_url(f"duckdb://{path}"), {})
        batch = Batch(generation=1, opened=0.0, opened_ms=now)
        Decoder(store.render).take([label], batch)
        await store.write(batch.rows)
        await store.close()

    with ThreadPoolExecutor(1) as thread:  # Playwright has an event loop in this one
        thread.submit(asyncio.run, write()).result()
    with viewer({"path": str(path)}) as running:
        watched = open_page(browser, running, "agriculture")
        switch = watched.page.locator("[data-marks=labels]")
        switch.wait_for(state="visible")
        assert switch.inner_text() == "Faults 1"
        watched.page.wait_for_function(f"({MARKED})() > 0")
        switch.click()
        watched.page.wait_for_function(f"({MARKED})() === 0")
        assert switch.get_attribute("aria-pressed") == "false"
        switch.click()
        watched.page.wait_for_function(f"({MARKED})() > 0")
        assert_whole(watched, "agriculture", running.url)
        # Of what is not stored there is no switch.
        assert not watched.page.locator("[data-marks=events]").is_visible()
        watched.page.close()
