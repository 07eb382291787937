"""Many commands at a rate while parts are killed, and the ledger of what became of each."""

import asyncio
import contextlib
import random
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import mqtt5

from mqttlink import Link, LinkError, LinkOptions, parse_broker_url
from park.command import Answer, Request, State, broken_edge, encode_request, read_answer
from park.event import Value
from park.topics import DeviceTopic, command_topic, reply_topic
from simulator.commands.record import Record

ACTOR = "soak"
_REPEAT_S, _MOST_S = 2.0, 16.0


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be asked of a device."""

    where: DeviceTopic
    action: str
    args: Mapping[str, Value]


def of_lamps(lamps: Sequence[DeviceTopic], longest_s: float = 3.0) -> Callable[[random.Random], Wish]:
    """Wishes to lamps: most are obeyed, one in ten can be by none."""

    def wish(draw: random.Random) -> Wish:
        kind = draw.choices(("set", "resume", "wrong"), (8, 1, 1))[0]
        level = 900.0 if kind == "wrong" else round(draw.uniform(75, 100), 1)
        args = {"level": level, "ramp": round(draw.uniform(0, longest_s), 1)}
        where = draw.choice(lamps)
        if kind == "resume":
            return Wish(where=where, action="resume", args={})
        return Wish(where=where, action="set_level", args=args)

    return wish


@dataclass(kw_only=True)
class Asked:
    """A command that was sent, perhaps often, and what was answered."""

    where: DeviceTopic
    request: Request
    next_s: float = 0.0
    pause_s: float = _REPEAT_S
    first_s: float = 0.0
    answers: list[tuple[float, Answer]] = field(default_factory=list)

    @property
    def settled(self) -> bool:
        return any(answer.settles for _, answer in self.answers)

    @property
    def ends(self) -> set[str]:
        """The final states that were answered; one, if all is well."""
        return {answer.state.value for _, answer in self.answers if answer.settles}


class Crowd:
    """Commands devices at random, and repeats each until its end or its expiry.

    Args:
        broker: its URL.
        wish: what is asked next.
        count, rate_per_s: how many commands, and how fast.
        lasts_s: how long each may take.
        to_its_end: whether to ask until a command's end, not its first answer alone.
    """

    def __init__(
        self,
        broker: str,
        wish: Callable[[random.Random], Wish],
        *,
        count: int,
        rate_per_s: float,
        lasts_s: float,
        seed: int = 1,
        to_its_end: bool = True,
    ) -> None:
        self._broker, self._wish, self._to_its_end = broker, wish, to_its_end
        self._count, self._rate, self._lasts_s = count, rate_per_s, lasts_s
        self._random = random.Random(seed)
        self._run = secrets.token_hex(3)
        self._open: dict[str, Asked] = {}
        self.asked: dict[str, Asked] = {}

    async def run(self) -> None:
        options = LinkOptions(address=parse_broker_url(self._broker), client_id=ACTOR, clean_start=True)
        link = Link(
            options,
            on_publishes=lambda messages, generation: self._heard(link, messages, generation),
            on_connected=lambda _session: self._subscribe(link),
        )
        async with link:
            begun = time.time()
            while True:
                now = time.time()
                while len(self.asked) < min(self._count, int((now - begun) * self._rate)):
                    self._ask(now)
                due = [one for one in self._open.values() if self._is_due(one, now)]
                await asyncio.gather(*(self._send(link, one, now) for one in due))
                self._open = {name: one for name, one in self._open.items() if self._is_open(one)}
                if len(self.asked) == self._count and not self._open:
                    return
                await asyncio.sleep(0.01)

    async def _subscribe(self, link: Link) -> None:
        await link.subscribe([mqtt5.TopicFilter(reply_topic(ACTOR, "+"), max_qos=mqtt5.QoS.AT_LEAST_ONCE)])

    def _ask(self, now: float) -> None:
        wish = self._wish(self._random)
        request = Request(
            id=f"{self._run}-{len(self.asked)}",
            action=wish.action,
            args=wish.args,
            issued=int(now * 1000),
            expires=int((now + self._lasts_s) * 1000),
        )
        self.asked[request.id] = self._open[request.id] = Asked(where=wish.where, request=request)

    def _is_open(self, one: Asked) -> bool:
        done = one.settled if self._to_its_end else bool(one.answers)
        return not done and time.time() * 1000 < one.request.expires + 10_000

    def _is_due(self, one: Asked, now: float) -> bool:
        due_s = max((answer.due / 1000 for _, answer in one.answers if answer.due), default=0.0)
        return not one.settled and now > max(one.next_s, due_s + 1) and now * 1000 < one.request.expires

    async def _send(self, link: Link, one: Asked, now: float) -> None:
        one.next_s, one.pause_s = now + one.pause_s, min(_MOST_S, 2 * one.pause_s)
        one.first_s = one.first_s or now
        if link.is_connected:
            with contextlib.suppress(LinkError):
                await link.publish(
                    command_topic(one.where, ACTOR),
                    encode_request(one.request),
                    response_topic=reply_topic(ACTOR, one.where.site),
                    correlation_data=one.request.id.encode(),
                )

    def _heard(self, link: Link, messages: list[mqtt5.PublishPacket], generation: int) -> None:
        link.acknowledge([one.packet_id for one in messages if one.packet_id is not None], generation)
        for message in messages:
            answer = read_answer(message.payload)
            if answer is not None and answer.id in self.asked:
                self.asked[answer.id].answers.append((time.time(), answer))


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What became of all commands, at the requester and in a store or log."""

    asked: Sequence[Asked]
    records: Sequence[Record]

    def hold(self) -> None:
        """Every command has one end, the same on both sides; none is done twice, or after its expiry."""
        lives: dict[str, list[Record]] = {}
        for record in sorted(self.records, key=lambda one: one.ts):
            lives.setdefault(record.id, []).append(record)
        for one in self.asked:
            life = lives.get(one.request.id, [])
            states = [record.state for record in life]
            assert broken_edge(states) is None, (one.request.id, states)
            assert states.count(State.ACCEPTED) <= 1, (one.request.id, states)
            assert all(record.ts < record.expires for record in life if record.state is State.ACCEPTED)
            assert all(record.ts < record.expires + 10_000 for record in life if record.state.final)
            assert len(one.ends) == 1, (one.request.id, one.answers, states)
            if states:
                assert {states[-1].value} == one.ends, (one.request.id, one.ends, states)
            else:
                assert one.ends == {State.REJECTED.value}, (one.request.id, one.ends)
            assert all(at * 1000 < one.request.expires + 10_000 for at, answer in one.answers if answer.settles)

    @property
    def figures(self) -> dict[str, Any]:
        """Ends by name, and how long answers took, in milliseconds."""
        first = [1000 * (one.answers[0][0] - one.first_s) for one in self.asked if one.answers]
        return {
            "commands": len(self.asked),
            "ends": dict(Counter(end for one in self.asked for end in one.ends)),
            "answered_ms": percentiles(first),
        }


def percentiles(values: Iterable[float]) -> dict[str, float]:
    """50th, 95th and 99th, rounded; empty if there are no values."""
    ordered = sorted(values)
    return {
        f"p{share}": round(ordered[min(len(ordered) - 1, len(ordered) * share // 100)], 1)
        for share in (50, 95, 99)
        if ordered
    }
