"""Samples of what devices of energy do between the instants of the grid, and from day to day."""

from dataclasses import dataclass, replace
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from park.model import NO_ORDERS, WorldDay
from sectors.energy.load import FACTORY, OFFICE, SCHOOL
from sectors.energy.model import EnergyModel
from tests.reference.walk import setting_of, walk, world_of

Floats = npt.NDArray[np.float64]

_CELLS = 12
_MARCH, _MAY = 60, 120
_MINUTES = 1440
_TURNS = 8
_WORKPLACES = (OFFICE, FACTORY, SCHOOL)
_PEOPLE = ("at_home", "at_work", "under_way", "out", "road_demand")


@dataclass(frozen=True, kw_only=True, eq=False)
class Homes:
    """Homes minute by minute: power in kW and voltage in V, (homes, days, minutes)."""

    power: Floats
    voltage: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Sun:
    """Inverters minute by minute, (inverters, days, minutes); NaN while the sun is below 15 degrees.

    Attributes:
        index: power over what a clear sky would give.
        efficiency: AC over DC power, where DC power is about half of the rating.
    """

    index: Floats
    efficiency: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Turbines:
    """Turbines every ten minutes, (turbines, days, 144): kW, degrees, m/s."""

    power: Floats
    nacelle: Floats
    wind: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Storage:
    """Batteries every five minutes, (batteries, days, 288): kW, %, and what the block takes from the grid, kW."""

    power: Floats
    charge: Floats
    grid: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Stays:
    """Sessions at work on working days, and what is read in them while the current is full.

    Attributes:
        arrival, stay, energy: hour of the day, hours, kWh; (n,).
        power, current: over the session's mean; (readings,).
        rated: power over the rating, (readings,).
    """

    arrival: Floats
    stay: Floats
    energy: Floats
    power: Floats
    current: Floats
    rated: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class People:
    """Day totals' anomalies of people at work, of offices and charging at work, and these under others' rhythm."""

    people: Floats
    own: Floats
    other: tuple[Floats, ...]


