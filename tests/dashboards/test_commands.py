"""Devices commanded from the viewer: the whole demo, in a real browser."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as TookTooLong

from tests.dashboards.test_guard import SOCKET, asked
from tests.park_cli.command import park
from tests.servers.find import CHROMIUM_ARGUMENTS, chromium

PARK = [sys.executable, "-c", "from park_cli.main import main; main()"]
TOWN = ["--backfill", "10m", "--devices", "60", "--sector", "municipal", "--sector", "agriculture"]
PANEL = ".park-command"
LEVEL = """['input', '[role=slider]'].map(part => {
    const one = document.querySelector(`[data-parameter=level] ${part}`);
    return one.value ?? one.getAttribute('aria-valuenow');
})"""
READY = "document.querySelector('.park-command-device input')?.value.startsWith"


@dataclass(frozen=True, kw_only=True)
class Demo:
    """The demo at work, and what was said at its start."""

    base: str
    token: str
    sent: list[str]

    def address(self, page: str) -> str:
        return f"{self.base}{page}?token={self.token}"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """It must prove its readings at the end, and have stored what the tests have sent and nothing else."""
    folder = tmp_path_factory.mktemp("demo")
    store, log = folder / "park.duckdb", folder / "log"
    argv = [*PARK, "demo", "--json", "--allow-commands", "--store", f"duckdb://{store}", *TOWN]
    with log.open("w") as errors:
        process = subprocess.Popen(argv, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            running = announced(process, log)
            yield running
        finally:
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=60)
    text = log.read_text()
    assert process.returncode == 0, text
    assert json.loads(out.splitlines()[-1])["verify"]["events"]["lost"] == 0
    assert text.count(running.token) == 1  # where it is announced
    with duckdb.connect(str(store)) as connection:
        found = connection.execute("SELECT DISTINCT id, device FROM park_command ORDER BY device").fetchall()
    assert [device for _, device in found] == sorted(running.sent)


def announced(process: "subprocess.Popen[str]", log: Path) -> Demo:
    """What the demo says of its address, once it does."""
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        if found := re.search(r"(http://127\.0\.0\.1:\d+/)\?token=(\S+)", log.read_text()):
            return Demo(base=found[1], token=found[2], sent=[])
        time.sleep(0.05)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = chromium()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, headless=True, args=CHROMIUM_ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1500, "height": 950})
    complaints = list[str]()
    opened.on("console", lambda one: complaints.append(one.text) if one.type in {"error", "warning"} else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    opened.close()
    assert complaints == []


def opened(page: Page, address: str, stem: str) -> None:
    page.goto(address)
    page.wait_for_function(f"{READY}('{stem}')", timeout=90_000)


def told(page: Page, part: str) -> str:
    return page.inner_text(f'[data-told="{part}"]')


def await_told(page: Page, part: str, text: str) -> None:
    try:
        page.wait_for_selector(f'[data-told="{part}"]:has-text("{text}")', timeout=60_000)
    except TookTooLong:
        raise AssertionError(f"{part} does not say {text}: {page.inner_text(PANEL)}") from None


def test_a_click_dims_a_lamp(page: Page, demo: Demo) -> None:
    opened(page, demo.address("municipal"), "street-lamp-000001")
    assert "Nothing yet" in told(page, "Commanded")
    level, ramp, send = page.get_by_label("Level (%)", exact=True), page.get_by_label("Ramp (s)", exact=True), "Send"
    for wanted in ("90", "45.5"):  # even a first-class road takes both in the dark
        level.fill(wanted)
        began = time.monotonic()
        page.get_by_role("button", name=send).click()
        await_told(page, "Measured", f"{wanted} %")
        assert time.monotonic() - began < 5
        demo.sent.append("street-lamp-000001")
    assert "Set level: Level 45.5 %, Ramp 0 s" in told(page, "Commanded")
    assert "Done" in told(page, "Accepted")
    assert "commanded" in told(page, "Measured")
    level.fill("70")
    ramp.fill("3")
    ramp.press("Enter")
    demo.sent.append("street-lamp-000001")
    await_told(page, "Accepted", "To be done by")
    assert "45.5 %" in told(page, "Measured")
    await_told(page, "Accepted", "Done")
    await_told(page, "Measured", "70 %")
    page.reload()
    page.wait_for_function(f"{READY}('street-lamp-000001')")
    await_told(page, "Commanded", "Level 70 %")


def test_a_rejected_command_says_why(page: Page, demo: Demo) -> None:
    page.goto(demo.address(""))
    page.click('.park-link[href^="/agriculture?"]')
    page.wait_for_function(f"{READY}('greenhouse-000001')", timeout=40_000)
    page.get_by_label("Heating (°C)", exact=True).fill("25")
    page.get_by_label("Ventilation (°C)", exact=True).fill("")
    page.get_by_role("button", name="Send").click()
    page.wait_for_selector('[role="alert"]:has-text("ventilation is missing")')
    page.get_by_label("Ventilation (°C)", exact=True).fill("7")
    page.get_by_role("button", name="Send").click()
    demo.sent.append("greenhouse-000001")
    await_told(page, "Accepted", "crossed-set-points")
    assert "Rejected" in told(page, "Accepted")
    assert not page.is_visible('[role="alert"]')


def chosen(page: Page, text: str) -> bool:
    """Choose a device by the keyboard; whether that was not undone by one that was just listed."""
    page.get_by_role("combobox", name="Device", exact=True).fill(text)
    with suppress(TookTooLong):
        page.wait_for_function("document.querySelectorAll('.q-menu [role=option]').length === 1", timeout=3000)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_function(f"{READY}('street-lamp-{text}')", timeout=3000)
        return True
    return False


def test_the_panel_is_for_a_keyboard_and_a_phone(browser: Browser, demo: Demo) -> None:
    phone = browser.new_page(viewport={"width": 390, "height": 844})
    opened(phone, demo.address("municipal"), "street-lamp-000001")
    named = "e => e.getAttribute('aria-label') || e.labels?.length > 0 || e.closest('label') !== null"
    inputs = phone.locator(f"{PANEL} input:visible, {PANEL} [role=slider]")
    assert inputs.count() >= 7
    assert all(inputs.nth(i).evaluate(named) for i in range(inputs.count()))
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert any(chosen(phone, "000002") for _ in range(5))
    phone.locator("[data-parameter=level] .q-slider [tabindex]").focus()
    # Both: keys that come before the chosen device's own level has, go on from there.
    while phone.evaluate(LEVEL) != ["100", "100"]:
        phone.keyboard.press("PageUp")
    phone.keyboard.press("Tab")
    phone.keyboard.press("Tab")
    phone.keyboard.press("Tab")
    phone.keyboard.press("Enter")
    demo.sent.append("street-lamp-000002")
    await_told(phone, "Measured", "100 %")
    phone.close()


@pytest.mark.parametrize("query", ["", "?token=", "?token=guess", "?token={half}", "?token=guess&token={token}x"])
def test_without_the_token_there_are_readings_alone(query: str, page: Page, demo: Demo) -> None:
    half = demo.token[: len(demo.token) // 2]
    page.goto(f"{demo.base}municipal{query.format(half=half, token=demo.token)}")
    page.wait_for_selector("[data-dashboard=municipal]")
    page.wait_for_selector('[data-panel="Street lighting now"] .park-figure:not(:empty)')
    assert page.locator(f"{PANEL}, .park-link-commands").count() == 0
    assert page.locator(".park-refused").count() == (query != "")
    assert demo.token not in page.content()


KEEP = """() => {
    const emit = window.socket.emit.bind(window.socket);
    window.kept = [];
    window.socket.emit = (name, ...args) => name === 'event' ? window.kept.push(args[0]) : emit(name, ...args);
}"""
REPLAY = "kept => kept.forEach(one => window.socket.emit('event', {...one, client_id: window.clientId}))"


def test_a_forged_request_commands_nothing(browser: Browser, demo: Demo) -> None:
    """What a click sends does nothing from a page without the token, and what is meant only from its own."""
    own, forger = browser.new_page(), browser.new_page()
    opened(own, demo.address("municipal"), "street-lamp-000001")
    own.evaluate("() => { window.emits = window.socket.emit; }")
    own.evaluate(KEEP)
    own.get_by_role("button", name="Send").click()
    own.wait_for_function("window.kept.length > 0")
    kept = own.evaluate("window.kept")
    forger.goto(f"{demo.base}municipal")
    forger.wait_for_selector('[data-panel="Street lighting now"] .park-figure:not(:empty)')
    forger.evaluate(REPLAY, kept)
    before = told(own, "Commanded")
    forger.locator(".park-top button:has-text('contrast')").click()  # which is answered after what came before it
    forger.wait_for_selector("body:not(.body--dark)")
    assert told(own, "Commanded") == before
    own.evaluate("() => { window.socket.emit = window.emits; }")
    own.evaluate(REPLAY, kept)
    demo.sent.append("street-lamp-000001")
    own.wait_for_function(
        "text => document.querySelector('[data-told=Commanded]').innerText !== text", arg=before, timeout=10_000
    )
    forger.close()
    own.close()


def test_a_broker_with_accounts_is_refused_at_once() -> None:
    ended = park("demo", "--allow-commands", "--broker", "mqtt://viewer@127.0.0.1:1")
    assert ended.code == 2
    assert "--allow-commands" in ended.err
    assert ended.clean


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_a_page_from_elsewhere_commands_nothing_though_it_has_the_token(origin: str, demo: Demo) -> None:
    port = urlsplit(demo.base).port
    assert port is not None
    own = "Host: 127.0.0.1:PORT"
    assert asked(port, SOCKET, own, f"Origin: {origin}")[0] == 403
    get = f"GET /municipal?token={demo.token} HTTP/1.1"
    assert asked(port, get, own, f"Origin: {origin}", "Connection: close")[0] == 403
    assert asked(port, get, "Host: evil.example", "Connection: close")[0] == 421
