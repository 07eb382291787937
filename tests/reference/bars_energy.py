"""Credibility bars of the energy sector. All are taken from what the devices would publish."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from park.model import GRID_S, NO_ORDERS, WorldDay
from sectors.energy.model import EnergyModel
from tests.reference.bar import Bar, Figures
from tests.reference.statistics import correlation, lag
from tests.reference.walk import Walked, setting_of, shuffled_weather, walk, world_of

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_CELLS = 24
_FINE_CELLS = 6
_WINTER, _SUMMER = 5, 170
_PER_HOUR = 3600 // GRID_S
_GRID_H = GRID_S / 3600
_SHUFFLES = 6
_OUT, _IN = ("total_active_energy_export", 1), ("total_active_energy_import", 1)
_LESS_OUT, _LESS_IN = ("total_active_energy_export", -1), ("total_active_energy_import", -1)
#: Kind to its registers, and their signs in the integral of its active power.
_REGISTERS = {
    "pv_inverter": (_OUT,),
    "wind_turbine": (_OUT,),
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
        homes: of each home, (days, homes, 24), kW.
        pv, wind: of all inverters and turbines, kW.
        temperature: of the air, Cel.
        cloud: cover of the sky, 0 to 1.
        ghi, ghi_clear: irradiance, W/m2.
        workday: (days,).
    """

    load: Floats
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
    """The books of some microgrids.

    Attributes:
        residual: |sources - sinks| over consumption, all powers as published, (days, cells, instants).
        charge: of the batteries, %, (days, cells, instants).
        increases: of every register in an hour, kWh, (days, registers, hours).
        metered: kWh counted in an hour by a device's registers, import less export, (days, devices, hours).
        integrated: the same from the power.
        charged, discharged: by the battery in a day, kWh, (days, cells).
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
    return np.asarray(values.reshape(*values.shape[:-1], -1, _PER_HOUR).mean(axis=-1))


def _power(day: Walked, kind: str) -> Floats:
    return np.asarray(day.observe(kind)["active_power"], dtype=np.float64)


def _sky(world: WorldDay, name: str) -> Floats:
    return hourly(getattr(world, name)[:, :-1].mean(axis=0))


@cache
def town(seed: int, days: int) -> Town:
    """The town's hours."""
    rows: dict[str, list[Floats]] = {field.name: [] for field in fields(Town) if field.name != "workday"}
    workdays = []
    for day in seasons(seed, days, _CELLS):
        buildings = hourly(_power(day, "building_meter"))
        rows["load"].append(buildings.sum(axis=(0, 1)))
        rows["homes"].append(buildings[:, 0])
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
    for day in seasons(seed, days, _FINE_CELLS):
        seen = {kind: day.observe(kind) for kind in _REGISTERS}
        power = {kind: np.round(readings["active_power"], 3) for kind, readings in seen.items()}
        use = power["building_meter"].sum(axis=1) + power["ev_charger"].sum(axis=1)
        loss = np.round(seen["site_meter"]["conversion_loss"][:, 0], 3)
        sources = sum(power[kind].sum(axis=1) for kind in ("pv_inverter", "wind_turbine", "battery", "site_meter"))
        rows["residual"].append(np.abs(sources - use - loss) / use)
        rows["charge"].append(seen["battery"]["state_of_charge"][:, 0])
        counted = {kind: [sign * _increases(seen[kind][name]) for name, sign in _REGISTERS[kind]] for kind in seen}
        rows["increases"].append(np.concatenate([_increases(seen[k][name]) for k in seen for name, _ in _REGISTERS[k]]))
        rows["metered"].append(np.concatenate([np.sum(each, axis=0) for each in counted.values()]))
        rows["integrated"].append(np.concatenate([_integrals(power[kind]) for kind in counted]))
        rows["discharged"].append(counted["battery"][0].sum(axis=1))
        rows["charged"].append(-counted["battery"][1].sum(axis=1))
    return Books(**{name: np.array(days, dtype=np.float64) for name, days in rows.items()})


