"""The demo at work: broker, ingester, store and viewer in this process, the simulator in another."""

import asyncio
import contextlib
import dataclasses
import functools
import gc
import os
import shutil
import tempfile
import webbrowser
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import typer

from dashboards.viewer import open_viewer
from ingest.ingester import Ingester
from ingest.memory import relax_collector
from ingest.options import IngestOptions
from ingest.receive import SessionOptions
from ingest.rollups.roll import Roller
from ingest.status import IngestSummary
from ingest.stores import Store, StoreUrl, open_store, parse_store_url
from mqttlink import Address, Trust, parse_broker_url
from mqttlink.broker.server import Broker
from park.quality import StoredFlags
from park_cli.demo_incident import Exercise, Replay
from park_cli.options import TrustOptions
from park_cli.orders import outcomes_of
from park_cli.output import errors, print_summary, progress_bar
from park_cli.panel_sources import open_source
from park_cli.proof import prove
from park_cli.schedules import credentials
from park_cli.signals import on_abort, run_until_signal
from park_cli.viewer_commands import commanding
from simulator.broker import GatewayOptions
from simulator.children import Children
from simulator.clock import ScheduleOptions
from simulator.commands.past import CommandOptions
from simulator.options import SimulateOptions
from simulator.plan import Selection
from simulator.processes import simulate_in_processes
from simulator.progress import Progress
from simulator.simulate import Simulated
from simulator.verify import VerifySummary

_SETTLE_S = 60.0
_REFRESH_S = 1.5


@dataclasses.dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """What to show, and for how long from the first live reading on."""

    selection: Selection
    schedule: ScheduleOptions
    for_s: float | None
    store: str | None
    broker: str | None
    tls: TrustOptions
    port: int
    viewer_names: tuple[str, ...]
    open_browser: bool
    control: bool = False
    allow_commands: bool = False
    quality: StoredFlags = StoredFlags.NONE
    exercise: Exercise | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class DemoSummary:
    """The three parts' summaries."""

    simulate: dict[str, Any]
    ingest: dict[str, Any]
    verify: VerifySummary


def show(options: DemoOptions, children: Children, *, as_json: bool) -> None:
    """Run the demo to its end, and print what came of it.

    Args:
        options: what to show.
        children: the simulator, already warming up.
        as_json: the summary as one line of JSON.

    Raises:
        typer.Exit: some reading was lost, duplicated or altered.
    """
    summary = asyncio.run(run_until_signal(lambda stop: _run(options, children, stop)))
    print_summary("the park", dataclasses.asdict(summary), as_json=as_json)
    if not summary.verify.clean:
        raise typer.Exit(1)


async def _run(options: DemoOptions, children: Children, stop: asyncio.Event) -> DemoSummary:
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="park-demo-")))
        stack.enter_context(on_abort(functools.partial(shutil.rmtree, folder, ignore_errors=True)))
        url = parse_store_url(options.store or f"duckdb://{quote(str(folder / 'park.duckdb'))}")
        store = open_store(url, os.environ)
        stack.push_async_callback(store.close)
        address = await stack.enter_async_context(_broker_address(options))
        trust = options.tls.resolve(address)
        replay = Replay(options.exercise, f"mqtt://{address.host}:{address.port}", folder / "store-is-away")
        ingester = Ingester(_ingest_options(address, trust, url, folder, options.quality), replay.serving(store))
        ingesting = await stack.enter_async_context(_ingesting(ingester))
        source = open_source(url, os.environ)
        stack.push_async_callback(source.close)
        allowed = commanding(address, trust) if options.allow_commands else None
        page = await stack.enter_async_context(
            open_viewer(
                source,
                port=options.port,
                names=options.viewer_names,
                utc_offset_ms=options.selection.town.settings.utc_offset_ms,
                refresh_s=_REFRESH_S,
                commanding=allowed,
                lakes=options.selection.town.lakes,
            )
        )
        _announce(page if allowed is None else f"{page}?token={allowed.token}", options)
        relax_collector()
        gc.enable()
        # Only now: taking in a day of history would hold up the viewer's start, and a browser needs a second to come.
        simulation = _simulation(options, address, trust, folder, store)
        async with _rolled_up(store), _controlled(options, address, trust, folder), replay.within():
            simulated = await _simulate(simulation, children, stop, replay, options.for_s)
        await _settled(ingester, simulated, replay.published)
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


def _ingest_options(address: Address, trust: Trust, url: StoreUrl, folder: Path, quality: StoredFlags) -> IngestOptions:
    return IngestOptions(
        broker=SessionOptions(
            address=address, ca_file=trust.ca_file, cert_file=trust.cert_file, key_file=trust.key_file
        ),
        store=url,
        dead_letters=folder / "dead-letters.ndjson",
        quality=quality,
        report_every_s=2.0,
    )


