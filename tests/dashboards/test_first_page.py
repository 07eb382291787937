"""The viewer's first page, and what holds for every page, in a real browser: attention, the map, widths, and axe."""

import json
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from sectors import KINDS, SECTOR_OF
from tests.dashboards import town
from tests.dashboards.test_viewer import Viewer, town_around_now, viewer
from tests.servers.find import CHROMIUM_ARGUMENTS, chromium

pytestmark = pytest.mark.deadline(400)

PATIENCE_MS = 150_000
AXE = "axe-core@4.10.3"
HOUR = 3_600_000
PLACED = [name for name, kind in KINDS.items() if not kind.personal]
TILES = len({(SECTOR_OF[name].name, site) for name in PLACED for site in town.SITES})


def tell_places(connection: duckdb.DuckDBPyConnection, at: int) -> int:
    """Every device's place, as its gateway tells it in the morning; returns how many."""
    connection.execute(
        "CREATE TABLE park_device (device VARCHAR, sector VARCHAR, site VARCHAR, type VARCHAR, ts BIGINT, id VARCHAR, "
        "phase VARCHAR, latitude DOUBLE, longitude DOUBLE, models BIGINT)"
    )
    random = np.random.default_rng(3)
    rows = []
    for name in PLACED:
        for number in range(3):
            site = town.SITES[number % 2]
            north, east = (31.6, 120.2) if site == "north" else (31.5, 120.35)
            where = [north + random.uniform(-0.01, 0.01), east + random.uniform(-0.01, 0.01)]
            device = KINDS[name].device(number + 1)
            rows.append([device, SECTOR_OF[name].name, site, "place", at, "1", "state", *where, 1])
    connection.executemany(f"INSERT INTO park_device VALUES ({', '.join('?' * 10)})", rows)
    return len(rows)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Viewer, int]]:
    path = tmp_path_factory.mktemp("first") / "park.duckdb"
    now = int(time.time() * 1000)
    with duckdb.connect(str(path)) as connection:
        town.fill(connection, town_around_now())
        places = tell_places(connection, now - 5 * HOUR)
        # One lamp falls silent, and a bus and all else goes on.
        connection.execute(f"DELETE FROM street_lamp WHERE device = 'street-lamp-000002' AND ts > {now - 2 * HOUR}")
        # An hour of one kind is rolled up.
        connection.execute(
            "CREATE TABLE park_rollup (kind VARCHAR, side VARCHAR, ts BIGINT, touched BIGINT, made BIGINT)"
        )
        connection.execute(f"INSERT INTO park_rollup VALUES ('bus', 'made', {now - 5 * HOUR}, NULL, 1)")
    with viewer({"path": str(path)}) as running:
        yield running, places


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    program = chromium()
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, headless=True, args=CHROMIUM_ARGUMENTS)
        yield found
        found.close()


@pytest.fixture
def context(chrome: Browser) -> Iterator[BrowserContext]:
    found = chrome.new_context(viewport={"width": 1600, "height": 1000})
    yield found
    found.close()


def opened(context: BrowserContext, running: Viewer, slug: str = "") -> Page:
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{running.url}{slug}")
    page.wait_for_selector("[data-dashboard]")
    return page


def test_what_needs_attention_leads_to_where_it_shows(context: BrowserContext, shown: tuple[Viewer, int]) -> None:
    page = opened(context, shown[0])
    page.wait_for_selector(".park-alert")
    page.click(".park-more")
    levels = page.eval_on_selector_all(".park-alert", "rows => rows.map(row => row.className.split(' ').at(-1))")
    assert levels == sorted(levels, key=["critical", "warning", "notice"].index)
    silent = page.locator(".park-alert", has_text="Silent: street lamps")
    assert "street-lamp-000002" in silent.inner_text()
    assert "since" in silent.inner_text()
    assert "Look at its power" in silent.inner_text()
    silent.locator("a").click()
    page.wait_for_selector('[data-dashboard="municipal"]')
    place = "document.querySelector('a[name=the-evening-of-the-lamps]').getBoundingClientRect().top"
    page.wait_for_function(f"{place} > 0 && {place} < 300")


def test_the_map_shows_every_place_and_leads_to_the_sectors(context: BrowserContext, shown: tuple[Viewer, int]) -> None:
    running, places = shown
    page = opened(context, running)
    page.wait_for_selector(".park-map-still .park-spot")
    assert page.locator(".park-map-still .park-spot").count() == places
    assert page.locator(".park-site").count() == 2
    assert page.locator(".park-tile").count() == TILES
    page.wait_for_selector(".park-map-alive .park-spot.warning")
    page.locator('.park-tile[href="/energy"]').first.press("Enter")
    page.wait_for_selector('[data-dashboard="energy"]')


