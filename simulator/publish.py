"""Gateways: one MQTT connection for each site and shard, with birth, will, and store-and-forward.

A gateway that has finished stays until the broker has surely saved what it acknowledged last: a broker that is killed
before that forgets it, and only a gateway that is still there can send it again.

The only file of the simulator that knows MQTT.
"""

import asyncio
import contextlib
import json
import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import replace

import mqtt5
import numpy as np
import numpy.typing as npt
import structlog

from mqttlink import Link, LinkError, LinkOptions, Needs, PacketTooLong, Session, SubscribeRefused
from park.topics import gateway_topic
from simulator.broker import GatewayOptions
from simulator.clock import Schedule, before
from simulator.commands.desk import Reply
from simulator.commands.service import MOST_AT_ONCE, Service
from simulator.commands.standpoint import Standpoint
from simulator.dispatch import Dispatch
from simulator.forward import Forward
from simulator.observed import Readings
from simulator.packets import Packets
from simulator.plan import GatewayPlan
from simulator.told import figures, standing
from simulator.unrest import drop

log = structlog.get_logger()

TICK_S = 0.05
STATS_EVERY_S = 10.0
#: Fewer messages than this are not worth a turn of the loop while the window is full.
_ROOM = 1024
#: With so many answers outstanding, the socket is left to collect them for a while: the broker writes them a few
#: at a time, and each read costs as much as publishing 50 readings. It adds as much to the latency measured.
_MANY = 256
_COLLECT_S = 0.01
_GOODBYE_S = 5.0
_QOS = mqtt5.QoS.AT_LEAST_ONCE


