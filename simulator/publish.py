"""Gateways: one MQTT connection for each site and shard, with birth, will, and store-and-forward.

The only file of the simulator that knows MQTT.
"""

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import mqtt5
import numpy as np
import numpy.typing as npt
import structlog

from mqttlink import Address, Link, LinkError, LinkOptions, Session, content_type_property, encode_publishes
from park.codecs import DEFAULT
from park.latency import Latencies
from park.model import Ints
from park.topics import gateway_topic
from simulator.batches import Batch, Encoder, Flight, Window
from simulator.clock import Schedule
from simulator.fleet import Fleet
from simulator.plan import GatewayPlan

log = structlog.get_logger()

TICK_S = 0.05
STATS_EVERY_S = 10.0
_ROWS_AT_ONCE = 2048
_OVERRUN_S = 1.0
_DRAIN_S = 30.0
_GOODBYE_S = 5.0
_PROPERTIES = content_type_property(DEFAULT.content_type)


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Where gateways find their passwords.

    Attributes:
        password: for every gateway; or
        folder: one file per user name, named like the site.
    """

    password: bytes | None = field(default=None, repr=False)
    folder: Path | None = None

    def of(self, user: str) -> bytes | None:
        """The password of a user, None if there is none."""
        if self.folder is not None:
            return (self.folder / user).read_bytes().strip()
        return self.password


@dataclass(frozen=True, kw_only=True)
class BrokerOptions:
    """The broker as gateways see it.

    Attributes:
        address: its user name, if any, replaces the site's.
        rewind_s: how much of what the broker acknowledged is sent again after a reconnection; longer than
            the interval at which the broker saves its state.
    """

    address: Address
    credentials: Credentials = field(default_factory=Credentials)
    rewind_s: float = 10.0


@dataclass(kw_only=True)
class Progress:
    """What gateways have done so far.

    Attributes:
        offered: readings due.
        sent: readings sent, repeats included.
        unheard: readings that the broker took while nobody listened; not counted as acknowledged.
        overruns: readings sent over a second after they were due, history left out.
        until_ms: every reading before this has been offered.
    """

    offered: int = 0
    sent: int = 0
    acknowledged: int = 0
    unheard: int = 0
    overruns: int = 0
    reconnects: int = 0
    until_ms: int = 2**63
    latencies: Latencies = field(default_factory=Latencies)


class Gateway:
    """Publishes the readings of one site's shard, open loop, losing none.

    Args:
        fleet: the gateway's own devices.
        schedule: when readings are due.
        broker: where to publish.
        on_live: called once, when the history is sent and the first live reading is due.
    """

    def __init__(
        self,
        gateway: GatewayPlan,
        fleet: Fleet,
        schedule: Schedule,
        *,
        broker: BrokerOptions,
        on_live: Callable[[], None],
    ) -> None:
        self.progress = Progress(until_ms=schedule.begin_ms)
        self._gateway, self._fleet, self._schedule = gateway, fleet, schedule
        self._rewind_s, self._on_live = broker.rewind_s, on_live
        self._encoder = Encoder(gateway.plan)
        self._flight = Flight()
        self._serial = 0
        self._cursor = self._offered_until = schedule.begin_ms
        self._again: deque[Window] = deque()
        self._current: Batch | None = None
        self._refused_logged = False
        self._leaving = False
        self._recent = Latencies()
        self._wake = asyncio.Event()
        self._working: asyncio.Task[None] | None = None
        address = broker.address
        user = address.username or gateway.site
        self._link = Link(
            LinkOptions(
                address=Address(host=address.host, port=address.port, tls=address.tls, username=user),
                client_id=gateway.client_id,
                password=broker.credentials.of(user),
                will=self._will(),
            ),
            on_acks=self._on_acks,
            on_connected=self._on_connected,
            on_disconnected=self._on_disconnected,
        )

    async def run(self) -> None:
        """Publish until the schedule ends and the broker has answered, whatever happens to the connection."""
        async with self._link:
            stats = asyncio.create_task(self._publish_stats(), name=f"stats {self._gateway.client_id}")
            self._working = asyncio.create_task(self._work(), name=f"work {self._gateway.client_id}")
            try:
                await asyncio.wait([self._working])
                if not self._working.cancelled():
                    self._working.result()
                await self._say_goodbye()
            finally:
                stats.cancel()
                self._working.cancel()

    def end(self, now_s: float) -> None:
        """End the schedule at `now_s`; what is sent is still awaited, for a bounded time."""
        self._schedule = self._schedule.ended(self._cursor, now_s)
        self._wake.set()
        if self._working is not None:
            asyncio.get_running_loop().call_later(_DRAIN_S, self._working.cancel)

    async def _work(self) -> None:
        live = False
        while True:
            await self._link.writable(_ROWS_AT_ONCE)
            batch = self._current or self._next_batch()
            if batch is not None:
                self._send(batch)
                await asyncio.sleep(0)
                continue
            if not live and self._cursor >= self._schedule.origin_ms:
                live = True
                self._on_live()
            if not self._schedule.finished(self._cursor):
                await self._pause(TICK_S)
            elif self._flight:
                await self._pause(None)
            else:
                return

    async def _pause(self, timeout_s: float | None) -> None:
        """Wait for an answer, for the end of the schedule, or for so long."""
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()

    def _next_batch(self) -> Batch | None:
        """The next window that is due and not empty, encoded."""
        now_ms = self._schedule.town_ms(time.time())
        while self._again or self._cursor < now_ms:
            if self._again:
                window = self._again.popleft()
            else:
                window = next(self._fleet.windows(self._cursor, now_ms, _ROWS_AT_ONCE))
                self._cursor = self.progress.until_ms = window[1]
            parts = deque(self._encoder.part(columns) for columns in self._fleet.columns(*window))
            size = sum(map(len, parts))
            if not size:
                continue
            if window[1] > self._offered_until:
                self.progress.offered += size
                self._offered_until = window[1]
            self._serial += 1
            self._current = Batch(serial=self._serial, window=window, parts=parts, size=size)
            self._flight.add(self._current)
            return self._current
        return None

    def _send(self, batch: Batch) -> None:
        count = min(self._link.window_free, batch.unsent)
        if not count:
            return
        ids = self._link.reserve(count)
        frames, ts = batch.next_frames(ids, _frame)
        due_s = self._schedule.due_s(ts.astype(np.float64))  # type: ignore[arg-type]
        self._flight.sent(batch, ids, np.asarray(due_s))
        for data in frames:
            self._link.send(data)
        self.progress.sent += count
        self._count_overruns(ts, np.asarray(due_s))
        if not batch.unsent:
            self._current = None

    def _count_overruns(self, ts: Ints, due_s: npt.NDArray[np.float64]) -> None:
        if self._schedule.measures_latency:
            live = ts >= self._schedule.origin_ms
            self.progress.overruns += int(np.count_nonzero(live & (due_s < time.time() - _OVERRUN_S)))

    def _on_acks(self, ids: npt.NDArray[np.uint16], reasons: npt.NDArray[np.uint8], _generation: int) -> None:
        now = time.time()
        taken = reasons == 0
        due = self._flight.answered(ids, taken, now)
        self._flight.forget_before(now - self._rewind_s)
        self.progress.acknowledged = self._flight.acknowledged
        if not taken.all():
            self._refusals(reasons[~taken])
        if self._schedule.measures_latency:
            live = due[due >= self._schedule.launch_s]
            self.progress.latencies.add((now - live) * 1000)
            self._recent.add((now - live) * 1000)
        self._wake.set()

    def _refusals(self, reasons: npt.NDArray[np.uint8]) -> None:
        self.progress.unheard += int(np.count_nonzero(reasons == mqtt5.PubAckReasonCode.NO_MATCHING_SUBSCRIBERS))
        if not self._refused_logged:
            self._refused_logged = True
            reason = mqtt5.PubAckReasonCode(int(reasons[0])).name.lower().replace("_", " ")
            log.warning("the broker did not take a reading", gateway=self._gateway.client_id, reason=reason)

    async def _on_connected(self, session: Session) -> None:
        self.progress.reconnects = session.generation - 1
        await self._link.publish(self._topic("state"), self._state("online"), qos=1, retain=True)

    def _on_disconnected(self, _generation: int, error: LinkError) -> None:
        if self._leaving:
            return
        log.warning("connection lost, trying again", gateway=self._gateway.client_id, reason=str(error))
        self._current = None
        again = self._flight.rewind(self._rewind_s)
        self._again = deque(sorted({*again, *self._again}))
        self._wake.set()

    async def _say_goodbye(self) -> None:
        self._leaving = True
        with contextlib.suppress(LinkError, TimeoutError):
            async with asyncio.timeout(_GOODBYE_S):
                if self._link.is_connected:
                    await self._send_stats()
                    await self._link.publish(self._topic("state"), self._state("stopped"), qos=1, retain=True)

    async def _publish_stats(self) -> None:
        while True:
            await asyncio.sleep(STATS_EVERY_S)
            with contextlib.suppress(LinkError):
                await self._send_stats()

    async def _send_stats(self) -> None:
        progress = self.progress
        figures: dict[str, float | int] = {
            "ts": int(time.time() * 1000),
            "offered": progress.offered,
            "sent": progress.sent,
            "acknowledged": progress.acknowledged,
            "overruns": progress.overruns,
            "reconnects": progress.reconnects,
        }
        for name, share in (("latency_p50", 0.5), ("latency_p95", 0.95)):
            value = self._recent.percentile(share)
            if value is not None:
                figures[name] = round(value, 3)
        self._recent.clear()
        await self._link.publish(self._topic("stats"), json.dumps(figures).encode(), qos=1)

    def _topic(self, leaf: str) -> str:
        return gateway_topic(self._gateway.site, self._gateway.shard, leaf)

    def _state(self, state: str) -> bytes:
        return json.dumps({"state": state, "ts": int(time.time() * 1000), "devices": len(self._fleet)}).encode()

    def _will(self) -> mqtt5.Will:
        payload = json.dumps({"state": "offline"}).encode()
        return mqtt5.Will(self._topic("state"), payload=payload, qos=mqtt5.QoS.AT_LEAST_ONCE, retain=True)


def _frame(
    topics: npt.NDArray[np.uint8],
    lengths: Ints,
    payload: npt.NDArray[np.uint8],
    keep: npt.NDArray[np.bool_],
    ids: npt.NDArray[np.uint16],
) -> bytes:
    return encode_publishes(
        topics=topics, topic_lengths=lengths, payload=payload, keep=keep, packet_ids=ids, properties=_PROPERTIES
    )
