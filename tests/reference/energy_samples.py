"""Samples of the energy sector for its bars. All are taken from what the devices would publish."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from park.model import GRID_S, NO_ORDERS, WorldDay
from sectors.energy.model import EnergyModel
from tests.reference.walk import Walked, setting_of, shuffled_weather, walk, world_of

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_CELLS = 24
_FINE_CELLS = 6
_WINTER, _SUMMER = 5, 170
PER_HOUR = 3600 // GRID_S
GRID_H = GRID_S / 3600
_SHUFFLES = 6
_READ_S, _LOOKS = 10, 10  # seconds between readings of the books, days between looks at them
_STANDBY_KW = 0.25
_OUT, _IN = ("total_active_energy_export", 1), ("total_active_energy_import", 1)
_LESS_OUT, _LESS_IN = ("total_active_energy_export", -1), ("total_active_energy_import", -1)
#: Kind to its registers, and their signs in the integral of its active power.
_REGISTERS = {
    "pv_inverter": (_OUT,),
    "wind_turbine": (_OUT, _LESS_IN),
    "battery": (_OUT, _LESS_IN),
    "building_meter": (_IN,),
    "ev_charger": (_OUT,),
    "site_meter": (_IN, _LESS_OUT),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Town:
    """A winter and a summer of the town, hour by hour from 04:00; (days, 24) unless said otherwise.

    Attributes:
        load: of all buildings, mean power, kW.
        halves: the same by half hours, (days, 48).
        homes: of each home, (days, homes, 24), kW.
        pv, wind: of all inverters and turbines, kW.
        temperature: of the air, Cel.
        cloud: cover of the sky, 0 to 1.
        ghi, ghi_clear: irradiance, W/m2.
        workday: (days,).
    """

    load: Floats
    halves: Floats
    homes: Floats
    pv: Floats
    wind: Floats
    temperature: Floats
    cloud: Floats
    ghi: Floats
    ghi_clear: Floats
    workday: Bools


@dataclass(frozen=True, kw_only=True, eq=False)
class Roofs:
    """PV every five minutes, (days, inverters, instants).

    Attributes:
        power: of each inverter over its rating.
        elevation: of the sun, degrees, (days, 1, instants).
    """

    power: Floats
    elevation: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Books:
    """The books of some microgrids, on some days every ten seconds.

    Attributes:
        residual: |sources - sinks| over consumption, all powers as published, (days, cells, instants).
        charge: of the batteries every five minutes, %, (days, cells, instants).
        increases: of every register in an hour, kWh, (days, registers, hours).
        metered: kWh counted in a quarter of the day by a device's registers, import less export, (days, devices, 4).
        integrated: the same from the power.
        charged, discharged: by the battery in a day while it does more than stand by, kWh, (days, cells).
    """

    residual: Floats
    charge: Floats
    increases: Floats
    metered: Floats
    integrated: Floats
    charged: Floats
    discharged: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Points:
    """Charging points every five minutes, (days, points, instants); kW, and rated kW (points, 1)."""

    power: Floats
    connected: Bools
    rated: Floats
    home: Bools


@dataclass(frozen=True, kw_only=True, eq=False)
class Ablation:
    """Anomalies of one quantity under its own weather and under another's, with the town's weather; (n,) each."""

    weather: Floats
    own: Floats
    other: tuple[Floats, ...]


def seasons(seed: int, days: int, cells: int) -> Iterator[Walked]:
    """Half of the days from early January on, half from late June on."""
    world = world_of(seed)
    for first, count in ((_WINTER, days - days // 2), (_SUMMER, days // 2)):
        yield from walk("energy", seed, count, cells, weather=lambda index, first=first: world.day(first + index))  # type: ignore[misc]


def hourly(values: Floats) -> Floats:
    """Means of the hours of instants every five minutes, along the last axis."""
    return np.asarray(values.reshape(*values.shape[:-1], -1, PER_HOUR).mean(axis=-1))


def _power(day: Walked, kind: str) -> Floats:
    return np.asarray(day.observe(kind)["active_power"], dtype=np.float64)


def _metered(day: Walked) -> Floats:
    """Mean power of buildings in the half hours of a day, from their registers, kW; (cells, buildings, 48)."""
    seen = day.observe("building_meter", every_s=1800)["total_active_energy_import"]
    return np.asarray(2 * np.diff(np.concatenate([seen, day.after["load_import"][..., None]], axis=2), axis=2))


def _sky(world: WorldDay, name: str) -> Floats:
    return hourly(getattr(world, name)[:, :-1].mean(axis=0))


@cache
def town(seed: int, days: int) -> Town:
    """The town's hours."""
    rows: dict[str, list[Floats]] = {field.name: [] for field in fields(Town) if field.name != "workday"}
    workdays = []
    for day in seasons(seed, days, _CELLS):
        buildings = _metered(day)
        rows["halves"].append(buildings.sum(axis=(0, 1)))
        rows["load"].append(rows["halves"][-1].reshape(24, 2).mean(axis=1))
        rows["homes"].append(buildings[:, 0].reshape(-1, 24, 2).mean(axis=2))
        for kind, name in (("pv_inverter", "pv"), ("wind_turbine", "wind")):
            rows[name].append(hourly(_power(day, kind)).sum(axis=(0, 1)))
        for quantity, name in (("temperature", "temperature"), ("cloud_cover", "cloud"), ("ghi", "ghi")):
            rows[name].append(_sky(day.world, quantity))
        rows["ghi_clear"].append(_sky(day.world, "ghi_clear"))
        workdays.append(day.world.workday)
    stacked = {name: np.array(days, dtype=np.float64) for name, days in rows.items()}
    return Town(**stacked, workday=np.array(workdays))


