"""The physics of agriculture: fields that drink rain and irrigation, and greenhouses beside them."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from park.grid import Sampler, integral
from park.happenings import Happenings
from park.model import Carry, Floats, Ints, Moments, Observation, Orders, Setting, WorldDay
from sectors.agriculture import climate, events, probe, runs, setpoints, station, valve
from sectors.agriculture.catalogue import (
    GREENHOUSE,
    IRRIGATION_VALVE,
    OPEN,
    SET_HUMIDITY,
    SET_TEMPERATURE,
    SOIL_PROBE,
    WEATHER_STATION,
)
from sectors.agriculture.drivers import rain_on
from sectors.agriculture.farm import Farm, FarmDay, valves_told
from sectors.agriculture.soil import UPPER_SHARE, soil_day

_START_EC = 1.0  # mS/cm
_DAYS_KEPT = 16  # that were commanded


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
        day.farm.setting, day.farm.valves, day.pipes, at, metered=day.carry["water_total"], charge=charge
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
    IRRIGATION_VALVE.name: lambda day: events.of_valves(day.pipes.day, day.pipes.runs, int(day.world.times[0])),
}


def _opens(day: FarmDay, at: Moments) -> str | None:
    rain = Sampler(at.row, at.x).line(rain_on(day.farm.setting, day.farm.cells, day.world))
    return valve.refusal(day.pipes, at, rain=rain, temperature=day.weather(at).line(day.world.temperature))


#: Number of an action to why it is refused; others never are.
INTERLOCKS: Mapping[int, Callable[[FarmDay, Floats, Moments], str | None]] = {
    OPEN: lambda day, _value, at: _opens(day, at),
    SET_TEMPERATURE: lambda _day, value, _at: setpoints.crossed(value),
    SET_HUMIDITY: lambda day, _value, at: setpoints.frosty(day.weather(at).line(day.world.temperature)),
}


class Agriculture:
    """Implements `park.model.Model`, `park.happenings.Tells` and `park.orders.Interlocks`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._days: OrderedDict[tuple[bytes, ...], FarmDay] = OrderedDict()
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
            **runs.begin(len(cells)),
            **setpoints.begin(len(cells)),
            "topsoil": np.full(len(cells), np.nan),
            "subsoil": np.full(len(cells), np.nan),
            "precipitation_total": np.zeros(len(cells)),
            "frost": np.zeros(len(cells), dtype=np.int64),
        }

    def advance(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> Carry:
        """The ends of the soil's paths, and the registers with the day added."""
        fields = self._farm(cells).fields
        told = valves_told(orders, cells, fields.tolerance.shape[1], world)
        day = soil_day(self._setting, cells, fields, carry, world, told=told)
        frost = np.asarray(carry["frost"])
        return {
            "depletion": day.depletion[..., -1].copy(),
            "upper": day.upper[..., -1].copy(),
            "seeped": day.seeped[..., -1].copy(),
            "surplus": day.surplus[..., -1].copy(),
            "ground": day.ground[..., -1].copy(),
            "salt": day.salt[..., -1].copy(),
            **self._houses(cells, carry, world, orders),
            **runs.after(day.watering, carry, day.runs, int(world.times[0])),
            "topsoil": day.topsoil[:, -1].copy(),
            "subsoil": day.subsoil[:, -1].copy(),
            "precipitation_total": carry["precipitation_total"] + integral(day.rain)[:, -1],
            "frost": events.frosts(world, fields.site, frost).left(int(world.times[0]), frost),
        }

    def _houses(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> Carry:
        """What greenhouses leave; those that nobody tells anything, nothing."""
        if not len(orders) and not setpoints.standing(carry):
            return setpoints.begin(len(cells))
        return setpoints.after(len(cells), self.day(cells, carry, world, orders).houses_told)

    def day(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> FarmDay:
        """The day, made part by part as its kinds are observed."""
        if not len(orders):
            return FarmDay(farm=self._farm(cells), carry=carry, world=world)
        plain = self._kept(cells, carry, world)
        return replace(plain, orders=orders, plain=plain)

    def observe(self, kind: str, state: FarmDay, at: Moments) -> Observation:
        """Readings with each instrument's constants and noise."""
        return OBSERVERS[kind](state, at)

    def tell(self, kind: str, state: FarmDay) -> Sequence[Happenings]:
        """What the devices of `kind` tell."""
        return TELLERS[kind](state) if kind in TELLERS else ()

    def refusal(self, state: FarmDay, action: int, value: Floats, at: Moments) -> str | None:
        """Why a device itself does not do what it is told."""
        return INTERLOCKS[action](state, value, at) if action in INTERLOCKS else None

    def _kept(self, cells: Ints, carry: Carry, world: WorldDay) -> FarmDay:
        """The day without its orders, kept for the next one."""
        key = (cells.tobytes(), *(values.tobytes() for values in carry.values()))
        known = self._days.get(key)
        # Another day may have come to lie where an old one was.
        if known is None or known.world is not world:
            known = self._days[key] = FarmDay(farm=self._farm(cells), carry=carry, world=world)
            while len(self._days) > _DAYS_KEPT:
                self._days.popitem(last=False)
        return known

    def _farm(self, cells: Ints) -> Farm:
        farm: Farm = self._known(cells.tobytes())
        return farm

    def _found(self, cells: bytes) -> Farm:
        return Farm(setting=self._setting, cells=np.frombuffer(cells, dtype=np.int64))


MODEL = Agriculture
