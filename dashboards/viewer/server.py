"""NiceGUI under uvicorn within the running event loop, without taking the program's signals."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterable, Iterator

import uvicorn
from fastapi import FastAPI
from nicegui import ui

from dashboards.viewer.guard import addresses, guarded

_CLOSE_S = 1
_ANY = {"0.0.0.0", "::", ""}  # noqa: S104  (to listen on all of them gives none of them a name)


class _Server(uvicorn.Server):
    """Uvicorn that leaves signals to the program around it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(*, title: str, host: str, port: int, names: Iterable[str] = ()) -> AsyncIterator[str]:
    """Serve NiceGUI's pages; yields the URL once connections are accepted.

    Args:
        title: of the pages.
        host: where to listen.
        port: 0 takes a free one.
        names: by which browsers may ask for it, beside those of this machine.

    Raises:
        OSError: the port is taken.
    """
    listener = socket.create_server((host, port), family=_family(host))
    app = FastAPI(openapi_url=None)
    ui.run_with(
        app,
        title=title,
        language="en-US",
        dark=True,
        tailwind=False,
        show_welcome_message=False,
        favicon=_FAVICON,
        # 2 MB of scripts cost more to compress than to carry within a host.
        gzip_middleware_factory=None,
    )
    bound = listener.getsockname()[1]
    allowed = addresses(bound, names if host in _ANY else (*names, f"{_url_host(host)}:{bound}"))
    config = uvicorn.Config(
        guarded(app, allowed), log_config=None, access_log=False, timeout_graceful_shutdown=_CLOSE_S
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="viewer")
    try:
        await _started(server, task)
        yield f"http://{_url_host(host)}:{bound}/"
    finally:
        server.should_exit = True
        await task
        listener.close()


async def _started(server: uvicorn.Server, task: asyncio.Task[None]) -> None:
    """Uvicorn has no event for it, only a flag."""
    while not server.started:
        await asyncio.sleep(0.01)
        if task.done():
            task.result()
            raise RuntimeError("the viewer's server ended while it started")


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _url_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


_FAVICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="8" fill="#14202b"/>'
    '<path d="M5 20c4-9 7-9 11-3s7 4 11-6" fill="none" stroke="#4fb477" stroke-width="3" stroke-linecap="round"/>'
    '<circle cx="27" cy="11" r="2.6" fill="#f6bd16"/></svg>'
)
