"""NiceGUI under uvicorn within the running event loop, without taking the program's signals."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from fastapi import FastAPI
from nicegui import ui

_CLOSE_S = 1


class _Server(uvicorn.Server):
    """Uvicorn that leaves signals to the program around it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(*, title: str, host: str, port: int) -> AsyncIterator[str]:
    """Serve NiceGUI's pages; yields the URL once connections are accepted.

    Raises:
        OSError: the port is taken.
    """
    listener = socket.create_server((host, port), family=_family(host))
    app = FastAPI(openapi_url=None)
    ui.run_with(
        app,
        title=title,
        dark=True,
        tailwind=False,
        show_welcome_message=False,
        favicon=_FAVICON,
        # 2 MB of scripts cost more to compress than to carry within a host.
        gzip_middleware_factory=None,
    )
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=_CLOSE_S)
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="viewer")
    try:
        await _started(server, task)
        yield _url(host, listener.getsockname()[1])
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


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


_FAVICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="8" fill="#14202b"/>'
    '<path d="M5 20c4-9 7-9 11-3s7 4 11-6" fill="none" stroke="#4fb477" stroke-width="3" stroke-linecap="round"/>'
    '<circle cx="27" cy="11" r="2.6" fill="#f6bd16"/></svg>'
)