@lru_cache(maxsize=2)
def homes(seed: int, days: int) -> Homes:
    """The town's homes in spring."""
    world, power, voltage = world_of(seed), [], []
    for day in walk("energy", seed, days // 2, _CELLS, weather=lambda index: world.day(_MARCH + index)):
        seen = day.observe("building_meter", every_s=60)
        power.append(seen["active_power"][:, 0])
        voltage.append(seen["phase_voltage"][:, 0])
    return Homes(power=np.stack(power, axis=1), voltage=np.stack(voltage, axis=1))


@lru_cache(maxsize=2)
def sun(seed: int, days: int) -> Sun:
    """The town's roofs in early summer."""
    world, index, efficiency = world_of(seed), [], []
    x = np.arange(_MINUTES) / 5
    for day in walk("energy", seed, days // 3, 4, weather=lambda number: world.day(_MAY + number)):
        seen = day.observe("pv_inverter", every_s=60)
        ac, dc = (seen[name].reshape(-1, _MINUTES) for name in ("active_power", "dc_power"))
        flows = day.state.flows
        site = flows.plant.inverters.site

        def minutes(rows: Floats) -> Floats:
            return np.array([np.interp(x, np.arange(289), row) for row in rows])

        clearness = minutes(day.world.ghi[site] / np.maximum(day.world.ghi_clear[site], 1.0))
        expected = minutes(flows.solar.ac)
        up = minutes(day.world.sun_elevation[site]) > 15
        index.append(np.where(up, ac / np.maximum(expected, 1e-6) * clearness, np.nan))
        half = np.abs(dc / flows.plant.roof.limit_dc[:, None] - 0.5) < 0.02
        efficiency.append(np.where(half, ac / np.maximum(dc, 1e-6), np.nan))
    return Sun(index=np.stack(index, axis=1), efficiency=np.stack(efficiency, axis=1))


@lru_cache(maxsize=2)
def turbines(seed: int, days: int) -> Turbines:
    """The town's turbines from the year's beginning on."""
    world = world_of(seed)
    rows: dict[str, list[Floats]] = {"active_power": [], "nacelle_direction": [], "wind_speed": []}
    for day in walk("energy", seed, days, 4, weather=world.day):
        seen = day.observe("wind_turbine", every_s=600)
        for name, found in rows.items():
            found.append(seen[name][:, 0])
    power, nacelle, wind = (np.stack(found, axis=1) for found in rows.values())
    return Turbines(power=power, nacelle=nacelle, wind=wind)


@lru_cache(maxsize=2)
def storage(seed: int, days: int) -> Storage:
    """The town's batteries in early summer."""
    world, power, charge, grid = world_of(seed), [], [], []
    for day in walk("energy", seed, days // 2, _CELLS, weather=lambda index: world.day(_MAY + index)):
        battery, site = day.observe("battery"), day.observe("site_meter")
        power.append(np.round(battery["active_power"][:, 0], 3))
        charge.append(battery["state_of_charge"][:, 0])
        grid.append(site["active_power"][:, 0])
    return Storage(power=np.stack(power, axis=1), charge=np.stack(charge, axis=1), grid=np.stack(grid, axis=1))


@lru_cache(maxsize=2)
def stays(seed: int, days: int) -> Stays:
    """Sessions at the town's workplaces."""
    world = world_of(seed)
    found: dict[str, list[Floats]] = {name: [] for name in ("arrival", "stay", "energy", "power", "current", "rated")}
    for day in walk("energy", seed, days, 36, weather=lambda index: world.day(_MARCH + index)):
        if not day.world.workday:
            continue
        seen = {name: values[:, 1] for name, values in day.observe("ev_charger").items()}
        begun = np.diff(seen["vehicle_connected"].astype(np.int8), axis=1, prepend=0)
        point, arrival = np.nonzero(begun == 1)
        departure = np.nonzero(begun == -1)[1]
        found["arrival"].append(arrival / 12 + 4)
        found["stay"].append((departure - arrival) / 12)
        found["energy"].append(seen["session_energy"][point, departure - 1])
        for one, start, end in zip(point, arrival, departure, strict=True):
            power, current = seen["active_power"][one, start:end], seen["current"][one, start:end]
            full = current > 0.985 * current.max()
            if full.sum() > 12:
                found["power"].append(power[full] / power[full].mean())
                found["current"].append(current[full] / current[full].mean())
                found["rated"].append(power[full] / 11.0)
    return Stays(**{name: np.concatenate(parts) for name, parts in found.items()})


@cache
def people(seed: int, days: int) -> People:
    """Workplaces in mild weather, under the town's people and under those of other days of the same kind."""
    days_of = [world_of(seed).day(_MARCH + index) for index in range(2 * days)]
    # The answer to the temperature is the weather's: see bar 18b.
    own = [replace(day, temperature=np.full_like(day.temperature, 19.0)) for day in days_of]
    model, cells = EnergyModel(setting_of("energy", seed)), np.arange(_CELLS)
    carry = model.begin(cells)
    kinds = np.array([day.weekday + 10 * day.workday + 100 * day.holiday for day in own])
    rhythms = [own, *(_turned(own, kinds, turn) for turn in range(1, _TURNS + 1))]

    def anomalies(series: Floats) -> Floats:
        left = np.log(series)
        for kind in np.unique(kinds):
            left[kinds == kind] -= left[kinds == kind].mean()
        return left

    def totals(rhythm: list[WorldDay]) -> Floats:
        found = []
        for day in rhythm:
            flows = model.day(cells, carry, day, NO_ORDERS).flows
            found.append(flows.load.energy[:, -1][np.isin(flows.plant.building.type, _WORKPLACES)].sum())
        return anomalies(np.array(found))

    series = [totals(rhythm) for rhythm in rhythms]
    plant = model.day(cells, carry, own[0], NO_ORDERS).flows.plant
    sites = plant.meters.site[np.isin(plant.building.type, _WORKPLACES)]
    at_work = anomalies(np.array([day.at_work[sites, 48:168].mean() for day in own]))
    return People(people=at_work, own=series[0], other=tuple(series[1:]))


def _turned(days: list[WorldDay], kinds: npt.NDArray[np.int64], turn: int) -> list[WorldDay]:
    """The days with the people of a later one of their kind: nobody keeps their own, as a shuffled few would."""
    order = np.arange(len(days))
    for kind in np.unique(kinds):
        alike = np.flatnonzero(kinds == kind)
        order[alike] = np.roll(alike, turn)
    return [
        replace(day, more={**day.more, **{name: days[j].more[name] for name in _PEOPLE}})
        for day, j in zip(days, order.tolist(), strict=True)
    ]