def _increases(register: Floats) -> Floats:
    """Hourly increases of registers, (devices, 23)."""
    return np.diff(register.reshape(-1, register.shape[-1])[:, ::_PER_HOUR], axis=1)


def _integrals(power: Floats) -> Floats:
    """Hourly trapezoids of powers, (devices, 23)."""
    by_device = power.reshape(-1, power.shape[-1])
    steps = (by_device[:, 1:] + by_device[:, :-1]) * (_GRID_H / 2)
    return np.asarray(hourly(steps[:, : 23 * _PER_HOUR]) * _PER_HOUR)


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


def limits_of_pv(sample: Roofs) -> Figures:
    """Greatest power in the dark and at all, over the rating."""
    dark = np.broadcast_to(sample.elevation < -1, sample.power.shape)
    return {"in the dark": float(np.abs(sample.power[dark]).max()), "over rating": float(sample.power.max())}


def clear_share(sample: Town) -> Figures:
    """Hourly global over clear-sky irradiance."""
    day = sample.ghi_clear > 50
    return {"p99 of GHI/clear": float(np.quantile(sample.ghi[day] / sample.ghi_clear[day], 0.99))}


def sun_and_wind(sample: Town) -> Figures:
    """Hourly power of PV with that of wind."""
    return {"|r|": abs(correlation(sample.pv.ravel(), sample.wind.ravel()))}


def load_shape(sample: Town) -> Figures:
    """How even the load is, how working days differ, how weeks repeat."""
    by_day = sample.load
    halves = np.array_split(by_day, 2)
    return {
        "load factor": float((by_day.mean(axis=1) / by_day.max(axis=1)).mean()),
        "workday/weekend": float(by_day[sample.workday].mean() / by_day[~sample.workday].mean()),
        "lag-168h": min(lag(half.ravel(), 168) for half in halves),
    }


def home_shape(sample: Town) -> Figures:
    """How even one home's day is."""
    return {"load factor": float((sample.homes.mean(axis=2) / sample.homes.max(axis=2)).mean())}


def heat_response(sample: Town) -> Figures:
    """Load with temperature, in hours above 24 Cel."""
    hot = sample.temperature > 24
    return {"r": correlation(sample.temperature[hot], sample.load[hot])}


def balance(sample: Books) -> Figures:
    """Powers that add up, registers that count them."""
    counted = np.abs(sample.integrated) > 0.05
    error = np.abs(sample.metered[counted] / sample.integrated[counted] - 1)
    return {
        "greatest residual": float(sample.residual.max()),
        "least increase": float(sample.increases.min()),
        "register against integral": float(error.max()),
        "idle registers": float(np.abs(sample.metered[~counted] - sample.integrated[~counted]).max()),
    }


def storage(sample: Books) -> Figures:
    """A battery that stays within itself and loses a little."""
    return {
        "least charge": float(sample.charge.min()),
        "greatest charge": float(sample.charge.max()),
        "round trip": float(sample.discharged.sum() / sample.charged.sum()),
    }


