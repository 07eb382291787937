"""Whether a part is up: an address that accepts, a URL that answers, or a text of its output."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from park_cli.certify.relay import address_of

_LOOK_S = 0.05
_ANSWER_S = 2.0
#: Of a part that says nothing of being ready: it is, if it still runs by then.
UNTOLD_S = 1.0

Question = Callable[[], Awaitable[bool]]


async def accepts(url: str) -> bool:
    """Whether somebody accepts a connection at tcp://host:port."""
    try:
        async with asyncio.timeout(_ANSWER_S):
            _, writer = await asyncio.open_connection(*address_of(url.removeprefix("tcp://")))
    except (OSError, TimeoutError):
        return False
    writer.transport.abort()
    return True


async def answers(url: str) -> bool:
    """Whether a URL answers 200 to 299."""
    return await asyncio.to_thread(_answers, url)


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_ANSWER_S)
    try:
        connection.request("GET", f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}")
        return 200 <= connection.getresponse().status < 300
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def says(log: Path, since: int, text: str) -> bool:
    """Whether an output, from a byte on, holds a text."""
    with contextlib.suppress(OSError), log.open("rb") as output:
        output.seek(since)
        return text.encode() in output.read()
    return False


async def within(seconds: float, question: Question) -> bool:
    """Whether the answer becomes yes in time."""
    end_s = time.monotonic() + seconds
    while not await question():
        if time.monotonic() > end_s:
            return False
        await asyncio.sleep(_LOOK_S)
    return True
