"""`park demo`: broker, ingester, store and viewer in this process, the simulator in another.

The models take a second or two to reach the present day; a process of their own spends them on another core
while this one is still importing, and keeps the viewer quick afterwards.
"""

import asyncio
import contextlib
import dataclasses
import os
import tempfile
import webbrowser
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from dashboards.viewer import running as viewer_running
from ingest.options import IngestOptions
from ingest.receive import BrokerOptions as IngestBroker
from ingest.single import Ingester
from ingest.status import Summary as IngestSummary
from ingest.stores import open_store
from ingest.stores.base import Store
from ingest.stores.url import StoreUrl, parse_store_url
from mqttlink import Address, parse_broker_url
from mqttlink.broker import Broker
from park_cli.options import Config, Devices, Interval, Json, Seed, SelectionOptions, duration_ms
from park_cli.output import errors, print_summary, progress_bar
from park_cli.running import run_until_signal
from park_cli.simulate import credentials, schedule_of
from park_cli.sources import open_source
from park_cli.verify import VerifySummary, compare
from simulator.plan import Selection
from simulator.processes import simulate_in_processes
from simulator.publish import BrokerOptions, Progress
from simulator.simulate import Simulated, SimulateOptions

app = typer.Typer(name="demo", pretty_exceptions_enable=False)

_SETTLE_S = 60.0
_REFRESH_S = 1.5


@dataclasses.dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """What to show, and for how long from the first live reading on."""

    selection: Selection
    backfill: str
    for_s: float | None
    store: str | None
    broker: str | None
    port: int
    open_browser: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class DemoSummary:
    """The three parts' summaries."""

    simulate: dict[str, Any]
    ingest: dict[str, Any]
    verify: VerifySummary


@app.command()
def demo(
    for_: Annotated[str | None, typer.Option("--for", help="Stop after 60s, 10m, counted from the live start.")] = None,
    backfill: Annotated[str, typer.Option(help="How much history is shown at first sight.")] = "24h",
    store: Annotated[
        str | None, typer.Option(help="duckdb:///path or influxdb+http://...", show_default="a temporary DuckDB")
    ] = None,
    broker: Annotated[str | None, typer.Option(help="mqtt://host:port", show_default="an embedded broker")] = None,
    port: Annotated[int, typer.Option(help="Port of the viewer.", show_default="any free one")] = 0,
    *,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the viewer in a browser.")] = False,
    seed: Seed = None,
    devices: Devices = None,
    interval: Interval = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show the whole park on this machine: no Docker, no server, no account.

    Prints the viewer's address; ends with --for or Ctrl-C, then proves that every reading was stored.

    Examples:
      park demo

      park demo --for 60s --devices 500 --open
    """
    options = DemoOptions(
        selection=SelectionOptions(seed=seed, devices=devices, interval=interval, config=config).resolve(),
        backfill=backfill,
        for_s=None if for_ is None else duration_ms(for_, "--for") / 1000,
        store=store,
        broker=broker,
        port=port,
        open_browser=open_browser,
    )
    summary = asyncio.run(run_until_signal(lambda stop: _run(options, stop)))
    print_summary("the park", dataclasses.asdict(summary), as_json=json)
    if not summary.verify.clean:
        raise typer.Exit(1)


async def _run(options: DemoOptions, stop: asyncio.Event) -> DemoSummary:
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="park-demo-")))
        url = parse_store_url(options.store or f"duckdb://{folder / 'park.duckdb'}")
        store = open_store(url, os.environ)
        stack.push_async_callback(store.close)
        address = await stack.enter_async_context(_broker_address(options))
        ingester = Ingester(_ingest_options(address, url, folder), store)
        ingesting = await stack.enter_async_context(_ingesting(ingester))
        source = open_source(url, os.environ)
        stack.push_async_callback(source.close)
        # The first readings are on their way while the viewer's libraries are still being imported.
        simulating = asyncio.create_task(_simulate(options, address, stop), name="simulator")
        try:
            page = await stack.enter_async_context(
                viewer_running(
                    source,
                    port=options.port,
                    utc_offset_ms=options.selection.town.town.utc_offset_ms,
                    refresh_s=_REFRESH_S,
                )
            )
            _announce(page, options)
            simulated = await simulating
        finally:
            simulating.cancel()
        await _settled(ingester, simulated)
        ingested = await ingesting()
        verified = await asyncio.to_thread(_verify, options, store, simulated)
    return DemoSummary(
        simulate=dataclasses.asdict(simulated.summary), ingest=dataclasses.asdict(ingested), verify=verified
    )


@contextlib.asynccontextmanager
async def _broker_address(options: DemoOptions) -> AsyncIterator[Address]:
    """The broker that was named, or one of our own while the block runs."""
    if options.broker is not None:
        yield parse_broker_url(options.broker)
        return
    async with Broker() as broker:
        yield Address(host=broker.host, port=broker.port, tls=False)


def _ingest_options(address: Address, url: StoreUrl, folder: Path) -> IngestOptions:
    return IngestOptions(
        broker=IngestBroker(address=address), store=url, dead_letters=folder / "dead-letters.ndjson", report_every_s=2.0
    )


@contextlib.asynccontextmanager
async def _ingesting(ingester: Ingester) -> AsyncIterator[Callable[[], Awaitable[IngestSummary]]]:
    """The ingester at work, subscribed; yields a function that drains it."""
    stop = asyncio.Event()
    task = asyncio.create_task(ingester.run(stop), name="ingester")
    subscribed = asyncio.create_task(ingester.receiver.link.connected())
    await asyncio.wait([task, subscribed], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        subscribed.cancel()
        task.result()

    async def drain() -> IngestSummary:
        stop.set()
        return await task

    try:
        yield drain
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _simulate(options: DemoOptions, address: Address, stop: asyncio.Event) -> Simulated:
    """History, then live readings until `--for` has passed or `stop` is set."""
    loop = asyncio.get_running_loop()
    simulation = SimulateOptions(
        selection=options.selection,
        schedule=schedule_of(options.selection, None, None, options.backfill, "1"),
        broker=BrokerOptions(address=address, credentials=credentials()),
    )
    with progress_bar() as bar:
        task = bar.add_task("history", total=None, note="readings")

        def show(progress: Progress) -> None:
            bar.update(task, completed=progress.acknowledged, total=progress.offered)

        def live() -> None:
            bar.update(task, description="live")
            if options.for_s is not None:
                loop.call_later(options.for_s, stop.set)

        return await simulate_in_processes(simulation, stop, on_progress=show, on_live=live)


def _announce(page: str, options: DemoOptions) -> None:
    until = "Ctrl-C ends it" if options.for_s is None else f"it ends after {options.for_s:g} s of live readings"
    errors.print(f"The park is open: [bold]{page}[/bold]  ({until})")
    if options.open_browser:
        webbrowser.open(page)


async def _settled(ingester: Ingester, simulated: Simulated) -> None:
    """Wait until what the broker took has reached the store."""
    status, wanted = ingester.status, simulated.summary.acknowledged
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_SETTLE_S):
            while status.stored + status.dead_lettered < wanted:  # noqa: ASYNC110 - counters, no event
                await asyncio.sleep(0.05)


def _verify(options: DemoOptions, store: Store, simulated: Simulated) -> VerifySummary:
    summary, _ = compare(store, options.selection, (simulated.begin_ms, simulated.until_ms))
    return summary