@contextlib.asynccontextmanager
async def _ingesting(ingester: Ingester) -> AsyncIterator[Callable[[], Awaitable[IngestSummary]]]:
    """The ingester at work, subscribed; yields a function that drains it."""
    stop = asyncio.Event()
    task = asyncio.create_task(ingester.run(stop), name="ingester")
    subscribed = asyncio.create_task(ingester.subscribed())
    await asyncio.wait([task, subscribed], return_when=asyncio.FIRST_COMPLETED)
    if subscribed.done() and subscribed.exception() is not None:
        await asyncio.wait([task])  # its link has ended for good, and it is about to say so
    if task.done():
        subscribed.cancel()
        await asyncio.gather(subscribed, return_exceptions=True)  # it may have failed as well
        task.result()

    async def drain() -> IngestSummary:
        stop.set()
        return await task

    try:
        yield drain
    finally:
        task.cancel()
        await asyncio.wait([task])


@contextlib.asynccontextmanager
async def _rolled_up(store: Store) -> AsyncIterator[None]:
    """The store's rollups kept right; what a demo stores is there to be shown for days, if it is named a store."""
    stop = asyncio.Event()
    task = asyncio.create_task(Roller(store).run(stop), name="rollups")
    try:
        yield
    finally:
        stop.set()
        await task


@contextlib.asynccontextmanager
async def _controlled(options: DemoOptions, address: Address, trust: Trust, folder: Path) -> AsyncIterator[None]:
    """The worked rules at work, if that was asked for."""
    if not options.control:
        yield
        return
    from controller.link import LinkOptions  # noqa: PLC0415 - only who asks for it waits for its libraries
    from controller.resolve import default_rules, program_of  # noqa: PLC0415 - the same
    from controller.run import ControlOptions, controlling  # noqa: PLC0415 - the same

    broker = LinkOptions(host=address.host, port=address.port, client_id="control", context=trust.context(address))
    program = program_of(default_rules(), "control.toml", options.selection.town)
    asked = ControlOptions(program=program, broker=broker, actor="control", folder=folder / "control")
    with controlling(asked) as controller:
        stop = asyncio.Event()
        task = asyncio.create_task(controller.run(stop), name="controller")
        try:
            yield
        finally:
            stop.set()
            told = await task
            errors.print(f"The rules: {told.orders} orders, {told.ended.get('succeeded', 0)} obeyed", highlight=False)


def _simulation(options: DemoOptions, address: Address, trust: Trust, folder: Path, store: Store) -> SimulateOptions:
    return SimulateOptions(
        selection=options.selection,
        schedule=options.schedule,
        # What the broker takes is stored and proven at once, so no gateway stays for it.
        broker=GatewayOptions(address=address, credentials=credentials(), trust=trust, stays=False),
        # What was commanded lies in the store alone, so that a demo on it goes on where the last one ended.
        commands=CommandOptions(
            state=folder / "commands", stored=tuple(outcomes_of(None, options.selection.town, store).records)
        ),
    )


async def _simulate(
    simulation: SimulateOptions, children: Children, stop: asyncio.Event, replay: Replay, for_s: float | None
) -> Simulated:
    """History, then live readings until `--for` has passed and the incident is over, or `stop` is set."""
    ending: list[asyncio.Task[None]] = []
    with progress_bar() as bar:
        task = bar.add_task("history", total=None, note="readings")

        def show(progress: Progress) -> None:
            bar.update(task, completed=progress.acknowledged, total=progress.offered)

        def live() -> None:
            bar.update(task, description="live")
            replay.begin()
            if for_s is not None:
                ending.append(asyncio.create_task(_end(for_s, replay, stop), name="--for"))

        try:
            return await simulate_in_processes(simulation, stop, children=children, on_progress=show, on_live=live)
        finally:
            for one in ending:
                one.cancel()


async def _end(for_s: float, replay: Replay, stop: asyncio.Event) -> None:
    await asyncio.sleep(for_s)
    await replay.over.wait()
    stop.set()


def _announce(page: str, options: DemoOptions) -> None:
    until = "Ctrl-C ends it" if options.for_s is None else f"it ends after {options.for_s:g} s of live readings"
    errors.print(f"The park is open: [bold]{page}[/bold]  ({until})", soft_wrap=True)
    if options.allow_commands:
        errors.print(
            "Whoever has this address commands devices: Municipal's lamps, and more",
            soft_wrap=True,
        )
    if options.open_browser:
        webbrowser.open(page)


async def _settled(ingester: Ingester, simulated: Simulated, beside: int) -> None:
    """Wait until what the broker took has reached the store."""
    summary, status = simulated.summary, ingester.status
    wanted = summary.acknowledged + summary.events["acknowledged"] + beside
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_SETTLE_S):
            while status.stored + status.dead_lettered < wanted:  # noqa: ASYNC110 - counters, no event
                await asyncio.sleep(0.05)


def _verify(options: DemoOptions, store: Store, simulated: Simulated) -> VerifySummary:
    window = simulated.begin_ms, simulated.until_ms
    beside, town = options.exercise is not None, options.selection.town
    outcomes = outcomes_of(None, town, store)
    summary, _ = prove(options.selection, store, window, ignore_unselected=beside, outcomes=outcomes)
    return summary
