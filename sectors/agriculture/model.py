"""The physics of agriculture: fields that drink rain and irrigation, and greenhouses beside them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import fields as members
from functools import cached_property, lru_cache
from typing import TypeVar

import numpy as np

from park.grid import Sampler, integral
from park.happenings import Happenings
from park.model import GRID_POINTS, Carry, Floats, Ints, Moments, Observation, Orders, Setting, WorldDay
from sectors.agriculture import climate, events, greenhouse, probe, station, valve
from sectors.agriculture.catalogue import GREENHOUSE, IRRIGATION_VALVE, SOIL_PROBE, WEATHER_STATION
from sectors.agriculture.drivers import rain_on
from sectors.agriculture.fields import Fields, survey
from sectors.agriculture.irrigation import Watering
from sectors.agriculture.soil import UPPER_SHARE, soil_day

_START_EC = 1.0  # mS/cm
#: The soil of so many fields is worked out together; its intermediate arrays are many times what is kept.
_CELLS_AT_ONCE = 1024

T = TypeVar("T", Fields, probe.Zones, Watering)


def _part(arrays: T, rows: slice) -> T:
    """Some fields of a record of arrays."""
    return replace(arrays, **{one.name: getattr(arrays, one.name)[rows] for one in members(arrays)})


def _joined(parts: Sequence[T]) -> T:
    """The records of several blocks of fields as one."""
    if len(parts) == 1:
        return parts[0]
    return replace(
        parts[0], **{one.name: np.concatenate([getattr(part, one.name) for part in parts]) for one in members(parts[0])}
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Farm:
    """What is fixed about some cells; each part is made when first needed."""

    setting: Setting
    cells: Ints

    @cached_property
    def fields(self) -> Fields:
        """Crop, soil and pipes."""
        return survey(self.setting, self.cells, self.setting.per_cell[IRRIGATION_VALVE.name])

    @cached_property
    def houses(self) -> greenhouse.Houses:
        """Greenhouses."""
        return greenhouse.build(self.setting, self.cells)

    @cached_property
    def probes(self) -> probe.Probes:
        """Soil probes."""
        return probe.place(self.setting, self.cells, self.fields)

    @cached_property
    def stations(self) -> station.Stations:
        """Weather stations."""
        return station.raise_stations(self.setting, self.cells)

    @cached_property
    def valves(self) -> valve.Valves:
        """Irrigation valves."""
        return valve.fit(self.setting, self.cells)

    @cached_property
    def computers(self) -> dict[str, Floats]:
        """Offsets of the climate computers."""
        return climate.offsets(self.setting, self.cells)


@dataclass(frozen=True, kw_only=True, eq=False)
class FarmDay:
    """One day of a farm; each part is made when first observed."""

    farm: Farm
    carry: Carry
    world: WorldDay

    @cached_property
    def _ground(self) -> tuple[probe.Zones, Watering]:
        blocks = [
            self._ground_of(slice(first, first + _CELLS_AT_ONCE))
            for first in range(0, len(self.farm.cells), _CELLS_AT_ONCE)
        ]
        return _joined([zones for zones, _ in blocks]), _joined([watering for _, watering in blocks])

    def _ground_of(self, block: slice) -> tuple[probe.Zones, Watering]:
        carry = {name: values[block] for name, values in self.carry.items()}
        fields = _part(self.farm.fields, block)
        day = soil_day(self.farm.setting, self.farm.cells[block], fields, carry, self.world)
        return probe.zones(fields, day), day.watering

    @property
    def soil(self) -> probe.Zones:
        """The ground about the probes."""
        return self._ground[0]

    @property
    def watering(self) -> Watering:
        """Valves and pipes."""
        return self._ground[1]

    @cached_property
    def house(self) -> greenhouse.HouseDay:
        """The climate of the greenhouses."""
        return greenhouse.house_day(self.farm.houses, self.world)

    @cached_property
    def charge(self) -> Floats:
        """(S, GRID_POINTS) sun that batteries keep, kWh/m2: a day's use is steady and equals its harvest.

        So it is zero at both ends of every day, and nothing has to be carried.
        """
        harvest = integral(0.001 * self.world.ghi)
        return harvest - harvest[:, -1:] * (np.arange(GRID_POINTS) / (GRID_POINTS - 1))

    @cached_property
    def fallen(self) -> Floats:
        """(C, GRID_POINTS) precipitation on each field since the day's start, mm."""
        return integral(rain_on(self.farm.setting, self.farm.cells, self.world))

    def weather(self, at: Moments) -> Sampler:
        """Where readings stand in the series of the weather."""
        return Sampler(self.farm.fields.site.take(at.row), at.x)


