"""The ingester of one process: one decoder, and one session or one for each site."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack
from typing import Any

from ingest.deadletter import DeadLetterFile
from ingest.decode import Decoder
from ingest.freeze import Freeze
from ingest.log import get_logger
from ingest.options import IngestOptions
from ingest.report import Reporter
from ingest.rollups.touch import Touches
from ingest.sequence import Tally, Track
from ingest.session import BrokerSession, sessions_of, share_of
from ingest.status import IngestSummary, Status
from ingest.stores.base import Row, Store
from ingest.watch import watch

log = get_logger("ingest")


class Ingester:
    """One decoder, store and status, for one session or one for each site.

    Args:
        new_track: how the sequence of a device is followed; by default here, in this process.
        before_ack: called when a batch is settled and before it is acknowledged.
        begun: is set once every session has its subscriptions.
        retiring: only empty the session.
    """

    def __init__(
        self,
        options: IngestOptions,
        store: Store,
        *,
        new_track: Callable[[Tally, str], Track] | None = None,
        before_ack: Callable[[], None] = lambda: None,
        begun: asyncio.Event | None = None,
        retiring: bool = False,
    ) -> None:
        self._options, self._store, self._begun = options, store, begun or asyncio.Event()
        self.decoder = decoder = _decoder(options, store, new_track)
        self.status = Status(
            options.broker.client_id,
            decoder.tally,
            decoder.sources,
            decoder.gateways,
            grouped=options.broker.group is not None,
        )
        decoder.context.dropped = lambda total: self.status.health.drops.told(total, self.status.received)
        self._touches = Touches(store, options.broker.client_id)
        self._dead_letters = DeadLetterFile(options.dead_letters)
        parts = functools.partial(
            BrokerSession,
            decoder=decoder,
            status=self.status,
            store=store,
            dead_letters=self._dead_letters,
            witness=Reporter(self.status, store).write,
            marks=self._marks,
        )
        self._sessions = [
            parts(broker, share_of(options), before_ack=before_ack, on_change=self._broker_state, retiring=retiring)
            for broker in sessions_of(options)
        ]
        self._freeze = Freeze(self._answered)
        self.status.more_troubles = self._freeze.troubles

    def _marks(self, hours: AbstractSet[int]) -> list[Row]:
        return self._touches.rows(map(self.decoder.context.numbers.hour, hours))

    async def _answered(self) -> None:
        await asyncio.gather(*(session.answered() for session in self._sessions))

    async def subscribed(self) -> None:
        """Wait until every session has its subscriptions.

        Raises:
            LinkError: one that is final.
        """
        await asyncio.gather(*(session.subscribed() for session in self._sessions))

    async def run(self, stop: asyncio.Event) -> IngestSummary:
        """Ingest until `stop` is set, then drain."""
        async with AsyncExitStack() as stack:
            await observe(self._options, self.status, self._store, stack)
            stack.push_async_callback(self._dead_letters.thread.run, self._dead_letters.close)
            watching = asyncio.create_task(watch(self.status.health, self._dead_letters), name="ingest watch")
            stack.push_async_callback(_cancel, watching)
            freezing = asyncio.create_task(self._freeze.watch(), name="ingest freeze watch")
            stack.push_async_callback(_cancel, freezing)
            for session in self._sessions:
                await session.open(stack)
            await _first_of(stop.wait(), *(session.ended() for session in self._sessions))
            for session in self._sessions:
                session.leave()
            await self._drain()
        return self.status.summary()

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(self._options.drain_s):
                await asyncio.gather(*(session.drain() for session in self._sessions))
        except TimeoutError:
            log.warning("the last batches could not be settled in time; the broker keeps them for the next start")

    def _broker_state(self) -> None:
        self.status.connected = all(session.connected for session in self._sessions)
        if self.status.connected:
            self._begun.set()


async def observe(options: IngestOptions, status: Status, store: Store, stack: AsyncExitStack) -> None:
    """Serve metrics and report to the store until the stack unwinds, with a last report then."""
    if options.metrics is not None:
        from ingest.metrics import MetricsServer  # noqa: PLC0415 - 4 MB that only this needs

        await stack.enter_async_context(MetricsServer(status, options.metrics))
    if options.report_every_s is not None:
        reporter = Reporter(status, store, every_s=options.report_every_s)
        stack.push_async_callback(reporter.report)
        reporting = asyncio.create_task(reporter.run(), name="ingest report")
        stack.push_async_callback(_cancel, reporting)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _first_of(*waiting: Awaitable[Any]) -> None:
    """Wait for the first to end, raise its error, and cancel the others."""
    tasks = [asyncio.ensure_future(one) for one in waiting]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()


def _decoder(options: IngestOptions, store: Store, new_track: Callable[[Tally, str], Track] | None) -> Decoder:
    return Decoder(
        store.render,
        max_payload=options.max_payload,
        max_devices=options.max_devices,
        sites=max(1, len(options.sites)),
        accept=options.accept,
        new_track=new_track,
        quality=options.quality,
    )