def charging_points(sample: Points) -> Figures:
    """Energy only into cars that are there, who come home in the late afternoon."""
    plugged_h = sample.connected.sum(axis=2) * _GRID_H
    energy = sample.power.sum(axis=2) * _GRID_H
    used = energy[plugged_h > 0] / (sample.rated[:, 0] * plugged_h)[plugged_h > 0]
    arrives = ~sample.connected[:, sample.home, :-1] & sample.connected[:, sample.home, 1:]
    by_hour = np.bincount((np.nonzero(arrives)[2] // _PER_HOUR + 4) % 24, minlength=24)
    return {
        "power while unplugged": float(np.abs(sample.power[~sample.connected]).max()),
        "energy over rated power x time": float(used.max()),
        "share of time plugged": float(sample.connected.mean()),
        "home plug-in mode": float(by_hour.argmax()),
    }


def ablated(sample: Ablation) -> Figures:
    """Correlation of anomalies with the town's weather, and its mean when the sector has another's."""
    other = [correlation(sample.weather, series) for series in sample.other]
    return {"|r|": abs(correlation(sample.weather, sample.own)), "|r| shuffled": abs(float(np.mean(other)))}


def _permuted(values: Floats, axis: int = -1) -> Floats:
    return np.asarray(np.random.default_rng(3).permuted(values, axis=axis))


def _noise(values: Floats) -> Floats:
    return np.asarray(np.random.default_rng(3).normal(values.mean(), values.std(), values.shape))


def _load(change: Callable[[Floats], Floats]) -> Callable[[Town], Town]:
    return lambda sample: replace(sample, load=change(sample.load))


def _constant(values: Floats) -> Floats:
    return np.full_like(values, values.mean())


def _all_permuted(values: Floats) -> Floats:
    return _permuted(values.ravel(), 0).reshape(values.shape)


BARS = [
    Bar(
        number="3",
        title="PV is dark at night and keeps the inverter's rating",
        source="Definition of PVWatts 5 (Dobos 2014)",
        sample=roofs,
        measure=limits_of_pv,
        limits={"in the dark": (0, 0), "over rating": (0.7, 1.0 + 1e-9)},
        mutants={
            "white noise": lambda s: replace(
                s, power=s.power + 0.01 * np.random.default_rng(3).normal(size=s.power.shape)
            ),
            "constant": lambda s: replace(s, power=_constant(s.power)),
            "clock 2 h off": lambda s: replace(s, power=np.roll(s.power, -24, axis=2)),
            "gain": lambda s: replace(s, power=1.2 * s.power),
            "shuffled hours": lambda s: replace(s, power=_permuted(s.power)),
        },
    ),
    Bar(
        number="3b",
        title="Hours are hardly ever brighter than clear sky",
        source="QCRad (Long & Shi 2008); cloud enhancement seldom lasts an hour",
        sample=town,
        measure=clear_share,
        limits={"p99 of GHI/clear": (0.9, 1.2)},
        mutants={
            "gain": lambda s: replace(s, ghi=1.4 * s.ghi),
            "shuffled hours": lambda s: replace(s, ghi=_permuted(s.ghi)),
            "overcast": lambda s: replace(s, ghi=0.3 * s.ghi_clear),
        },
    ),
    Bar(
        number="9b",
        title="Sun and wind complement each other",
        source="Heide et al. (2010): weak correlation of hourly wind and solar power",
        sample=town,
        measure=sun_and_wind,
        limits={"|r|": (0, 0.25)},
        mutants={"wind follows the sun": lambda s: replace(s, wind=s.wind + 0.5 * s.wind.mean() * s.pv / s.pv.mean())},
    ),
    Bar(
        number="12",
        title="The load is even, works on working days and repeats by the week",
        source="BDEW standard load profiles (in the package demandlib) in a mix of homes and business",
        sample=town,
        measure=load_shape,
        limits={"load factor": (0.65, 0.90), "workday/weekend": (1.08, 1.30), "lag-168h": (0.7, 1.0)},
        mutants={
            "white noise": _load(_noise),
            "constant": _load(_constant),
            "shuffled hours": _load(_permuted),
            "no weekend": lambda s: replace(
                s, load=np.where(s.workday[:, None], s.load, s.load[s.workday].mean(axis=0))
            ),
        },
    ),
    Bar(
        number="12b",
        title="One home is peaky",
        source="Load factors of single dwellings, Richardson et al. (2010)",
        sample=town,
        measure=home_shape,
        limits={"load factor": (0.25, 0.45)},
        mutants={
            "constant": lambda s: replace(s, homes=_constant(s.homes)),
            "mean of homes": lambda s: replace(s, homes=s.homes.mean(axis=1, keepdims=True)),
        },
    ),
    Bar(
        number="12c",
        title="Heat raises the load",
        source="Henley & Peirson (1997): V-shaped answer to temperature",
        sample=town,
        measure=heat_response,
        limits={"r": (0.6, 1.0)},
        mutants={
            "white noise": _load(_noise),
            "constant": _load(_constant),
            "shuffled hours": _load(_all_permuted),
        },
    ),
    Bar(
        number="13",
        title="Powers balance and registers count them",
        source="Conservation of energy; meters of class 0.5",
        sample=books,
        measure=balance,
        limits={
            "greatest residual": (0, 0.005),
            "least increase": (0, 100),
            "register against integral": (0, 0.01),
            "idle registers": (0, 0.002),
        },
        mutants={
            "one meter 2 % off": lambda s: replace(s, residual=s.residual + 0.02),
            "register reset": lambda s: replace(
                s, increases=np.where(s.increases == s.increases.max(), -500.0, s.increases)
            ),
            "register 2 % slow": lambda s: replace(s, metered=0.98 * s.metered),
            "shuffled hours": lambda s: replace(s, metered=_permuted(s.metered)),
        },
    ),
    Bar(
        number="13b",
        title="The battery stays within itself and loses a little",
        source="Round trip of lithium-ion systems .80-.95 (NREL ATB)",
        sample=books,
        measure=storage,
        limits={"least charge": (0, 30), "greatest charge": (70, 100), "round trip": (0.80, 0.95)},
        mutants={
            "no losses": lambda s: replace(s, discharged=s.charged),
            "swapped registers": lambda s: replace(s, discharged=s.charged, charged=s.discharged),
            "white noise": lambda s: replace(
                s, charge=s.charge + 30 * np.random.default_rng(3).normal(size=s.charge.shape)
            ),
            "constant": lambda s: replace(s, charge=_constant(s.charge)),
        },
    ),
    Bar(
        number="14",
        title="Cars charge only while plugged in, and come home at 16-19 h",
        source="Definition; arrival times of national travel surveys",
        sample=points,
        measure=charging_points,
        limits={
            "power while unplugged": (0, 0),
            "energy over rated power x time": (0.2, 1.0),
            "share of time plugged": (0.1, 0.6),
            "home plug-in mode": (16, 18),
        },
        mutants={
            "white noise": lambda s: replace(s, power=np.abs(_noise(s.power))),
            "constant": lambda s: replace(s, power=_constant(s.power)),
            "shuffled hours": lambda s: replace(s, power=_permuted(s.power)),
            "clock 6 h off": lambda s: replace(
                s, power=np.roll(s.power, 72, axis=2), connected=np.roll(s.connected, 72, axis=2)
            ),
            "gain": lambda s: replace(s, power=20 * s.power),
        },
    ),
    Bar(
        number="18",
        title="Cloud dims PV, and only its own",
        source="Ablation: the sector under the weather of other days",
        sample=cloud_and_sun,
        measure=ablated,
        limits={"|r|": (0.5, 1.0), "|r| shuffled": (0, 0.1)},
        mutants={
            "white noise": lambda s: replace(s, own=_noise(s.own)),
            "shuffled hours": lambda s: replace(s, own=_permuted(s.own)),
            "weather of its own": lambda s: replace(s, other=(s.own,)),
        },
    ),
    Bar(
        number="18b",
        title="Heat raises the load, and only its own",
        source="Ablation: the sector under the weather of other days",
        sample=heat_and_load,
        measure=ablated,
        limits={"|r|": (0.5, 1.0), "|r| shuffled": (0, 0.1)},
        mutants={
            "white noise": lambda s: replace(s, own=_noise(s.own)),
            "shuffled hours": lambda s: replace(s, own=_permuted(s.own)),
            "weather of its own": lambda s: replace(s, other=(s.own,)),
        },
    ),
]