@lru_cache(maxsize=2)
def roofs(seed: int, days: int) -> Roofs:
    """The town's roofs."""
    power, elevation = [], []
    for day in seasons(seed, days, _FINE_CELLS):
        made = _power(day, "pv_inverter").reshape(-1, 288)
        power.append(made / day.state.flows.plant.roof.rated_ac[:, None])
        elevation.append(day.world.sun_elevation.max(axis=0)[None, :-1])
    return Roofs(power=np.array(power), elevation=np.array(elevation))


@lru_cache(maxsize=2)
def books(seed: int, days: int) -> Books:
    """The books of some microgrids, with powers rounded as they are published."""
    rows: dict[str, list[Floats]] = {field.name: [] for field in fields(Books)}
    for number, day in enumerate(seasons(seed, days, _FINE_CELLS)):
        battery = day.observe("battery")
        active = battery["active_power"][:, 0]
        rows["charge"].append(battery["state_of_charge"][:, 0])
        rows["charged"].append(-np.where(active < -_STANDBY_KW, active, 0.0).sum(axis=1) * GRID_H)
        rows["discharged"].append(np.where(active > _STANDBY_KW, active, 0.0).sum(axis=1) * GRID_H)
        if number % _LOOKS == 0:
            _look(rows, replace(day, cells=day.cells[:2]))
    return Books(**{name: np.array(days, dtype=np.float64) for name, days in rows.items()})


def _look(rows: dict[str, list[Floats]], day: Walked) -> None:
    """Adds what is read every few seconds."""
    seen = {kind: day.observe(kind, every_s=_READ_S) for kind in _REGISTERS}
    power = {kind: np.round(readings["active_power"], 3) for kind, readings in seen.items()}
    use = power["building_meter"].sum(axis=1) + power["ev_charger"].sum(axis=1)
    loss = np.round(seen["site_meter"]["conversion_loss"][:, 0], 3)
    sources = sum(power[kind].sum(axis=1) for kind in ("pv_inverter", "wind_turbine", "battery", "site_meter"))
    rows["residual"].append(np.abs(sources - use - loss) / use)
    registers = {kind: [sign * _counted(seen[kind][name]) for name, sign in _REGISTERS[kind]] for kind in seen}
    rows["increases"].append(
        np.concatenate([_increases(seen[kind][name]) for kind in seen for name, _ in _REGISTERS[kind]])
    )
    rows["metered"].append(np.concatenate([np.sum(each, axis=0) for each in registers.values()]))
    rows["integrated"].append(np.concatenate([_integrals(power[kind]) for kind in registers]))


