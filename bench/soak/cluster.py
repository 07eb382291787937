"""Three hosts, each with a broker of one cluster, an ingester of one group and a store: killed, cut off, restarted."""

import enum
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import cycle, islice
from random import Random
from typing import Annotated, TypeVar

import typer

from bench._measure import median, report, table
from bench.soak.members import Cluster, Member, three_hosts
from bench.soak.options import Json, Rate, Seed, folder
from tests.end_to_end.ledger import Load
from tests.servers.hosts import Network
from tests.servers.process import ServerError

_Host = TypeVar("_Host")


class Strategy(enum.StrEnum):
    """Which member of the group gets a message."""

    LOCAL = "local"
    ROUND_ROBIN = "round_robin"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A fault of one host, how it ends, and how long it lasts.

    Attributes:
        work_moves: whether the others do the host's work meanwhile: its gateways still publish, its ingester is away.
    """

    name: str
    begin: Callable[[Member], None]
    end: Callable[[Member], None]
    seconds: float
    work_moves: bool = False


def _cut(name: str, *networks: Network) -> Kind:
    """A partition, which outlasts the ingester's keep-alive and what one node waits for another."""
    return Kind(
        name=name,
        begin=lambda member: member.host.cut(networks),
        end=lambda member: member.host.join(networks),
        seconds=15.0,
    )


def _killed(name: str, *, broker: bool = False, ingester: bool = False) -> Kind:
    return Kind(
        name=name,
        begin=lambda member: member.kill(broker=broker, ingester=ingester),
        end=Member.start,
        seconds=3.0,
        work_moves=not broker,
    )


FAULTS = (
    _killed("ingester killed", ingester=True),
    _killed("broker killed", broker=True),
    _killed("broker and ingester killed", broker=True, ingester=True),
    _cut("cut off from the other brokers", Network.CLUSTER),
    _cut("cut off from everything", *Network),
)


@dataclass(frozen=True, kw_only=True)
class Befallen:
    """One fault that was.

    Attributes:
        taken_over_s: from its begin until the others did the host's work.
        recovered_s: from its end, the programs' start included, until every member stored again.
        by_hand: the host's programs had to be started once more.
    """

    kind: str
    host: int
    recovered_s: float
    taken_over_s: float | None = None
    by_hand: bool = False


def cluster(
    faults: Annotated[int, typer.Option(min=1, help="How many, in all.")] = 20,
    *,
    rate: Rate = 1800,
    seed: Seed = 1,
    seconds: Annotated[int | None, typer.Option(help="Length of the load.", show_default="22 a fault and 130")] = None,
    strategy: Annotated[Strategy, typer.Option(help="Which member gets a message.")] = Strategy.LOCAL,
    json_: Json = None,
) -> None:
    """Kill, cut off and restart hosts of a cluster of brokers under load; then the ledger over all stores.

    Needs rmqttd and a network of its own: scripts/test-cluster gives it both.
    """
    load = Load(devices=rate, seconds=seconds or 22 * faults + 130)
    with folder() as where, three_hosts(where, load, strategy=strategy.value) as park:
        park.begin()
        work = park.work(20.0)
        done = []
        for kind, member in plan(park.members, faults, Random(seed)):
            done.append(befall(park, kind, member))
            print(f"{len(done)} of {faults}: {done[-1]}", flush=True)
        done += roll(park)
        under_load = park.publishing()
        figures = {"strategy": strategy.value, "faults": faults, "all under load": under_load, **park.end()}
    rows = [{"figure": name, "value": value} for name, value in figures.items()]
    print("\n\n".join(table(part) for part in (work, summed(done), rows)))
    report(json_, {**figures, "work": work, "each": [asdict(one) for one in done]})
    if figures["lost"] or figures["altered"] or figures["acknowledged by the cluster"] < figures["offered"]:
        raise typer.Exit(1)


def summed(done: list[Befallen]) -> list[dict[str, object]]:
    """A row for each kind of fault."""
    rows = []
    for kind in dict.fromkeys(one.kind for one in done):
        these = [one for one in done if one.kind == kind]
        moved = [one.taken_over_s for one in these if one.taken_over_s is not None]
        again = [one.recovered_s for one in these]
        rows.append(
            {
                "fault": kind,
                "times": len(these),
                "others did the work after, s": f"{median(moved):.1f}, at most {max(moved):.1f}" if moved else "",
                "all stored again after its end, s": f"{median(again):.1f}, at most {max(again):.1f}",
                "started once more by hand": sum(one.by_hand for one in these),
            }
        )
    return rows


def plan(hosts: Sequence[_Host], count: int, order: Random) -> list[tuple[Kind, _Host]]:
    """So many faults, each kind as often as another and at each host, in a random order."""
    chosen = list(islice(zip(cycle(FAULTS), cycle(hosts)), count))
    order.shuffle(chosen)
    return chosen


def befall(park: Cluster, kind: Kind, member: Member) -> Befallen:
    """One fault, from begin to recovery."""
    kind.begin(member)
    taken_over_s = park.taken_over(member) if kind.work_moves else None
    time.sleep(kind.seconds)
    return replace(recover(park, kind.name, member, kind.end), taken_over_s=taken_over_s)


def roll(park: Cluster) -> list[Befallen]:
    """Every host restarted, one after the other."""
    return [recover(park, "restarted", member, Member.restart) for member in park.members]


def recover(park: Cluster, name: str, member: Member, end: Callable[[Member], None]) -> Befallen:
    """The fault's end, and what follows; a host that does not come back is started once more, as a person would."""
    began, by_hand = time.monotonic(), False
    try:
        end(member)
        park.everyone_stores()
    except ServerError as error:
        print(f"{name}, host {member.host.number}: started once more, because of {error}", flush=True)
        by_hand = True
        member.kill(broker=True)
        member.start()
        park.everyone_stores()
    host, recovered_s = member.host.number, time.monotonic() - began
    return Befallen(kind=name, host=host, recovered_s=recovered_s, by_hand=by_hand)
