"""A gateway's commands: letters in, decisions kept on disk, then obeyed and answered. Knows no MQTT but topics."""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Protocol

import msgspec
import structlog

from park.codecs.json.read import EARLIEST_MS, LATEST_MS
from park.command import MAX_CORRELATION, State
from park.topics import COMMAND_FILTER, gateway_topic, of_site
from simulator.clock import Schedule
from simulator.commands.authority import Authority
from simulator.commands.desk import Desk, Letter, Reply
from simulator.commands.directory import Directory, Standing
from simulator.commands.log import Log
from simulator.commands.memory import ReplyTo
from simulator.commands.past import CommandOptions, Past
from simulator.commands.record import Record
from simulator.commands.standpoint import Standpoint
from simulator.errors import OrdersMissing
from simulator.plan import GatewayPlan, Plan

log = structlog.get_logger()

#: So long before a start's last record, all is told once more: the broker may not have had it.
_TOLD_AGAIN_MS = 600_000
_ORDERS = "orders"
#: How many messages may wait for a decision; the broker keeps what comes beyond, and what came at QoS 0 is dropped.
MOST_AT_ONCE = 1024
#: How many answers are on their way to the broker before its acknowledgements are awaited.
_ANSWERED_AT_ONCE = 1000


class _Orders(msgspec.Struct, rename={"since": "from"}):
    """What gateways of a site keep at the broker: since when their devices have been commanded."""

    seed: int
    since: Annotated[int, msgspec.Meta(ge=EARLIEST_MS, le=LATEST_MS)]


_read_orders = msgspec.json.Decoder(_Orders).decode


class Message(Protocol):
    """A message as the link hands it on."""

    @property
    def topic(self) -> str:
        """Where it was published."""

    @property
    def payload(self) -> bytes:
        """What it says."""

    @property
    def retain(self) -> bool:
        """Whether its publisher had the broker keep it."""

    @property
    def packet_id(self) -> int | None:
        """To be acknowledged; None at QoS 0."""

    @property
    def response_topic(self) -> str | None:
        """Where its publisher wants to be answered."""

    @property
    def correlation_data(self) -> bytes | None:
        """What the answer is to repeat."""


