"""From received messages to settled batches: batching, the window's memory, acknowledgements in order."""

import asyncio
import time
from collections.abc import Callable, Sequence

from ingest.acks import AckTracker
from ingest.batch import Batch, BatchPolicy
from ingest.decode import Decoder
from ingest.messages import Message
from ingest.status import Status

MESSAGE_BYTES = 320
"""What a waiting message takes beside its payload: its row most of all."""


class Intake:
    """Collects messages into batches, and releases acknowledgements when batches are settled.

    Args:
        submit: begins to settle a batch.
        acknowledge: tells the broker the packet ids, in order of arrival.
        pause, resume: stop and go on reading.
        max_bytes: of memory for messages that wait; beyond, reading pauses until half of it is free.
    """

    def __init__(
        self,
        decoder: Decoder,
        status: Status,
        policy: BatchPolicy,
        *,
        submit: Callable[[Batch], None],
        acknowledge: Callable[[Sequence[int], int], None],
        pause: Callable[[], None],
        resume: Callable[[], None],
        max_bytes: int,
    ) -> None:
        self._decoder = decoder
        self._status = status
        self._policy = policy
        self._submit = submit
        self._acknowledge = acknowledge
        self._pause = pause
        self._resume = resume
        self._max_bytes = max_bytes
        self._acks: AckTracker[Batch] = AckTracker()
        self._batch: Batch | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waiting_bytes = 0
        self._paused = False
        self._closed = False

    def take(self, messages: Sequence[Message], generation: int) -> None:
        """Take all messages of one read."""
        if self._closed:
            return
        now = time.monotonic()
        batch = self._batch
        if batch is not None and batch.generation != generation:
            self.flush()
            batch = None
        if batch is None:
            batch = self._open(generation, now)
        count, states, size = batch.messages, batch.states, batch.size
        self._decoder.take(messages, batch)
        batch.packet_ids.extend([message.packet_id for message in messages if message.packet_id is not None])
        batch.touched = now
        count, states = batch.messages - count, batch.states - states
        self._waiting_bytes += batch.size - size + MESSAGE_BYTES * count
        self._status.received += count - states
        self._status.states += states
        if batch.is_full(self._policy):
            self.flush()
        if self._waiting_bytes > self._max_bytes and not self._paused:
            self._paused = True
            self._pause()

    def flush(self) -> None:
        """Close the current batch and begin to settle it."""
        batch, self._batch = self._batch, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if batch is not None:
            self._submit(batch)

    def settled(self, batch: Batch) -> None:
        """A batch is safe: acknowledge all that now is contiguously safe."""
        self._waiting_bytes -= batch.size + MESSAGE_BYTES * batch.messages
        for released in self._acks.settle(batch, batch.generation):
            self._acknowledge(released.packet_ids, released.generation)
        if self._paused and self._waiting_bytes <= self._max_bytes // 2 and not self._closed:
            self._paused = False
            self._resume()

    def close(self) -> None:
        """Take nothing more; what is still delivered stays unacknowledged and is the broker's."""
        self._closed = True
        self._pause()
        self.flush()

    def reconnected(self) -> None:
        """A pause ended with the old connection; renew it."""
        if self._paused or self._closed:
            self._pause()

    def _open(self, generation: int, now: float) -> Batch:
        batch = Batch(generation=generation, opened=now, opened_ms=time.time_ns() // 1_000_000)
        self._batch = batch
        self._status.health.opened(batch)
        self._acks.arrived(batch, generation)
        self._arm(self._policy.quiet_s)
        return batch

    def _arm(self, delay: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        """Look whether the batch is due; one timer a batch, however many messages it takes."""
        batch = self._batch
        if batch is None:
            return
        left = batch.due(self._policy) - time.monotonic()
        if left <= 0:
            self.flush()
        else:
            self._arm(min(left, max(self._policy.quiet_s, 0.001)))
