"""A desk over a few street lamps, letters to it, and what they say."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from park.command import Answer, Request, State, encode_request, read_answer
from park.topics import DeviceTopic, ack_topic, command_topic, reply_topic
from simulator.commands.authority import Authority
from simulator.commands.desk import Decided, Desk, Letter
from simulator.commands.directory import Directory
from simulator.commands.memory import ReplyTo
from simulator.commands.outcomes import Outcomes
from simulator.commands.record import Record
from simulator.commands.standpoint import Standpoint
from simulator.observed import Readings, obedient_readings
from simulator.plan import GatewayPlan, Plan, Selection, Shards, make_plan
from tests.simulator.conftest import HOUR, START, select

#: 12:00 local time of the day: nothing but the program holds a lamp.
NOON = START + 8 * HOUR + HOUR // 2
#: 22:00: dark.
NIGHT = NOON + 10 * HOUR
SECOND = 1000


def lamps(**changes: Any) -> Selection:
    """Some cells of lamps, polled every ten seconds."""
    return select(
        **{"kinds": ("street_lamp", "light_cabinet"), "devices": 60, "interval_ms": 10_000, "events": True} | changes
    )


def lamp(number: int = 1, site: str = "xinwu") -> DeviceTopic:
    """A lamp's name; lamps 1 to 12 stand at xinwu, 13 to 24 at binhu."""
    return DeviceTopic(sector="municipal", site=site, kind="street_lamp", device=f"street-lamp-{number:06d}")


@dataclass(kw_only=True)
class Town:
    """A gateway's desk, without its gateway.

    Attributes:
        records: all that it has decided, in order; those of its past first.
    """

    gateway: GatewayPlan
    whole: Plan
    past: Sequence[Record] = ()
    max_ids: int = 1000
    cursor_ms: int = 0
    records: list[Record] = field(init=False)
    outcomes: Outcomes = field(init=False)
    desk: Desk = field(init=False)
    readings: Readings = field(init=False)

    def __post_init__(self) -> None:
        self.records = list(self.past)
        self.outcomes = Outcomes()
        (self.readings,), authority = obedient_readings([self.gateway.plan], self.outcomes)
        authority.add(self.past)
        self.authority: Authority = authority
        self.desk = Desk(
            Directory(self.gateway, self.whole),
            authority,
            self.past,
            answers_for_nobody=self.gateway.shard == 0,
            max_ids=self.max_ids,
        )

    def at(self, now_ms: int, letters: Iterable[Letter] = (), **standpoint: Any) -> Decided:
        """Decide at a moment; as a gateway does, before it makes anything of the time since the last one."""
        told = {"cursor_ms": self.cursor_ms, "now_ms": now_ms} | standpoint
        self.cursor_ms = now_ms
        done = self.desk.decide(letters, Standpoint(**told))
        done.replies += self.desk.measure(done.ended)
        self.records += done.records
        return done

    def states(self, command_id: str) -> list[State]:
        return [one.state for one in self.records if one.id == command_id]


def town(site: str = "xinwu", shard: int = 0, shards: int = 1, **changes: Any) -> Town:
    whole = make_plan(lamps())
    (gateway,) = [one for one in whole.gateways(Shards(total=shards)) if (one.site, one.shard) == (site, shard)]
    return Town(gateway=gateway, whole=whole, **changes)


_serial = itertools.count()


def letter(
    where: DeviceTopic | None = None,
    action: str = "set_level",
    *,
    at: int = NOON,
    lasts: int = 30 * SECOND,
    actor: str = "anna",
    retained: bool = False,
    id_: str | None = None,
    **args: Any,
) -> Letter:
    """A command that comes at a moment; it asks to be answered where the actor listens."""
    device = where or lamp()
    given = args or ({"level": 40.0, "ramp": 2.0} if action == "set_level" else {})
    request = Request(id=id_ or f"c{next(_serial)}", action=action, issued=at, expires=at + lasts, args=given)
    return Letter(
        topic=command_topic(device, actor),
        payload=encode_request(request),
        arrived_ms=at,
        retained=retained,
        reply_to=ReplyTo(topic=reply_topic(actor, device.site), correlation=b"7"),
    )


def answers(done: Decided, topic: str | None = None) -> list[Answer]:
    """What was answered on a topic, by default on the ack of the first lamp."""
    wanted = topic or ack_topic(lamp())
    found = [read_answer(reply.payload) for reply in done.replies if reply.topic == wanted]
    assert all(found)
    return [one for one in found if one is not None]


def answer(done: Decided, topic: str | None = None) -> Answer:
    (one,) = answers(done, topic)
    return one
