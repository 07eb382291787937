"""The devices of a process that connect for themselves."""

import asyncio
import gc
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from simulator.attend import attended
from simulator.clock import Schedule
from simulator.commands.outcomes import Outcomes
from simulator.commands.past import past_of
from simulator.connections.cursors import COHORT
from simulator.connections.devices import Devices
from simulator.connections.link import DeviceAccounts
from simulator.connections.unrest import drops
from simulator.errors import SelectionError
from simulator.observed import obedient_readings
from simulator.options import SimulateOptions
from simulator.plan import GatewayPlan, Group, Plan
from simulator.preparation import Preparation, gateway_plans
from simulator.progress import Progress


def _ignore(*_: object) -> None:
    return None


class DeviceCrew:
    """Some devices in this process: those of every `processes`-th gateway that there would be, from `index` on.

    Raises:
        SelectionError: there is nothing for one of so many processes, or delivery is to go wrong.
    """

    def __init__(self, preparation: Preparation, index: int = 0, processes: int = 1) -> None:
        self._begin_ms, self._index = preparation.begin_ms, index
        faults = preparation.selection.faults
        if faults is not None and faults.delivery:
            raise SelectionError(
                "--connect device: what goes wrong with delivery goes wrong at gateways; leave one out"
            )
        plans = gateway_plans(preparation, processes)
        self._total = sum(len(one.plan) for one in plans)
        plan = joined(plans[index::processes])
        readings, self._authority = obedient_readings([plan, *cohorts(plan)], Outcomes())
        self._readings, *self._cohorts = readings

    def warm_up(self) -> None:
        """Bring the models' state to the first moment, so that the launch finds them ready."""
        begin_ms = self._begin_ms
        self._readings.columns(*next(self._readings.windows(begin_ms, begin_ms + 60_000)))
        # What stands now stays: the collector need not look at it again and again.
        gc.freeze()

    async def run(
        self,
        options: SimulateOptions,
        schedule: Schedule,
        stop: asyncio.Event,
        *,
        on_progress: Callable[[Progress], None],
        on_live: Callable[[], None] = _ignore,
    ) -> Progress:
        """Publish; see `run_simulation`."""
        if options.commands is not None:  # nobody takes new ones, but what was obeyed is obeyed
            self._authority.add(past_of(options.commands, options.selection.seed).records)
        devices = self._devices(options, schedule, on_live)
        async with attended([devices], stop, on_progress):
            await devices.run()
        on_progress(devices.progress)
        return devices.progress

    def _devices(self, options: SimulateOptions, schedule: Schedule, on_live: Callable[[], None]) -> Devices:
        count = len(self._readings.plan)
        return Devices(
            self._readings,
            self._cohorts,
            schedule,
            broker=options.broker,
            accounts=options.devices_connect or DeviceAccounts(),
            joins_s=options.ramp_up_s * np.arange(count) / count,
            drops=drops(options.unrest, options.selection.seed, self._index, count, self._total),
            on_live=on_live,
        )


def joined(plans: list[GatewayPlan]) -> Plan:
    """The devices of some gateways as one plan."""
    found: dict[str, list[Group]] = {}
    for one in plans:
        for group in one.plan.groups:
            found.setdefault(group.kind.name, []).append(group)
    groups = [
        replace(some[0], device=np.sort(np.concatenate([group.device for group in some]))) for some in found.values()
    ]
    return replace(plans[0].plan, groups=tuple(groups))


def cohorts(plan: Plan) -> list[Plan]:
    """The plan in pieces of `COHORT` devices, as it numbers them."""
    pieces: list[list[Group]] = []
    first = 0
    for group in plan.groups:
        at = 0
        while at < len(group.device):
            if first % COHORT == 0:
                pieces.append([])
            size = min(COHORT - first % COHORT, len(group.device) - at)
            pieces[-1].append(replace(group, device=group.device[at : at + size]))
            at, first = at + size, first + size
    return [replace(plan, groups=tuple(groups)) for groups in pieces]
