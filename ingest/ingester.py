"""The ingester of one process: one session, one decoder, one writer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

from ingest.batch import Batch
from ingest.deadletter import DeadLetterFile
from ingest.decode import Decoder
from ingest.intake import Intake
from ingest.log import get_logger
from ingest.messages import Message
from ingest.options import IngestOptions
from ingest.receive import Receiver
from ingest.report import Reporter
from ingest.sequence import Tally, Track
from ingest.status import IngestSummary, Status
from ingest.stores.base import Store
from ingest.watch import watch
from ingest.write import BatchWriter

log = get_logger("ingest")


class Ingester:
    """One session, one decoder, one writer.

    Args:
        new_track: how the sequence of a device is followed; by default here, in this process.
        before_ack: called when a batch is settled and before it is acknowledged.
        retiring: only empty the session.
    """

    def __init__(
        self,
        options: IngestOptions,
        store: Store,
        *,
        new_track: Callable[[Tally, str], Track] | None = None,
        before_ack: Callable[[], None] = lambda: None,
        retiring: bool = False,
    ) -> None:
        self._options = options
        self._store = store
        self._before_ack = before_ack
        self.decoder = Decoder(
            store.render, max_payload=options.max_payload, max_devices=options.max_devices, new_track=new_track
        )
        decoder = self.decoder
        self.status = Status(
            options.broker.client_id,
            decoder.tally,
            decoder.sources,
            decoder.gateways,
            grouped=options.broker.group is not None,
        )
        decoder.context.dropped = lambda total: self.status.health.drops.told(total, self.status.received)
        self._dead_letters = DeadLetterFile(options.dead_letters)
        self.writer = BatchWriter(
            store,
            self._dead_letters,
            self.status,
            self._settled,
            witness=Reporter(self.status, store).write,
            in_flight=options.writes,
            retry=options.retry,
        )
        self.receiver = Receiver(options.broker, on_messages=self._take, on_state=self._broker_state, retiring=retiring)
        self.intake = Intake(
            self.decoder,
            self.status,
            options.batch,
            submit=self.writer.submit,
            acknowledge=self.receiver.acknowledge,
            pause=self.receiver.link.pause_reading,
            resume=self.receiver.link.resume_reading,
            max_bytes=options.max_waiting_bytes,
        )

    async def run(self, stop: asyncio.Event) -> IngestSummary:
        """Ingest until `stop` is set, then drain."""
        async with AsyncExitStack() as stack:
            await observe(self._options, self.status, self._store, stack)
            stack.push_async_callback(asyncio.to_thread, self._dead_letters.close)
            watching = asyncio.create_task(watch(self.status.health, self._dead_letters), name="ingest watch")
            stack.push_async_callback(_cancel, watching)
            link = await stack.enter_async_context(self.receiver.link)
            stack.push_async_callback(self.writer.cancel)
            await _first_of(stop.wait(), link.ended(), self.writer.failure())
            self.receiver.leaving()
            self.intake.close()
            await self._drain()
        return self.status.summary()

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(self._options.drain_s):
                await self.writer.drain()
        except TimeoutError:
            log.warning("the last batches could not be settled in time; the broker keeps them for the next start")

    def _take(self, messages: Sequence[Message], generation: int) -> None:
        self.intake.take(messages, generation)

    def _settled(self, batch: Batch) -> None:
        self._before_ack()
        self.intake.settled(batch)

    def _broker_state(self, *, connected: bool) -> None:
        if connected:
            self.intake.reconnected()
        elif self.status.connected:
            self.status.health.drops.away()
            self.status.reconnects += 1
        self.status.connected = connected


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
