"""The dashboards in a browser, without Grafana: NiceGUI and ECharts, live, from any source.

    async with running(source) as url:
        ...

NiceGUI takes over a second to import, so that happens on entering, away from the event loop. It keeps
its application in the module, so a process runs one viewer, once.
"""

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dashboards.definitions import dashboards
from dashboards.sources.base import Source

__all__ = ["running"]


@asynccontextmanager
async def running(
    source: Source,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    title: str = "Sensing park",
    utc_offset_ms: int = 0,
    refresh_s: float = 3.0,
) -> AsyncIterator[str]:
    """Serve the viewer while the block runs; yields its URL once it accepts connections.

    Args:
        source: what answers the panels; it is not closed.
        host: where to listen.
        port: 0 takes a free one.
        title: shown above all dashboards.
        utc_offset_ms: the town's local time less UTC; times are shown by its clock.
        refresh_s: how often a browser's newest figures are asked for.

    Raises:
        OSError: the port is taken.
    """
    server = await asyncio.to_thread(importlib.import_module, "dashboards.viewer.server")
    page = await asyncio.to_thread(importlib.import_module, "dashboards.viewer.page")
    served = page.Served(
        title=title, pages=dashboards(), source=source, utc_offset_ms=utc_offset_ms, refresh_s=refresh_s
    )
    page.install(served)
    async with server.serving(title=title, host=host, port=port) as url:
        yield url