def _increases(register: Floats) -> Floats:
    """Hourly increases of registers, (devices, 23)."""
    return np.diff(register.reshape(-1, register.shape[-1])[:, :: 3600 // _READ_S], axis=1)


def _quarters(series: Floats) -> Floats:
    """First and last of the quarters of a day, along the last axis, 5."""
    return np.concatenate([series[..., :: series.shape[-1] // 4], series[..., -1:]], axis=-1)


def _counted(register: Floats) -> Floats:
    """Increases of registers in quarters of the day, (devices, 4)."""
    return np.diff(_quarters(register.reshape(-1, register.shape[-1])), axis=1)


def _integrals(power: Floats) -> Floats:
    """Trapezoids of powers in quarters of the day, (devices, 4)."""
    by_device = power.reshape(-1, power.shape[-1])
    steps = (by_device[:, 1:] + by_device[:, :-1]) * (_READ_S / 7200)
    total = np.concatenate([np.zeros((len(steps), 1)), np.cumsum(steps, axis=1)], axis=1)
    return np.diff(_quarters(total), axis=1)


@lru_cache(maxsize=2)
def points(seed: int, days: int) -> Points:
    """The town's charging points."""
    power, connected = [], []
    for day in seasons(seed, days, _CELLS):
        seen = day.observe("ev_charger")
        power.append(seen["active_power"].reshape(-1, 288))
        connected.append(seen["vehicle_connected"].reshape(-1, 288))
    return Points(
        power=np.array(power),
        connected=np.array(connected),
        rated=np.tile([7.0, 11.0, 22.0], _CELLS)[:, None],
        home=np.tile([True, False, False], _CELLS),
    )


def _anomalies(series: Floats, workday: Bools) -> Floats:
    """Hours less the mean of the same hour on the same sort of day, and of the season's course."""
    left = series.copy()
    for sort in (workday, ~workday):
        if sort.any():
            left[sort] -= left[sort].mean(axis=0)
    return left.ravel()


def _ablate(seed: int, days: int, first: int, kind: str, cells: int) -> tuple[list[WorldDay], list[Floats]]:
    """The town's weather, and a quantity's hours under it and then under shuffled weathers; (days, 24) each."""
    own = [world_of(seed).day(first + index) for index in range(days)]
    weathers = [own, *(shuffled_weather(own, seed * 100 + turn) for turn in range(_SHUFFLES))]
    model, numbers = EnergyModel(setting_of("energy", seed)), np.arange(cells)
    # Powers ask nothing of what is carried.
    carry = model.begin(numbers)

    def hours(world: WorldDay) -> Floats:
        state = model.day(numbers, carry, world, NO_ORDERS)
        day = Walked(sector="energy", model=model, world=world, cells=numbers, before=carry, after=carry, state=state)
        if kind == "building_meter":
            energy = np.asarray(state.flows.load.energy)[:, ::PER_HOUR]
            return np.asarray(np.diff(energy, axis=1).sum(axis=0))
        return np.asarray(hourly(_power(day, kind)).sum(axis=(0, 1)))

    return own, [np.array([hours(day) for day in weather]) for weather in weathers]


@cache
def cloud_and_sun(seed: int, days: int) -> Ablation:
    """Cloud, and PV power from 09:00 to 15:00, in early summer."""
    own, seen = _ablate(seed, days, 120, "pv_inverter", 6)
    noon, anyday = slice(5, 11), np.ones(days, dtype=np.bool_)
    series = [_anomalies(hours[:, noon], anyday) for hours in seen]
    cloud = np.array([_sky(day, "cloud_cover") for day in own])[:, noon]
    return Ablation(weather=_anomalies(cloud, anyday), own=series[0], other=tuple(series[1:]))


@cache
def heat_and_load(seed: int, days: int) -> Ablation:
    """Temperature, and the load of buildings, in high summer."""
    own, seen = _ablate(seed, days, _SUMMER, "building_meter", 12)
    workday = np.array([day.workday for day in own])
    series = [_anomalies(hours, workday) for hours in seen]
    heat = np.array([_sky(day, "temperature") for day in own])
    return Ablation(weather=_anomalies(heat, workday), own=series[0], other=tuple(series[1:]))
