"""Three hosts, each with a broker of one cluster, an ingester of one group and a store: killed, cut off, restarted."""

import enum
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import cycle, islice, pairwise
from random import Random
from typing import Annotated, TypeVar

import typer

from bench._measure import median, report, table
from bench.soak.members import RESTART_S, Cluster, Member, three_hosts
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
        promised: whether the cluster alone promises to lose nothing by it. A node that ends takes with it what it had
            in memory; only gateways that send again make that good.
    """

    name: str
    begin: Callable[[Member], None]
    end: Callable[[Member], None]
    seconds: float
    work_moves: bool = False
    promised: bool = True


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
        seconds=RESTART_S,
        work_moves=not broker,
        promised=not broker,
    )


FAULTS = (
    _killed("ingester killed", ingester=True),
    _killed("broker killed", broker=True),
    _killed("broker and ingester killed", broker=True, ingester=True),
    _cut("cut off from the other brokers", Network.CLUSTER),
    _cut("cut off from everything", *Network),
)
RESTARTED = Kind(name="restarted", begin=lambda _: None, end=Member.restart, seconds=0.0, promised=False)
#: A few of them: a store of the host's own has a table for each, and it is brokers that are looked at.
KINDS = ("soil_probe", "air_sensor", "building_meter", "payment_terminal")
#: What is lost by a fault was published before it, or while it lasted.
BEFORE_S = 15


@dataclass(frozen=True, kw_only=True)
class Befallen:
    """One fault that was.

    Attributes:
        began_s: since the load's begin.
        promised: whether the cluster alone promises to lose nothing by it.
        recovered_s: from its end, the programs' start included, until the cluster was whole and every member stored.
        taken_over_s: from its begin until the others did the host's work.
        by_hand: the host's programs had to be started once more.
        lost: readings that were published from `BEFORE_S` before it on, until as long before the next one.
    """

    kind: str
    host: int
    began_s: float
    promised: bool
    recovered_s: float
    taken_over_s: float | None = None
    by_hand: bool = False
    lost: int = 0


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
    load = Load(devices=rate, seconds=seconds or 22 * faults + 130, kinds=KINDS)
    with folder() as where, three_hosts(where, load, strategy=strategy.value) as park:
        park.begin()
        work = park.work(20.0)
        done = []
        for kind, member in [*plan(park.members, faults, Random(seed)), *((RESTARTED, one) for one in park.members)]:
            done.append(befall(park, kind, member))
            print(f"{len(done)} of {faults + len(park.members)}: {done[-1]}", flush=True)
        under_load = park.publishing()
        figures = {"strategy": strategy.value, "faults": faults, "all under load": under_load, **park.end()}
        done = answered_for(park, done) if figures["lost"] else done
    figures |= shares(done, figures["lost"])
    rows = [{"figure": name, "value": value} for name, value in figures.items()]
    print("\n\n".join(table(part) for part in (work, summed(done), rows)))
    report(json_, {**figures, "work": work, "each": [asdict(one) for one in done]})
    if figures["lost, promised"] or figures["altered"] or figures["acknowledged by the cluster"] < figures["offered"]:
        raise typer.Exit(1)


def answered_for(park: Cluster, done: Sequence[Befallen]) -> list[Befallen]:
    """Each fault with what was lost by it."""
    parts = spans([one.began_s for one in done], park.load.seconds)
    return [
        replace(one, lost=park.verify(part)["lost"] if part[1] > part[0] else 0)
        for one, part in zip(done, parts, strict=True)
    ]


def spans(begins_s: Sequence[float], seconds: int) -> list[tuple[int, int]]:
    """The part of the load that each fault answers for, in seconds."""
    edges = [min(max(0, round(began_s) - BEFORE_S), seconds) for began_s in begins_s]
    return list(pairwise([*edges, seconds]))


def shares(done: Sequence[Befallen], lost: int) -> dict[str, int]:
    """What was lost of what the cluster promises, faults or none, and beyond that."""
    beyond = sum(one.lost for one in done if not one.promised)
    return {"lost, promised": lost - beyond, "lost, not promised": beyond}


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
                "lost": sum(one.lost for one in these),
            }
        )
    return rows


def plan(hosts: Sequence[_Host], count: int, order: Random) -> list[tuple[Kind, _Host]]:
    """So many faults, each kind as often as another and at each host, in a random order."""
    chosen = list(islice(zip(cycle(FAULTS), cycle(hosts)), count))
    order.shuffle(chosen)
    return chosen


def befall(park: Cluster, kind: Kind, member: Member) -> Befallen:
    """One fault, from begin to recovery; a host that does not come back is started once more, as a person would."""
    park.calm()
    began_s = ended_s = park.elapsed_s()
    taken_over_s, by_hand = None, False
    kind.begin(member)
    try:
        if kind.work_moves:
            taken_over_s = park.taken_over(member)
        time.sleep(kind.seconds)
        ended_s = park.elapsed_s()
        kind.end(member)
        park.whole()
        park.everyone_stores()
    except ServerError as error:
        print(f"{kind.name}, host {member.host.number}: started once more, because of {error}", flush=True)
        by_hand = True
        member.kill(broker=True)
        member.start()
        park.whole()
        park.everyone_stores()
    return Befallen(
        kind=kind.name,
        host=member.host.number,
        began_s=began_s,
        promised=kind.promised and not by_hand,
        recovered_s=park.elapsed_s() - ended_s,
        taken_over_s=taken_over_s,
        by_hand=by_hand,
    )
