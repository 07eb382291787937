"""An incident, published: its devices have gateways of their own beside the town's."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from simulator.attend import attended
from simulator.broker import GatewayOptions
from simulator.clock import Schedule, ScheduleOptions
from simulator.fleet import Fleet
from simulator.incidents.cast import Cast, draw
from simulator.incidents.outage import Away, Commands, Interruption
from simulator.incidents.scenes import SCENES
from simulator.incidents.staged import staged, torn_codec
from simulator.plan import GatewayPlan, Plan, Selection, Shards, make_plan
from simulator.progress import merge
from simulator.publish import Gateway
from simulator.simulate import run_all
from simulator.state import TownState

#: A cell's gateway has a number of its own in so many: no town has as many gateways a site.
_SHARDS = 100_000


@dataclass(frozen=True, kw_only=True)
class ReplayOptions:
    """What to replay, and where.

    Attributes:
        name: of the incident.
        town: the selection of the town beside which it happens: its settings and seed.
        first_device: the number that its first device has in its kind; the town has fewer.
        length_ms: of the town's time.
        speed: the town's time per real time.
        number: of the draw.
        outage: how the part is stopped and started that a scene's `Outage` is about.
    """

    name: str
    town: Selection
    broker: GatewayOptions
    first_device: int
    length_ms: int
    speed: float
    number: int
    outage: Commands | None = None


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """An incident that has been replayed.

    Attributes:
        until_ms: the end of the town's time that was published.
        away: when a part of the pipeline was.
    """

    cast: Cast
    until_ms: int
    published: int
    away: Away | None = None


def planned(options: ReplayOptions) -> Plan:
    """The incident's devices."""
    scene = SCENES[options.name]
    return make_plan(
        replace(
            options.town,
            devices=scene.devices,
            first_device=options.first_device,
            kinds=(scene.kind,),
            sectors=(),
            interval_ms=round(scene.interval_s * 1000),
            events=False,
            faults=None,
        )
    )


async def replay(
    options: ReplayOptions, stop: asyncio.Event, on_progress: Callable[[int], None] = lambda _: None
) -> Replayed:
    """Publishes an incident until it is over or `stop` is set.

    Args:
        options: which, and where.
        stop: ends it early.
        on_progress: called a few times a second with the milliseconds of the town's time that are published.

    Raises:
        LinkError: the broker refused a gateway's first connection for good.
        OutageError: a part could not be stopped or started.
    """
    plan = planned(options)
    state = TownState([plan])
    parts = plan.gateways(Shards(total=_SHARDS))
    await asyncio.to_thread(_warm_up, plan, state)
    launched = ScheduleOptions(speed=options.speed).launched()
    window = launched.begin_ms, launched.begin_ms + options.length_ms
    schedule = replace(launched, until_ms=window[1])
    cast = draw(options.name, SCENES[options.name], plan, window, options.number)
    gateways = [_gateway(part, cast, state, schedule, options.broker) for part in parts]
    outage = None if options.outage is None else Interruption(options.outage, cast.hit, schedule)
    beside = [] if outage is None else [outage.run(stop)]
    async with attended(gateways, stop, lambda now: on_progress(now.until_ms - window[0])):
        await run_all([*(gateway.run() for gateway in gateways), *beside])
    total = merge([gateway.progress for gateway in gateways])
    return Replayed(
        cast=cast,
        until_ms=min(total.until_ms, window[1]),
        published=total.acknowledged,
        away=None if outage is None else outage.away,
    )


def _warm_up(plan: Plan, state: TownState) -> None:
    """Brings the models to this day, which takes a while."""
    now_ms = ScheduleOptions().launched().begin_ms
    Fleet(plan, state).columns(now_ms, now_ms + round(plan.selection.interval_of(plan.groups[0].kind)))


def _gateway(part: GatewayPlan, cast: Cast, state: TownState, schedule: Schedule, broker: GatewayOptions) -> Gateway:
    return Gateway(
        part,
        staged(cast, part.plan, state),
        schedule,
        broker=replace(broker, codec=torn_codec(broker.codec, cast)),
        drops=iter(()),
        on_live=lambda: None,
    )
