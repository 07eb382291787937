"""Every part killed, frozen and cut off under load."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer

from bench.soak.options import Json, Rate, Seed, Store, StoreName, chaos_options, folder, latencies, show
from tests.end_to_end.chaos import Chaos, chaos
from tests.end_to_end.ledger import Load

#: The least that Mosquitto takes: frozen and half-open connections end after 15 s, not 45 s.
KEEP_ALIVE = ["max_keepalive 10"]
#: Longer than the time-outs: of the broker's connections here, and of a write to the store.
FROZEN_S = {"ingester": 18.0, "broker": 18.0, "store": 33.0}


def kills(
    kills: Annotated[int, typer.Option(min=3, help="How many, in all.")] = 30,
    *,
    rate: Rate = 1000,
    seed: Seed = 1,
    seconds: Annotated[int | None, typer.Option(help="Length of the load.", show_default="13 a kill")] = None,
    store: Store = StoreName.INFLUXDB,
    json_: Json = None,
) -> None:
    """Kill, freeze and cut off every part at random moments under load; then the ledger."""
    load = Load(devices=rate, seconds=seconds or 13 * kills + 150)
    faulty = chaos_options(store, links=True, seed=seed, broker_config=KEEP_ALIVE)
    with folder() as where, chaos(where, load, **faulty) as park:
        plan = faults(park, kills)
        park.random.shuffle(plan)
        park.begin()
        for number, fault in enumerate(plan, 1):
            park.moment(3.0)
            fault()
            park.progress()
            print(f"{number} of {len(plan)} faults: {dict(park.faults)}", flush=True)
        ledger = park.end()
        under_load = park.under_load
    ledger.hold()
    show("nothing lost", {**ledger.figures(), "faults under load": under_load, **latencies(ledger)}, json_)


def faults(park: Chaos, kills: int) -> list[Callable[[], object]]:
    """So many kills, an equal share of each part; of the rest, three of each."""
    names = park.parts
    plan: list[Callable[[], object]] = [partial(park.kill, names[i % len(names)]) for i in range(kills - 2)]
    plan += [partial(park.kill, "ingester", "broker")]
    plan += [partial(park.freeze, name, FROZEN_S[name]) for name in names]
    plan += [partial(park.reset, link) for link in park.links for _ in range(3)]
    plan += [partial(_half_open, park, link) for link in park.links]
    return plan


def _half_open(park: Chaos, link: str) -> None:
    park.half_open(link)
    park.noticed()
