"""The dashboards in a browser, without Grafana: NiceGUI and ECharts, live, from any source.

    async with open_viewer(source) as url:
        ...

The viewer has a thread and an event loop of its own, and threads take turns quickly: a busy program around it,
such as an ingester that takes in a day of history, must not keep a page waiting. NiceGUI holds its application in
the module, so a process runs one viewer, once; it takes over a second to import, which happens in that thread too.
"""

import asyncio
import importlib
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

from dashboards.definitions import dashboards
from dashboards.sources.base import Source
from dashboards.viewer.orders import Commanding
from park.town import Lake

__all__ = ["Commanding", "open_viewer"]

#: A page takes hundreds of short turns to load; with Python's own 5 ms for each, a busy thread beside costs a second.
_TURN_S = 0.001

#: Libraries that NiceGUI's own take along to call other servers, if they are there: a quarter of the viewer's import.
_CLIENTS = ("aiohttp", "requests")

_Leave = Callable[[], object]


@asynccontextmanager
async def open_viewer(
    source: Source,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    title: str = "Sensing park",
    utc_offset_ms: int = 0,
    refresh_s: float = 3.0,
    names: Iterable[str] = (),
    commanding: Commanding | None = None,
    lakes: Iterable[Lake] = (),
) -> AsyncIterator[str]:
    """Serve the viewer while the block runs; yields its URL once it accepts connections.

    Args:
        source: what answers the panels; used in the viewer's event loop alone, and closed on leaving.
        host: where to listen.
        port: 0 takes a free one.
        title: shown above all dashboards.
        utc_offset_ms: the town's local time less UTC; times are shown by its clock.
        refresh_s: how often a browser's newest figures are asked for.
        names: by which browsers may ask for it ("park.example", "localhost:9000"), beside 127.0.0.1, localhost, [::1]
            and the address where it listens, each with its port: whoever asks by another name is refused.
        commanding: lets those command devices whose address ends in `?token=` and its token; None lets nobody.
        lakes: the town's, for its map.

    Raises:
        OSError: the port is taken.
    """
    outside = asyncio.get_running_loop()
    sys.setswitchinterval(_TURN_S)
    ready: asyncio.Future[tuple[str, _Leave]] = outside.create_future()

    async def serve() -> None:
        with _left_out(*_CLIENTS):
            server = importlib.import_module("dashboards.viewer.server")
            page = importlib.import_module("dashboards.viewer.page")
        served = {"title": title, "source": source, "utc_offset_ms": utc_offset_ms, "refresh_s": refresh_s}
        page.install(page.Served(pages=dashboards(), commanding=commanding, lakes=tuple(lakes), **served))
        leaving, inside = asyncio.Event(), asyncio.get_running_loop()
        async with server.serving(title=title, host=host, port=port, names=names) as url:
            outside.call_soon_threadsafe(ready.set_result, (url, partial(inside.call_soon_threadsafe, leaving.set)))
            await leaving.wait()
        await source.close()

    with ThreadPoolExecutor(1, thread_name_prefix="viewer") as thread:
        ended: asyncio.Future[None] = outside.run_in_executor(thread, lambda: asyncio.run(serve()))
        both: set[asyncio.Future[Any]] = {ready, ended}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            await ended  # raises what kept it from starting
        url, leave = ready.result()
        try:
            yield url
        finally:
            leave()
            await ended


@contextmanager
def _left_out(*names: str) -> Iterator[None]:
    """What is imported within finds these libraries missing, unless they are imported already."""
    hidden: dict[str, Any] = dict.fromkeys(name for name in names if name not in sys.modules)
    sys.modules.update(hidden)  # None in the place of a module is how Python marks one as not to be imported
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)
