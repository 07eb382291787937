"""The ingester as a whole: one process, from the broker's session to the store."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from ingest.batch import Batch, BatchPolicy
from ingest.deadletter import DeadLetterFile
from ingest.decode import MAX_DEVICES, MAX_PAYLOAD, Decoder
from ingest.intake import Intake
from ingest.messages import Message
from ingest.metrics import Metrics, Summary
from ingest.receive import BrokerOptions, Receiver
from ingest.stores import open_store
from ingest.stores.base import Store
from ingest.stores.url import StoreUrl
from ingest.write import RetryPolicy, Writer

log = structlog.get_logger("ingest")


@dataclass(frozen=True, kw_only=True)
class IngestOptions:
    """How to ingest.

    Attributes:
        broker: the session.
        store: where readings go; its token comes from the environment.
        dead_letters: the file for messages that cannot be stored.
        processes: 1 runs in this process; more share the subscription among workers.
        writes: to the store at once.
        max_waiting_bytes: payload held in memory before reading from the broker pauses.
        drain_s: how long the last batches may take after `stop`; what is not settled then stays the broker's.
    """

    broker: BrokerOptions
    store: StoreUrl
    dead_letters: Path = Path("dead-letters.ndjson")
    processes: int = 1
    batch: BatchPolicy = field(default_factory=BatchPolicy)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    writes: int = 4
    max_payload: int = MAX_PAYLOAD
    max_devices: int = MAX_DEVICES
    max_waiting_bytes: int = 64 << 20
    drain_s: float = 8.0


async def run(options: IngestOptions, stop: asyncio.Event) -> Summary:
    """Ingest until `stop` is set; then stop intake, flush, acknowledge, disconnect.

    Raises:
        LinkError: the broker refused the very first connection for good.
        IngestError: the store's secret cannot be read.
    """
    store = open_store(options.store, os.environ)
    try:
        return await Ingester(options, store).run(stop)
    finally:
        await store.close()


class Ingester:
    """One session, one decoder, one writer."""

    def __init__(self, options: IngestOptions, store: Store) -> None:
        self._options = options
        self.decoder = Decoder(store.render, max_payload=options.max_payload, max_devices=options.max_devices)
        self.metrics = Metrics(self.decoder, options.broker.client_id)
        self.writer = Writer(
            store,
            DeadLetterFile(options.dead_letters),
            self.metrics,
            self._settled,
            in_flight=options.writes,
            retry=options.retry,
        )
        self.receiver = Receiver(options.broker, on_messages=self._take, on_state=self._broker_state)
        self.intake = Intake(
            self.decoder,
            self.metrics,
            options.batch,
            submit=self.writer.submit,
            acknowledge=self.receiver.acknowledge,
            pause=self.receiver.link.pause_reading,
            resume=self.receiver.link.resume_reading,
            max_bytes=options.max_waiting_bytes,
        )

    async def run(self, stop: asyncio.Event) -> Summary:
        """Ingest until `stop` is set, then drain."""
        async with self.receiver.link as link:
            ended = asyncio.create_task(link.ended())
            stopping = asyncio.create_task(stop.wait())
            try:
                waiting: list[asyncio.Future[Any]] = [ended, stopping, self.writer.failed]
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in (ended, self.writer.failed):
                    if task.done():
                        await task
                self.intake.close()
                await self._drain()
            finally:
                ended.cancel()
                stopping.cancel()
                await self.writer.cancel()
        return self.metrics.summary()

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(self._options.drain_s):
                await self.writer.drain()
        except TimeoutError:
            log.warning("the last batches could not be settled in time; the broker keeps them for the next start")

    def _take(self, messages: Sequence[Message], generation: int) -> None:
        self.intake.take(messages, generation)

    def _settled(self, batch: Batch) -> None:
        self.intake.settled(batch)

    def _broker_state(self, *, connected: bool) -> None:
        if connected:
            self.intake.reconnected()
        elif self.metrics.connected:
            self.metrics.reconnects += 1
        self.metrics.connected = connected
