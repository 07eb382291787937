"""What to publish, when and where."""

from dataclasses import dataclass, field

from simulator.broker import GatewayOptions
from simulator.clock import ScheduleOptions
from simulator.commands.past import CommandOptions
from simulator.connections.link import DeviceAccounts
from simulator.plan import Selection, Shards
from simulator.preparation import Preparation
from simulator.unrest import Unrest


@dataclass(frozen=True, kw_only=True)
class SimulateOptions:
    """What to publish, when and where.

    Attributes:
        shards: which gateways; None for one a site, or as many as the processes need.
        processes: how many processes share the gateways.
        ramp_up_s: gateways join one after the other over this time. What was due before is their history:
            sent when they join, left out of latencies and overruns, so that the same readings are stored.
        unrest: how often connections are dropped.
        commands: how devices take commands; None if nobody may command them.
        devices_connect: as whom devices connect, each for itself; None if gateways do it for them.
    """

    selection: Selection
    schedule: ScheduleOptions
    broker: GatewayOptions
    shards: Shards | None = None
    processes: int = 1
    ramp_up_s: float = 0.0
    unrest: Unrest = field(default_factory=Unrest)
    commands: CommandOptions | None = None
    devices_connect: DeviceAccounts | None = None

    def preparation(self) -> Preparation:
        """For a launch at this moment."""
        begin_ms = self.schedule.launched().begin_ms
        return Preparation(
            selection=self.selection,
            begin_ms=begin_ms,
            shards=self.shards,
            devices_connect=self.devices_connect is not None,
        )
