"""Where the real servers are: PATH, then the folder named by PARK_SERVERS, then the cache folder."""

import os
import shutil
from pathlib import Path

import pytest

CACHE = Path("~/.cache/park-servers").expanduser()


def find(*names: str) -> Path | None:
    """Return the first program found under one of these names, or None.

    Debian keeps some daemons in /usr/sbin, which is not on every user's PATH.
    """
    folders = [os.environ.get("PATH", ""), os.environ.get("PARK_SERVERS", ""), str(CACHE), "/usr/sbin"]
    search = os.pathsep.join(folder for folder in folders if folder)
    found = (shutil.which(name, path=search) for name in names)
    return next((Path(path) for path in found if path), None)


def require(*names: str) -> Path:
    """Return the program, or skip the test; with PARK_REQUIRE_SERVERS=1, fail it."""
    path = find(*names)
    if path is not None:
        return path
    message = f"{names[0]} is not on PATH nor in the folder named by PARK_SERVERS"
    if os.environ.get("PARK_REQUIRE_SERVERS") == "1":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def telegraf() -> Path:
    """Return Telegraf's program, or skip."""
    return require("telegraf")


#: For a browser that stays on this host and leaves nothing behind.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> Path:
    """Return a Chromium or Chrome that Playwright can drive by ``executable_path``, or skip."""
    return require("chromium", "chromium-browser", "google-chrome")