class Gateway:
    """Publishes the readings of one site's shard, open loop, losing none.

    Args:
        gateway: what it carries.
        readings: of its own devices.
        schedule: when readings are due.
        broker: where to publish.
        drops: when it drops its connection, in seconds since the launch.
        on_live: called once, when the history is sent and the first live reading is due.
        service: takes its devices' commands; None if nobody may command them.
    """

    def __init__(
        self,
        gateway: GatewayPlan,
        readings: Readings,
        schedule: Schedule,
        *,
        broker: GatewayOptions,
        drops: Iterator[float],
        on_live: Callable[[], None],
        service: Service | None = None,
    ) -> None:
        self._gateway, self._drops, self._on_live = gateway, drops, on_live
        self._service = service
        self._packets = Packets(broker.codec)
        self._stays = broker.stays
        self._forward = Forward(
            readings, schedule, codec=broker.codec, rewind_s=broker.rewind_s, drain_s=broker.drain_s
        )
        if service is not None and service.tells_from_ms is not None:
            self._forward.tells_from_ms = service.tells_from_ms
        self.progress = self._forward.progress
        self._refused_logged = False
        self._away_said = ""
        self._leaving = False
        self._window = 0
        self._ended = asyncio.Event()
        self._changed = asyncio.Event()
        self._is_live = False
        self._link = Link(
            self._login(broker),
            on_publishes=self._on_publishes,
            on_acks=self._on_acks,
            on_connected=self._on_connected,
            on_disconnected=self._on_disconnected,
        )

    def _login(self, broker: GatewayOptions) -> LinkOptions:
        user = broker.address.username or self._gateway.client_id
        return LinkOptions(
            address=replace(broker.address, username=user),
            client_id=self._gateway.client_id,
            password=broker.credentials.of(user),
            will=self._will(),
            needs=Needs(retained=True),
            receive_max=MOST_AT_ONCE,
            ssl=broker.trust.context(broker.address),
        )

    async def run(self) -> None:
        """Publish until the schedule ends and the broker has answered, and saved it, or had its time."""
        await before(self._forward.schedule.joins_s, self._ended)
        async with self._link:
            name = self._gateway.client_id
            beside = [
                asyncio.create_task(self._publish_stats(), name=f"stats {name}"),
                asyncio.create_task(
                    drop(self._drops, self._forward.schedule.launch_s, self._ended, self._link), name=f"drop {name}"
                ),
            ]
            if self._service is not None:
                self._service.begin()
                beside.append(asyncio.create_task(self._service.answer(self._reply), name=f"answers {name}"))
            try:
                await self._work()
                await self._say_goodbye()
            finally:
                for task in beside:
                    task.cancel()

    def end(self, now_s: float) -> None:
        """End the schedule at `now_s`; what was due before is still sent, for a bounded time."""
        self._forward.end(now_s)
        self._ended.set()
        self._changed.set()

    async def _work(self) -> None:
        forward = self._forward
        await self._publish()
        while forward.finished and self._stays and not await self._stay():
            forward.go_on(time.time())
            await self._publish()
        if not forward.finished:
            log.error("gave up what the broker did not take in time", gateway=self._gateway.client_id)
        forward.close()

    async def _publish(self) -> None:
        """Publish until everything is answered, or the broker has had its time."""
        forward = self._forward
        while not forward.finished and time.time() < forward.gives_up_s:
            writable = await self._writable()
            now_s = time.time()
            await self._obey(now_s)
            if not writable:
                continue
            forward.settle()
            batch = forward.batch(now_s)
            if not self._is_live and forward.history_sent:
                self._is_live = True
                self._on_live()
            if batch is not None:
                self._send(batch)
                await asyncio.sleep(0)
                continue
            await (asyncio.sleep(TICK_S) if self._service is None else self._service.attend(TICK_S, self._obey))
            forward.settle()

    async def _obey(self, now_s: float) -> None:
        """Take the commands that have come, before anything is made of the time from which they hold."""
        if self._service is not None:
            for packet_id, generation in await self._service.settle(Standpoint.of(self._forward, now_s)):
                self._link.acknowledge([packet_id], generation)

    def _on_publishes(self, messages: list[mqtt5.PublishPacket], generation: int) -> None:
        if self._service is not None:
            self._service.take(messages, generation, self._forward.schedule.town_ms(time.time()))

    async def _listen(self, service: Service) -> None:
        """Hear the site's commands, if the broker lets us; first, whether they came before our time."""
        try:
            for pattern in service.filters:
                await self._link.subscribe([mqtt5.TopicFilter(pattern, retain_as_published=True, max_qos=_QOS)])
        except SubscribeRefused as error:
            log.warning("no commands are taken", gateway=self._gateway.client_id, reason=str(error))
        service.connected(self._forward.schedule)

    async def _reply(self, reply: Reply) -> None:
        with contextlib.suppress(LinkError):  # whoever waits for it asks again
            await self._link.publish(
                reply.topic, reply.payload, retain=reply.retained, correlation_data=reply.correlation
            )

    async def _stay(self) -> bool:
        """Wait until the broker has saved what it acknowledged; False if it was lost from sight before that."""
        forward = self._forward
        if time.time() < forward.safe_s and not self._ended.is_set():
            left_s = round(forward.safe_s - time.time(), 1)
            log.info("finished; staying until the broker has saved it", gateway=self._gateway.client_id, for_s=left_s)
        self._changed.clear()
        if not self._ended.is_set():
            await before(forward.safe_s, self._changed)
        if not forward.finished:
            return False
        if self._ended.is_set() and (unsafe := forward.unsafe(time.time())):
            log.warning(
                "left at once; if the broker dies now, it may lose what it has not saved yet",
                gateway=self._gateway.client_id,
                readings=unsafe,
            )
        return True

    async def _writable(self) -> bool:
        """Wait a moment for the link to take messages."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TICK_S):
                await self._link.writable(_ROOM)
                return True
        return False

    def _send(self, batch: Dispatch) -> None:
        count = min(self._link.window_free, batch.unsent)
        if count:
            ids = np.frombuffer(self._link.reserve(count), np.uint16)
            parts = self._forward.next_parts(batch, ids, time.time())
            try:
                packets = self._packets.encode(parts, ids)
            except PacketTooLong as error:
                if self._link.generation == 1:
                    raise
                self._link.reconnect(error)  # it took them before: somebody is at work on the broker
                return
            for data in packets:
                self._link.send(data)

    def _on_acks(self, ids: "array[int]", reasons: bytearray, _generation: int) -> None:
        codes = np.frombuffer(reasons, np.uint8)
        taken = codes == 0
        self._forward.answered(np.frombuffer(ids, np.uint16), taken, time.time())
        if self._window - self._link.window_free >= _MANY:
            self._link.pause_reading()
            asyncio.get_running_loop().call_later(_COLLECT_S, self._link.resume_reading)
        if not taken.all():
            self._refusals(codes[~taken])

    def _refusals(self, reasons: npt.NDArray[np.uint8]) -> None:
        if not self._refused_logged:
            self._refused_logged = True
            reason = mqtt5.PubAckReasonCode(int(reasons[0])).name.lower().replace("_", " ")
            log.warning("the broker did not take a message", gateway=self._gateway.client_id, reason=reason)

    async def _on_connected(self, session: Session) -> None:
        self.progress.reconnects = session.generation - 1
        self._window = session.receive_max
        self._packets.max_bytes = session.max_packet_size
        await self._link.publish(self._topic("state"), self._state("online"), qos=1, retain=True)
        if self._service is not None:
            await self._listen(self._service)
        if self._away_said:
            log.info("connected again", gateway=self._gateway.client_id)
            self._away_said = ""

    def _on_disconnected(self, _generation: int, error: LinkError) -> None:
        if self._leaving:
            return
        # A broker that is back and says no is another state than one that is away, and needs a person.
        if not self._away_said or (error.final and str(error) != self._away_said):
            log.warning("the broker is away; trying again", gateway=self._gateway.client_id, reason=str(error))
            self._away_said = str(error)
        self._forward.lost()
        self._changed.set()

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
        await self._link.publish(self._topic("stats"), figures(self.progress, self._forward.recent), qos=1)

    def _topic(self, leaf: str) -> str:
        return gateway_topic(self._gateway.site, self._gateway.shard, leaf)

    def _state(self, state: str) -> bytes:
        return standing(state, self._forward.schedule, len(self._gateway.plan))

    def _will(self) -> mqtt5.Will:
        payload = json.dumps({"state": "offline"}).encode()
        return mqtt5.Will(self._topic("state"), payload=payload, qos=mqtt5.QoS.AT_LEAST_ONCE, retain=True)
