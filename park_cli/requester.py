"""One command on its way: published again and again under one id until it has its end, or no time left."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import mqtt5

from mqttlink import Address, Link, LinkError, LinkOptions, Session, Trust
from park.command import Answer, Request, State, encode_request, read_answer
from park.topics import DeviceTopic, command_topic, reply_topic

#: How soon a request is repeated that has had no answer, or none that settles it: twice as late each time, up to a
#: bound, for a gateway that does not keep up must not be asked ever more.
REPEAT_S, MOST_S = 2.0, 16.0
_NOBODY_LISTENS = 0x10  # MQTT 5: no matching subscribers
#: How long after its expiry its end may still come.
GRACE_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Door:
    """Through which broker an actor commands, and as whom.

    Attributes:
        client_id: where the broker knows the actor by an account, the actor's name.
    """

    address: Address
    actor: str
    client_id: str
    password: bytes | None = field(default=None, repr=False)
    trust: Trust = field(default_factory=Trust)


@dataclass(kw_only=True)
class Outcome:
    """What became of a command.

    Attributes:
        answers: as they came, each state once.
        answered_s, ended_s: how long after the first publication the first and the last of them came.
    """

    answers: list[Answer] = field(default_factory=list)
    answered_s: float | None = None
    ended_s: float | None = None

    @property
    def last(self) -> Answer | None:
        """The last word; None if nobody answered."""
        return self.answers[-1] if self.answers else None


class Requester:
    """Commands a device once.

    Args:
        door: to the broker.
        where: the device.
        request: what it is told; its id stays the same however often it is sent.
        wait: for the end, not only for the first answer that is worth no repeating.
        on_answer: called with each new state.
        on_away: called when the broker goes, with the reason.
        on_unheard: called once, when the broker says that nobody takes the device's commands.

    Attributes:
        outcome: so far.
    """

    def __init__(
        self,
        door: Door,
        where: DeviceTopic,
        request: Request,
        *,
        wait: bool,
        on_answer: Callable[[Answer], None],
        on_away: Callable[[str], None],
        on_unheard: Callable[[], None] = lambda: None,
    ) -> None:
        self._on_unheard: Callable[[], None] | None = on_unheard
        self._door, self._where, self._request, self._wait = door, where, request, wait
        self._on_answer, self._on_away = on_answer, on_away
        self._reply_to = reply_topic(door.actor, where.site)
        self._came = asyncio.Event()
        self.outcome = Outcome()
        self._began_s = 0.0
        self._next_s = REPEAT_S

    async def run(self) -> Outcome:
        """Send and wait; what nobody has answered by its expiry may still have been done.

        Raises:
            LinkError: the broker refused the login or the topics for good.
        """
        door = self._door
        options = LinkOptions(
            address=door.address,
            client_id=door.client_id,
            password=door.password,
            clean_start=True,
            session_expiry_s=0,
            ssl=door.trust.context(door.address),
        )
        link = Link(
            options,
            on_publishes=lambda messages, generation: self._heard(link, messages, generation),
            on_connected=lambda session: self._connected(link, session),
            on_disconnected=lambda _generation, error: self._on_away(str(error)),
        )
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._request.expires / 1000 + GRACE_S - time.time()):
                async with link:
                    await self._repeat(link)
        return self.outcome

    async def _repeat(self, link: Link) -> None:
        self._began_s = time.time()
        while not self._settled():
            await link.connected()
            self._came.clear()
            if time.time() * 1000 < self._request.expires:
                with contextlib.suppress(LinkError):
                    await self._send(link)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pause_s()):
                    await self._came.wait()

    async def _send(self, link: Link) -> None:
        code = await link.publish(
            command_topic(self._where, self._door.actor),
            encode_request(self._request),
            response_topic=self._reply_to,
            correlation_data=self._request.id.encode()[:64],
        )
        if code.value == _NOBODY_LISTENS and self._on_unheard is not None:
            self._on_unheard()
            self._on_unheard = None

    def _pause_s(self) -> float:
        """Until the next repetition; what has been accepted is asked after when it should be done."""
        pause_s, self._next_s = self._next_s, min(MOST_S, 2 * self._next_s)
        last = self.outcome.last
        return pause_s if last is None or last.due is None else max(pause_s, last.due / 1000 - time.time() + REPEAT_S)

    def _settled(self) -> bool:
        last = self.outcome.last
        if last is None or (last.state is State.REJECTED and not last.settles):
            return False
        return last.settles or not self._wait

    async def _connected(self, link: Link, _session: Session) -> None:
        await link.subscribe([mqtt5.TopicFilter(self._reply_to, max_qos=mqtt5.QoS.AT_LEAST_ONCE)])

    def _heard(self, link: Link, messages: list[mqtt5.PublishPacket], generation: int) -> None:
        link.acknowledge([one.packet_id for one in messages if one.packet_id is not None], generation)
        for message in messages:
            answer = read_answer(message.payload)
            if answer is None or answer.id != self._request.id or message.topic != self._reply_to:
                continue
            elapsed_s = time.time() - self._began_s
            last = self.outcome.last
            if last is not None and (last.settles or (last.state, last.reason) == (answer.state, answer.reason)):
                continue  # a repeated word, or one that was overtaken
            self.outcome.answers.append(answer)
            self.outcome.ended_s = elapsed_s
            if self.outcome.answered_s is None:
                self.outcome.answered_s = elapsed_s
            self._on_answer(answer)
            self._came.set()
