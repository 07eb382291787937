"""The environment sector: the district's air beside a road, its noise, a bay, a river and a stack."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.days import Days, through_blocks
from park.grid import integral
from park.happenings import Happenings
from park.model import GRID_POINTS, Carry, Floats, Ints, Moments, Observation, Orders, Setting, WorldDay
from sectors.environment import events, lake, noise, river, roads, sensor, stack, station, water
from sectors.environment.air import AirDay
from sectors.environment.catalogue import AIR_SENSOR, AIR_STATION, NOISE_MONITOR, STACK_MONITOR, WATER_STATION


@dataclass(frozen=True, kw_only=True, eq=False)
class EnvironmentDay:
    """One day of C districts, each part made when first observed."""

    setting: Setting
    cells: Ints
    carry: Carry
    world: WorldDay

    @cached_property
    def site(self) -> Ints:
        """(C,) rows of the world's arrays."""
        return self.setting.site_of(self.cells)

    @cached_property
    def roads(self) -> roads.Roads:
        """The main roads."""
        return roads.roads(self.setting.streams, self.cells)

    @cached_property
    def air(self) -> AirDay:
        """The clean air."""
        return AirDay(setting=self.setting, here=self.roads, site=self.site, world=self.world)

    @cached_property
    def stations(self) -> station.Stations:
        """Reference stations."""
        return station.Stations(air=self.air, cells=self.cells)

    @cached_property
    def sensors(self) -> sensor.SensorDay:
        """Low-cost sensors."""
        hung = sensor.hang(self.setting, self.cells)
        return sensor.SensorDay(setting=self.setting, sensors=hung, air=self.air, charge=self._charge)

    @cached_property
    def noise(self) -> noise.NoiseDay:
        """Noise monitors."""
        return noise.monitors(self.setting, self.roads, self.site, self.world)

    @cached_property
    def lake(self) -> lake.LakeDay:
        """Bays."""
        return lake.lake_day(self._days, self.carry)

    @cached_property
    def river(self) -> river.RiverDay:
        """Rivers."""
        return river.river_day(self._days, self.carry)

    @cached_property
    def water(self) -> water.WaterDay:
        """Water stations."""
        return water.WaterDay(
            setting=self.setting, cells=self.cells, site=self.site, world=self.world, lake=self.lake, river=self.river
        )

    @cached_property
    def stack(self) -> stack.StackDay:
        """Stacks."""
        day = np.full(len(self.cells), self.world.index, dtype=np.int64)
        return stack.StackDay(streams=self.setting.streams, cells=self.cells, day=day)

    @cached_property
    def _days(self) -> Days:
        """The day by itself."""
        return Days(setting=self.setting, once=self.cells, worlds=[self.world])

    @cached_property
    def _charge(self) -> Floats:
        """(S, GRID_POINTS) sun that batteries keep, kWh/m2: a day's use is steady and equals its harvest."""
        harvest = integral(0.001 * self.world.ghi)
        return harvest - harvest[:, -1:] * (np.arange(GRID_POINTS) / (GRID_POINTS - 1))


#: Kind to what its devices report.
OBSERVERS: Mapping[str, Callable[[EnvironmentDay, Moments], Observation]] = {
    AIR_STATION.name: lambda day, at: station.observe(day.stations, at),
    AIR_SENSOR.name: lambda day, at: sensor.observe(day.sensors, at),
    NOISE_MONITOR.name: lambda day, at: noise.observe(day.noise, at),
    WATER_STATION.name: lambda day, at: water.observe(day.water, at),
    STACK_MONITOR.name: lambda day, at: stack.observe(day.stack, np.asarray(day.carry["stack_emitted"]), at),
}

#: Kind to what its devices tell of a day that begins at a time.
TELLERS: Mapping[str, Callable[[EnvironmentDay, int], list[Happenings]]] = {
    WATER_STATION.name: lambda day, first_ms: events.of_stations(
        (day.lake, np.asarray(day.carry["bloom"])),
        (day.river, np.asarray(day.carry["runoff"])),
        day.water.units,
        first_ms,
    ),
}


def _after(days: Days, carry: Carry) -> Carry:
    """What some days leave."""
    bay, stream, here = lake.lake_day(days, carry), river.river_day(days, carry), len(days.once)
    return {
        **lake.after(bay, here),
        **river.after(stream, here),
        **days.counted(carry, stack_emitted=stack.masses(days.setting.streams, days.cells, days.index)),
        "bloom": events.since(days, bay.chlorophyll, events.BLOOM_UG_L, carry["bloom"]),
        "runoff": events.since(days, stream.storm, events.STORM_MM, carry["runoff"]),
    }


class EnvironmentModel:
    """Implements `park.model.Model`, `park.model.Strides` and `park.happenings.Tells`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def begin(self, cells: Ints) -> Carry:
        """Cold water, and registers at zero."""
        never = dict.fromkeys(("bloom", "runoff"), np.zeros(len(cells), dtype=np.int64))
        return {**lake.begin(self._setting, cells), **river.begin(cells), **stack.begin(cells), **never}

    def advance(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> Carry:
        """The waters and the stacks' registers a day later; the air carries nothing."""
        return self.stride(cells, carry, [world])

    def stride(self, cells: Ints, carry: Carry, worlds: Sequence[WorldDay]) -> Carry:
        """The same after consecutive days."""
        return through_blocks(_after, self._setting, cells, carry, worlds)

    def day(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> EnvironmentDay:
        """The day, not yet computed."""
        return EnvironmentDay(setting=self._setting, cells=cells, carry=carry, world=world)

    def observe(self, kind: str, state: EnvironmentDay, at: Moments) -> Observation:
        """What the devices of `kind` report."""
        return OBSERVERS[kind](state, at)

    def tell(self, kind: str, state: EnvironmentDay) -> Sequence[Happenings]:
        """What the devices of `kind` tell."""
        return TELLERS[kind](state, int(state.world.times[0])) if kind in TELLERS else ()


MODEL = EnvironmentModel
