"""`park view`."""

import asyncio
import contextlib
import os
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from dashboards.viewer import open_viewer
from ingest.stores import open_store, parse_store_url
from ingest.stores.base import StoreUrl
from park.town import Town
from park_cli.endpoints import OpenBrowser, ViewerNames, ViewerPort, viewer_names
from park_cli.foresight import existing, free_port
from park_cli.options import DEFAULT_STORE, StoreOption, read_town
from park_cli.output import errors
from park_cli.panel_sources import open_source
from park_cli.signals import run_until_signal

app = typer.Typer(name="view", pretty_exceptions_enable=False)


@app.command()
def view(
    store: StoreOption = DEFAULT_STORE,
    *,
    port: ViewerPort = 0,
    viewer_name: ViewerNames = None,
    open_browser: OpenBrowser = False,
    config: Annotated[
        Path | None, typer.Option(help="The town's park.toml, for its clock and its lakes.", show_default="built in")
    ] = None,
) -> None:
    """Show the dashboards of a store that exists, without Grafana; ends with Ctrl-C.

    A DuckDB file can be shown while no ingester has it open.

    Examples:
      park view --store "influxdb+http://127.0.0.1:8086/park?org=park" --open

      park view --store duckdb:///var/lib/park/park.duckdb --port 8080
    """
    names, url = viewer_names(viewer_name), existing(parse_store_url(store))
    if port:
        free_port(port, "--port")
    town = read_town(config)
    asyncio.run(run_until_signal(lambda stop: _show(url, town, stop, port=port, names=names, opens=open_browser)))


async def _show(
    url: StoreUrl, town: Town, stop: asyncio.Event, *, port: int, names: tuple[str, ...], opens: bool
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        opened = open_store(url, os.environ)  # the viewing side of a file needs the file's owner
        stack.push_async_callback(opened.close)
        page = await stack.enter_async_context(
            open_viewer(
                open_source(url, os.environ),
                port=port,
                names=names,
                title=town.settings.name,
                utc_offset_ms=town.settings.utc_offset_ms,
                lakes=town.lakes,
            )
        )
        errors.print(f"The park is shown: [bold]{page}[/bold]  (Ctrl-C ends it)", soft_wrap=True)
        if opens:
            webbrowser.open(page)
        await stop.wait()