def _observe_station(day: FarmDay, at: Moments) -> Observation:
    site = day.weather(at)
    fallen = day.carry["precipitation_total"].take(at.row) + Sampler(at.row, at.x).line(day.fallen)
    return station.observe(
        day.farm.setting,
        day.farm.stations,
        at,
        world=day.world,
        pressure=site.line(day.world.atmospheric_pressure),
        fallen=fallen,
        charge=site.line(day.charge),
    )


def _observe_probe(day: FarmDay, at: Moments) -> Observation:
    return probe.observe(day.farm.setting, day.farm.probes, day.soil, at, charge=day.weather(at).line(day.charge))


def _observe_valve(day: FarmDay, at: Moments) -> Observation:
    charge = day.weather(at).line(day.charge)
    return valve.observe(
        day.farm.setting, day.farm.valves, day.watering, at, metered=day.carry["water_total"], charge=charge
    )


def _observe_house(day: FarmDay, at: Moments) -> Observation:
    return climate.observe(day.farm.setting, day.farm.computers, day.house, at)


#: Kind to what its devices measure.
OBSERVERS: Mapping[str, Callable[[FarmDay, Moments], Observation]] = {
    WEATHER_STATION.name: _observe_station,
    SOIL_PROBE.name: _observe_probe,
    GREENHOUSE.name: _observe_house,
    IRRIGATION_VALVE.name: _observe_valve,
}

#: Kind to what its devices tell.
TELLERS: Mapping[str, Callable[[FarmDay], list[Happenings]]] = {
    WEATHER_STATION.name: lambda day: events.of_stations(
        day.world, day.farm.fields.site, np.asarray(day.carry["frost"])
    ),
    IRRIGATION_VALVE.name: lambda day: events.of_valves(day.watering, int(day.world.times[0])),
}


class Agriculture:
    """Implements `park.model.Model` and `park.happenings.Tells`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._known = lru_cache(maxsize=64)(self._found)

    def begin(self, cells: Ints) -> Carry:
        """Soils between full and half-way to stress; their temperature is not known yet."""
        fields = self._farm(cells).fields
        zone = np.arange(fields.tolerance.shape[1])
        used = 0.3 * self._setting.streams.uniform("agriculture.begin", cells[:, None], zone)
        depletion = used * fields.available
        return {
            "depletion": depletion,
            "upper": UPPER_SHARE * depletion,
            "seeped": ((1.0 - UPPER_SHARE) * depletion).reshape(len(cells), -1),
            "surplus": np.zeros_like(depletion),
            "ground": np.zeros_like(depletion),
            "salt": _START_EC * (fields.held - depletion),
            "water_total": np.zeros_like(depletion),
            "topsoil": np.full(len(cells), np.nan),
            "subsoil": np.full(len(cells), np.nan),
            "precipitation_total": np.zeros(len(cells)),
            "frost": np.zeros(len(cells), dtype=np.int64),
        }

    def advance(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> Carry:
        """The ends of the soil's paths, and the registers with the day added."""
        fields = self._farm(cells).fields
        day = soil_day(self._setting, cells, fields, carry, world)
        frost = np.asarray(carry["frost"])
        return {
            "depletion": day.depletion[..., -1].copy(),
            "upper": day.upper[..., -1].copy(),
            "seeped": day.seeped[..., -1].copy(),
            "surplus": day.surplus[..., -1].copy(),
            "ground": day.ground[..., -1].copy(),
            "salt": day.salt[..., -1].copy(),
            "water_total": carry["water_total"] + day.watering.volume,
            "topsoil": day.topsoil[:, -1].copy(),
            "subsoil": day.subsoil[:, -1].copy(),
            "precipitation_total": carry["precipitation_total"] + integral(day.rain)[:, -1],
            "frost": events.frosts(world, fields.site, frost).left(int(world.times[0]), frost),
        }

    def day(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> FarmDay:
        """The day, made part by part as its kinds are observed."""
        return FarmDay(farm=self._farm(cells), carry=carry, world=world)

    def observe(self, kind: str, state: FarmDay, at: Moments) -> Observation:
        """Readings with each instrument's constants and noise."""
        return OBSERVERS[kind](state, at)

    def tell(self, kind: str, state: FarmDay) -> Sequence[Happenings]:
        """What the devices of `kind` tell."""
        return TELLERS[kind](state) if kind in TELLERS else ()

    def _farm(self, cells: Ints) -> Farm:
        farm: Farm = self._known(cells.tobytes())
        return farm

    def _found(self, cells: bytes) -> Farm:
        return Farm(setting=self._setting, cells=np.frombuffer(cells, dtype=np.int64))


MODEL = Agriculture
