"""What the models must know to warm up, and which gateways a process runs."""

import math
from dataclasses import dataclass

from simulator.errors import SelectionError
from simulator.plan import GatewayPlan, Selection, Shards, make_plan


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """What the models must know to warm up, which is before anybody must know where to publish.

    Attributes:
        begin_ms: the first moment of the schedule, or one shortly before it.
        shards: which gateways; None for one a site, or as many as the processes need.
        devices_connect: whether devices connect for themselves.
    """

    selection: Selection
    begin_ms: int
    shards: Shards | None = None
    devices_connect: bool = False


def gateway_plans(preparation: Preparation, processes: int) -> list[GatewayPlan]:
    """The gateways that run here, at least one for each process.

    Raises:
        SelectionError: there are fewer.
    """
    plan = make_plan(preparation.selection)
    shards = preparation.shards
    if shards is None:
        sites = len(plan.gateways(Shards()))
        shards = Shards(total=math.ceil(processes / sites))
    gateways = plan.gateways(shards)
    if not gateways:
        raise SelectionError(f"--shard: no device stands in shards {shards.numbers[0]}..{shards.numbers[-1]}")
    if len(gateways) < processes:
        raise SelectionError(f"--processes {processes}: there are {len(gateways)} gateways to share; see --shards")
    return gateways