def test_a_site_that_is_chosen_leaves_the_others_alarms_out(context: BrowserContext, shown: tuple[Viewer, int]) -> None:
    page = opened(context, shown[0])
    page.wait_for_selector(".park-alert")
    page.click(".park-more")
    page.wait_for_selector("text=street-lamp-000002")
    page.click(".park-sites")
    page.click(".q-menu >> text=north")
    page.keyboard.press("Escape")
    page.wait_for_selector("text=street-lamp-000002", state="detached")


def test_an_unknown_address_leads_back(context: BrowserContext, shown: tuple[Viewer, int]) -> None:
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{shown[0].url}no-such-page")
    page.wait_for_selector("text=There is no such page")
    page.click(".park-nowhere a")
    page.wait_for_selector('[data-dashboard="park"]')


@pytest.mark.parametrize(("width", "slug"), [(390, ""), (1100, "energy")])
def test_narrow_windows_have_everything(chrome: Browser, shown: tuple[Viewer, int], width: int, slug: str) -> None:
    context = chrome.new_context(viewport={"width": width, "height": 800})
    page = opened(context, shown[0], slug)
    page.wait_for_function("document.querySelectorAll('.park-empty.hidden').length > 3")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not page.is_visible(".park-spans")
    page.click(".park-spans-menu")
    page.click(".q-menu >> text=1 h")
    page.wait_for_function("document.querySelector('.park-spans-menu').innerText.includes('1 h')")
    page.wait_for_function("document.querySelectorAll('.park-body.asked').length === 0")
    context.close()


def test_long_spans_are_offered_where_rollups_answer(context: BrowserContext, shown: tuple[Viewer, int]) -> None:
    page = opened(context, shown[0], "healthcare")
    page.wait_for_selector(".park-spans >> text=30 d")
    page.click(".park-spans >> text=1 y")
    # The menu of narrow windows is bound to it at the server, which so has taken the choice.
    page.wait_for_function("document.querySelector('.park-spans-menu').textContent.includes('1 y')")
    page.wait_for_function("document.querySelectorAll('.park-body.asked').length === 0")


def test_pictures_show_what_is_stored(context: BrowserContext, shown: tuple[Viewer, int]) -> None:
    page = opened(context, shown[0], "healthcare")
    page.wait_for_selector(".park-board-tiles li >> nth=2")
    assert page.locator(".park-board-tiles li").count() == 3
    page = opened(context, shown[0], "public-safety")
    page.wait_for_selector(".park-crowd-tiles circle >> nth=0")
    assert page.locator(".park-crowd-tiles svg").count() == 3


def test_states_are_words(context: BrowserContext, shown: tuple[Viewer, int]) -> None:
    page = opened(context, shown[0], "transport")
    page.wait_for_selector('[data-panel="What each bus is doing"] [aria-label*="Newest"]')
    said = page.get_attribute('[data-panel="What each bus is doing"] .park-chart', "aria-label")
    assert said is not None
    assert "at_stop" not in said
    assert "bus-000001" in said


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The checker's script, from npm."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not on PATH, so axe-core cannot be had")
    folder = tmp_path_factory.mktemp("axe")
    packed = subprocess.run([npm, "pack", "--json", AXE], cwd=folder, capture_output=True, text=True, check=False)
    if packed.returncode:
        pytest.skip(f"npm gives no {AXE}: {packed.stderr.strip()[-200:]}")
    with tarfile.open(folder / json.loads(packed.stdout)[0]["filename"]) as archive:
        archive.extract("package/axe.min.js", folder, filter="data")
    return (Path(folder) / "package" / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize(("slug", "dark"), [("", True), ("", False), ("public-safety", False), ("pipeline", True)])
def test_axe_finds_nothing_serious(
    context: BrowserContext,
    shown: tuple[Viewer, int],
    axe: str,
    slug: str,
    dark: bool,
) -> None:
    page = opened(context, shown[0], slug)
    if not slug:
        page.wait_for_selector(".park-map-still .park-spot")
    page.wait_for_function("document.querySelectorAll('.park-empty.hidden').length > 3")
    if not dark:
        page.click('[aria-label="Dark or light"]')
        page.wait_for_selector("body.body--light")
        page.mouse.move(0, 0)  # on the map a device could pass under it and tell its name
        page.wait_for_selector(".q-tooltip", state="detached")
    page.evaluate(axe)
    found: list[dict[str, Any]] = page.evaluate("axe.run().then(result => result.violations)")
    serious = {
        one["id"]: [node["html"][:160] for node in one["nodes"][:3]]
        for one in found
        if one["impact"] in {"serious", "critical"}
    }
    assert serious == {}
