"""One session at the broker, from its messages to their acknowledgements: a queue, a window and writes of its own.

All sessions of a process share one decoder, store, dead-letter file and status. What one of them has to wait for
holds up no other.
"""

import asyncio
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack, suppress
from dataclasses import replace

from ingest.batch import Batch
from ingest.deadletter import DeadLetterFile
from ingest.decode import Decoder
from ingest.intake import Intake
from ingest.messages import Message
from ingest.options import IngestOptions
from ingest.receive import LinkError, Receiver, SessionOptions
from ingest.status import Status
from ingest.stores.base import Row, Store
from ingest.write import BatchWriter, Witness

LEAST_WAITING_BYTES = 256 << 10
"""A session's share of the memory is not made smaller: some 550 small messages, as a read of the socket brings."""

LEAST_RECEIVE_MAX = 1_000


class BrokerSession:
    """One session and all that is its own.

    Args:
        broker: the session.
        witness: writes a row that has nothing to do with any message, to tell a wrong store from a wrong row.
        marks: rows that mark the hours of a batch's readings.
        options: of the ingester; `max_waiting_bytes` and `writes` as they are for this session.
        before_ack: called when a batch is settled and before it is acknowledged.
        on_change: called when the broker is connected or not any more.
        retiring: only empty the session.
    """

    def __init__(
        self,
        broker: SessionOptions,
        options: IngestOptions,
        *,
        decoder: Decoder,
        status: Status,
        store: Store,
        dead_letters: DeadLetterFile,
        witness: Witness,
        marks: Callable[[AbstractSet[int]], list[Row]],
        before_ack: Callable[[], None],
        on_change: Callable[[], None],
        retiring: bool = False,
    ) -> None:
        self._status, self._before_ack, self._on_change = status, before_ack, on_change
        self.connected = False
        self._writer = BatchWriter(
            store,
            dead_letters,
            status,
            self._settled,
            witness=witness,
            marks=marks,
            in_flight=options.writes,
            retry=options.retry,
        )
        self._receiver = Receiver(broker, on_messages=self._take, on_state=self._broker_state, retiring=retiring)
        link = self._receiver.link
        self._intake = Intake(
            decoder,
            status,
            options.batch,
            submit=self._writer.submit,
            acknowledge=self._receiver.acknowledge,
            pause=link.pause_reading,
            resume=link.resume_reading,
            max_bytes=options.max_waiting_bytes,
        )

    async def open(self, stack: AsyncExitStack) -> None:
        """Connect, and until the stack unwinds hold on; then give up what is not settled."""
        await stack.enter_async_context(self._receiver.link)
        stack.push_async_callback(self._writer.cancel)

    async def subscribed(self) -> None:
        """Wait until the broker is connected and the subscriptions are made."""
        await self._receiver.link.connected()

    async def answered(self) -> None:
        """Wait until the broker has answered a question of now, or nobody will ask it any more."""
        with suppress(LinkError):
            await self._receiver.link.answered()

    async def ended(self) -> None:
        """Wait for what no retry can help, and raise it."""
        either = [asyncio.ensure_future(self._receiver.link.ended()), asyncio.ensure_future(self._writer.failure())]
        try:
            done, _ = await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            for one in either:
                one.cancel()

    def leave(self) -> None:
        """Take nothing more, and begin to settle what is there."""
        self._receiver.leaving()
        self._intake.close()

    async def drain(self) -> None:
        """Wait until everything is settled."""
        await self._writer.drain()

    def _take(self, messages: Sequence[Message], generation: int) -> None:
        self._intake.take(messages, generation)

    def _settled(self, batch: Batch) -> None:
        self._before_ack()
        self._intake.settled(batch)

    def _broker_state(self, *, connected: bool) -> None:
        if connected:
            self._intake.reconnected()
        elif self.connected:
            self._status.health.drops.away()
            self._status.reconnects += 1
        self.connected = connected
        self._on_change()


def sessions_of(options: IngestOptions) -> list[SessionOptions]:
    """The sessions that this process holds: one, or one for each site."""
    broker = options.broker
    if not options.sites:
        return [broker]
    receive_max = max(LEAST_RECEIVE_MAX, broker.receive_max // len(options.sites))
    return [
        replace(broker, client_id=f"{broker.client_id}-{site}", site=site, receive_max=receive_max)
        for site in options.sites
    ]


def share_of(options: IngestOptions) -> IngestOptions:
    """What one of the process's sessions may take: N sites have an N-th each of the memory of one session.

    With the defaults 4 sites have 1.5 MiB each, so 6 MiB together, as one session has; from the 25th site on it is
    256 KiB more for each. A batch that is being collected, and a read of the socket, come beside it, for each.
    Of the writes at once each has its part, but one at least.
    """
    count = max(1, len(options.sites))
    return replace(
        options,
        max_waiting_bytes=max(min(LEAST_WAITING_BYTES, options.max_waiting_bytes), options.max_waiting_bytes // count),
        writes=max(1, options.writes // count),
    )