class Service:
    """Takes commands for one gateway.

    Args:
        gateway: what it carries.
        whole: all devices of the selection.
        authority: commands the models.
        past: what is known of commands; the authority knows it.
        options: where logs are kept.
    """

    def __init__(
        self, gateway: GatewayPlan, whole: Plan, authority: Authority, past: Past, options: CommandOptions
    ) -> None:
        self._gateway, self._authority, self._past = gateway, authority, past
        self._seed = whole.selection.seed
        directory = Directory(gateway, whole)
        self._mine = sorted(
            (one for one in past.records if directory.standing(one.where) is Standing.MINE), key=lambda one: one.ts
        )
        self._since_ms = min((one.ts for one in self._mine if one.state is State.ACCEPTED), default=None)
        self._desk = Desk(directory, authority, self._mine, answers_for_nobody=gateway.shard == 0)
        self._log = Log(options.state, self._seed, gateway.client_id)
        self._letters: list[Letter] = []
        self._come = asyncio.Event()
        self._to_acknowledge: list[tuple[int, int]] = []
        self._replies: asyncio.Queue[Reply] = asyncio.Queue()
        self._commanded_ms: int | None = None

    @property
    def filters(self) -> tuple[str, ...]:
        """What the gateway has to hear: its site's commands; first, if it cannot know, whether any came before."""
        before = () if self._past.known else (gateway_topic(self._gateway.site, "+", _ORDERS),)
        # What cannot be kept must not be done.
        return (*before, of_site(COMMAND_FILTER, self._gateway.site)) if self._log.is_writable else before

    @property
    def tells_from_ms(self) -> int | None:
        """Since when what became of commands may not have been told; None if there is nothing."""
        if not self._mine:
            return None
        return min([self._mine[-1].ts - _TOLD_AGAIN_MS, *(one.ts for one in self._desk.unfinished())])

    def begin(self) -> None:
        """Keep on disk what came from elsewhere.

        Raises:
            OSError: it could not be written.
        """
        if not self._log.is_writable:
            log.warning("--state cannot be written to, so no commands are taken", gateway=self._gateway.client_id)
        elif self._past.unkept and self._mine:
            self._log.append(self._mine)

    def take(self, messages: Iterable[Message], generation: int, now_ms: int) -> None:
        """Take what the link has received, at a time of the town."""
        for message in messages:
            if message.packet_id is not None:
                self._to_acknowledge.append((message.packet_id, generation))
            elif len(self._letters) >= MOST_AT_ONCE:
                continue
            if message.topic.startswith("park/gateways/"):
                self._heard(message.payload)
                continue
            correlation = message.correlation_data
            if correlation is not None and len(correlation) > MAX_CORRELATION:
                correlation = None
            topic = message.response_topic
            self._letters.append(
                Letter(
                    topic=message.topic,
                    payload=message.payload,
                    arrived_ms=now_ms,
                    retained=message.retain,
                    reply_to=None if topic is None else ReplyTo(topic=topic, correlation=correlation),
                )
            )
            self._come.set()

    def _heard(self, payload: bytes) -> None:
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            told = _read_orders(payload)
            if told.seed == self._seed:
                self._commanded_ms = told.since if self._commanded_ms is None else min(told.since, self._commanded_ms)

    def connected(self, schedule: Schedule) -> None:
        """What the broker has kept has been heard.

        Raises:
            OrdersMissing: a time would be published again that was commanded, and nobody knows how.
        """
        if not self._past.known and self._commanded_ms is not None:
            self._hold_history(schedule, self._commanded_ms)
        self._remind()

    def _hold_history(self, schedule: Schedule, since_ms: int) -> None:
        if since_ms >= schedule.live_ms:
            return
        if schedule.begin_ms >= schedule.live_ms:
            log.warning(
                "commanded before, and there is no log of it: devices begin as if they had not been",
                gateway=self._gateway.client_id,
                since_ms=since_ms,
            )
            return
        raise OrdersMissing(
            f"--backfill: site {self._gateway.site} has been commanded since {since_ms} (Unix ms), and there "
            "is no log of it; name the folder of the logs by --state, or the store that has park_command by --store"
        )

    async def attend(self, seconds: float, obey: Callable[[float], Awaitable[None]]) -> None:
        """Wait so long, until more readings are due; commands that come meanwhile do not wait for that."""
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._come.wait()
            if self._come.is_set():
                await obey(time.time())

    async def settle(self, at: Standpoint) -> list[tuple[int, int]]:
        """Decide about what has come and what is due; on disk before anything is told.

        Returns:
            packet ids and generations of messages that can be acknowledged now.
        """
        self._come.clear()
        letters, self._letters = self._letters, []
        acknowledged, self._to_acknowledge = self._to_acknowledge, []
        if letters or self._desk.is_due(at.now_ms):
            decided = self._desk.decide(letters, at)
            if decided.records:
                await asyncio.to_thread(self._log.append, decided.records)
            for reply in decided.replies:
                self._replies.put_nowait(reply)
            self._mark(decided.records)
            if decided.ended:
                await asyncio.sleep(0)  # the others' answers are on their way
                for reply in self._desk.measure(decided.ended):
                    self._replies.put_nowait(reply)
        return acknowledged

    def _mark(self, records: Iterable[Record]) -> None:
        first = min((one.ts for one in records if one.state is State.ACCEPTED), default=None)
        if self._since_ms is None and first is not None:
            self._since_ms = first
            self._remind()

    def _remind(self) -> None:
        """Say, for whoever starts without a log, since when devices have been commanded."""
        if self._since_ms is not None:
            topic = gateway_topic(self._gateway.site, self._gateway.shard, _ORDERS)
            payload = json.dumps({"seed": self._seed, "from": self._since_ms}).encode()
            self._replies.put_nowait(Reply(topic=topic, payload=payload, retained=True))

    async def answer(self, publish: Callable[[Reply], Awaitable[None]]) -> None:
        """Publish answers as they come, some at a time, until it is cancelled: then nothing more is taken.

        An answer that is lost is asked for again.
        """
        try:
            while True:
                first = await self._replies.get()
                more = [self._replies.get_nowait() for _ in range(min(_ANSWERED_AT_ONCE, self._replies.qsize()))]
                await asyncio.gather(*(publish(one) for one in (first, *more)))
        finally:
            self._log.close()
