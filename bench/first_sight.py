"""How soon the demo shows data: seconds from its start, in a browser that is already running.

The browser opens the viewer's address as soon as the demo prints it, and looks whether a card shows something.

    python -m bench.first_sight [--rounds 5] [--json FILE] [--picture FILE]
"""

import argparse
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from bench._measure import ROOT, median, report, table
from tests.servers.find import CHROMIUM_ARGUMENTS, chromium

LIMIT_S = 60.0
#: Looks by itself, for a question from outside costs the browser as much as drawing a card. `sight`: how many cards
#: there are and show something, and when the first and all did, ms of Unix time. Words are `hidden` once there is data.
WATCH = """() => {
    window.sight = {cards: 0, showing: 0, first: 0, every: 0};
    const look = setInterval(() => {
        const cards = document.getElementsByClassName('park-card').length;
        const showing = document.querySelectorAll('.park-card .park-empty.hidden').length;
        Object.assign(sight, {cards, showing});
        if (cards && showing) sight.first ||= Date.now();
        if (cards && showing === cards) { sight.every = Date.now(); clearInterval(look); }
    }, 20);
}"""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """Seconds from the start of the demo."""

    address_s: float
    first_card_s: float
    every_card_s: float


@contextmanager
def demo() -> Iterator[str]:
    """The demo by its script, as a newcomer starts it; yields the viewer's address."""
    child = subprocess.Popen([ROOT / "scripts" / "demo"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    try:
        for line in child.stderr:
            if found := re.search(r"http://127\.0\.0\.1:\d+/", line):
                yield found[0]
                break
        else:
            raise SystemExit(f"the demo ended without an address: exit {child.wait()}")
    finally:
        child.send_signal(signal.SIGINT)
        child.communicate()


def look(browser: Browser, picture: Path | None) -> Sight:
    page = browser.new_page(viewport={"width": 1600, "height": 1000})
    page.add_init_script(f"({WATCH})()")
    began = time.time()
    with demo() as address:
        address_s = time.time() - began
        page.goto(address, wait_until="commit")
        first_s, every_s = await_cards(page, began)
        if picture is not None:
            page.screenshot(path=picture)
        page.close()
    return Sight(address_s=address_s, first_card_s=first_s, every_card_s=every_s)


def await_cards(page: Page, began: float) -> tuple[float, float]:
    """Wait until all cards show something; seconds until one did, and until all."""
    while not (sight := page.evaluate("window.sight"))["every"]:
        if time.time() - began > LIMIT_S:
            raise SystemExit(f"{sight['showing']} of {sight['cards']} cards show something after {LIMIT_S:g} s")
        time.sleep(0.2)
    return sight["first"] / 1000 - began, sight["every"] / 1000 - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--picture", type=Path, help="a screenshot of the moment when every card shows something")
    arguments = parser.parse_args()
    sights = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGUMENTS)
        for number in range(arguments.rounds):
            sights.append(look(browser, arguments.picture))
            print(f"round {number}: {sights[-1]}", file=sys.stderr)
        browser.close()
    names = {"address_s": "address printed", "first_card_s": "first card with data", "every_card_s": "every card"}
    rows: list[dict[str, object]] = []
    for key, name in names.items():
        values = [getattr(sight, key) for sight in sights]
        spread = {"median s": median(values), "least s": min(values), "most s": max(values)}
        rows.append(
            {"from the start of ./scripts/demo": name, **{head: f"{value:.1f}" for head, value in spread.items()}}
        )
    print(table(rows))
    report(arguments.json, {"rounds": [asdict(sight) for sight in sights]})


if __name__ == "__main__":
    main()
