"""Bars of the logistics sector.

No real series of a cold chain is in a package that is used here: limits are physics and standards, and where a limit
is judgement its source says so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from park.model import Bools, Floats, WorldDay
from sectors.logistics.parcel import ACTIVATION_K
from tests.reference.bar import Bar
from tests.reference.walk import shuffled_weather, walk, world_of

Ablation = Callable[[list[WorldDay], int], list[WorldDay]]
CELLS, YEAR, EVERY = 2, 365, 14
SETPOINT = np.array([4.0, -20.0])[:, None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """A year of two hubs.

    Attributes:
        warmth: (days,) mean air outside, Cel.
        kwh: (days,) of all rooms.
        room, truck, dock, parcel: readings of every 14th day: channel to (days * cells, units, instants); rooms and
            lorries every 60 and 15 s, docks every 300 s, parcels every 300 s.
        damp: (days * cells,) mean temperature times relative humidity, for rooms.
    """

    warmth: Floats
    kwh: Floats
    room: Mapping[str, Any]
    truck: Mapping[str, Any]
    dock: Mapping[str, Any]
    parcel: Mapping[str, Any]
    damp: Floats


@cache
def seen(seed: int, days: int, ablation: Ablation | None = None) -> Seen:
    """What the park does; under an ablation the models see spoilt days."""
    true = list(world_of(seed).days(0, days))
    given = ablation(true, seed) if ablation else true
    parts: dict[str, list[Mapping[str, Any]]] = {name: [] for name in ("room", "truck", "dock", "parcel")}
    kwh, damp = [], []
    for day in walk("logistics", seed, days, CELLS, weather=lambda index: given[index]):
        kwh.append(float((day.after["room_energy"] - day.before["room_energy"]).sum()))
        if day.world.index % EVERY == 0:
            parts["room"].append(day.observe("cold_room", 60.0))
            parts["truck"].append(day.observe("reefer_truck", 15.0))
            parts["dock"].append(day.observe("dock_door", 300.0))
            parts["parcel"].append(day.observe("parcel_logger", 300.0))
            damp += [float((day.world.relative_humidity * np.exp(0.06 * day.world.temperature)).mean())] * CELLS
    joined = {name: {c: np.concatenate([d[c] for d in some]) for c in some[0]} for name, some in parts.items()}
    warmth = np.array([day.temperature.mean() for day in true])
    return Seen(warmth=warmth, kwh=np.array(kwh), damp=np.array(damp), **joined)


def load(data: Seen) -> Mapping[str, float]:
    """Energy against warmth."""
    return {
        "kWh with warmth": float(np.corrcoef(data.kwh, data.warmth)[0, 1]),
        "warmest/coldest month": float(
            data.kwh[data.warmth >= np.quantile(data.warmth, 0.92)].mean()
            / data.kwh[data.warmth <= np.quantile(data.warmth, 0.08)].mean()
        ),
        "duty": float(data.room["compressor_on"].mean()),
    }


def _quiet(data: Seen) -> Bools:
    """Neither a door nor a thaw in the 30 minutes before."""
    stirred = data.room["door_open"] | data.room["defrost"]
    total = np.cumsum(stirred, axis=-1)
    quiet = np.zeros(stirred.shape, dtype=bool)
    quiet[..., 30:] = total[..., 30:] == total[..., :-30]
    return quiet


def control(data: Seen) -> Mapping[str, float]:
    """How the air keeps to the set point while nothing disturbs it."""
    off, quiet = data.room["air_temperature"] - SETPOINT, _quiet(data)
    both = quiet[..., 1:] & quiet[..., :-1]
    return {
        "within 2 K": float((np.abs(off[quiet]) <= 2.0).mean()),
        "SD": float(off[quiet].std()),
        "lag-1 min": float(np.corrcoef(off[..., 1:][both], off[..., :-1][both])[0, 1]),
    }


def doors(data: Seen) -> Mapping[str, float]:
    """What an opening does to a frozen room's air."""
    air, is_open = data.room["air_temperature"][:, 1], data.room["door_open"][:, 1]
    begins = is_open[:, 1:] & ~is_open[:, :-1]
    day, at = np.nonzero(begins[:, 40:-40])
    at += 40
    stays = np.array([is_open[d, a + 1 : a + 12].sum() for d, a in zip(day, at, strict=True)])
    rise = np.array([air[d, a : a + 12].max() - air[d, a] for d, a in zip(day, at, strict=True)])
    return {
        "raise it by 1 K": float((rise[stays >= 2] >= 1.0).mean()),
        "rise with minutes open": float(np.corrcoef(rise, stays)[0, 1]),
        "goods/air": float(data.room["product_temperature"][:, 1].std(axis=-1).mean() / air.std(axis=-1).mean()),
    }


def thaws(data: Seen) -> Mapping[str, float]:
    """How often coils are thawed, and what they are at then."""
    on = data.room["defrost"]
    count = (on[..., 1:] & ~on[..., :-1]).sum(axis=-1)
    ends = on[..., :-1] & ~on[..., 1:]
    damp = np.broadcast_to(data.damp[:, None], count.shape)
    return {
        "fewest": float(count.min()),
        "most": float(count.max()),
        "coil at the end": float(data.room["evaporator_temperature"][..., :-1][ends].min()),
        "runs meanwhile": float((on & data.room["compressor_on"]).mean()),
        "more with damp": float(np.corrcoef(count.ravel(), damp.ravel())[0, 1]) if np.ptp(count) else 0.0,
    }


def kinetic(data: Seen) -> Mapping[str, float]:
    """What loggers say, against the formula over their readings."""
    felt, said = data.parcel["temperature"] + 273.15, data.parcel["mean_kinetic_temperature"][..., -1] + 273.15
    formula = ACTIVATION_K / -np.log(np.exp(-ACTIVATION_K / felt).mean(axis=-1))
    return {
        "least above the mean": float((said - felt.mean(axis=-1)).min()),
        "mean above the mean": float((said - felt.mean(axis=-1)).mean()),
        "furthest from the formula": float(np.abs(said - formula).max()),
    }


def custody(data: Seen) -> Mapping[str, float]:
    """The way of a parcel."""
    step = np.diff(data.parcel["custody"].astype(int), axis=-1) % 3
    return {"illegal": float((step == 2).sum()), "hand-overs a day": float((step == 1).sum(axis=-1).mean())}


def driving(data: Seen) -> Mapping[str, float]:
    """Motion and fuel."""
    lorry = {name: values[:, 0] for name, values in data.truck.items()}
    km = lorry["odometer"][:, -1] - lorry["odometer"][:, 0]
    integral = lorry["speed"].sum(axis=-1) * 15.0 / 3600.0
    north = np.diff(lorry["latitude"]) * 111_320.0
    east = np.diff(lorry["longitude"]) * 111_320.0 * np.cos(np.radians(31.5))
    under_way = lorry["status"] == 2
    burnt = np.diff(lorry["fuel_used"], axis=-1)
    return {
        "speed/odometer": float(integral.sum() / km.sum()),
        "fastest between fixes, m/s": float(np.hypot(north, east).max() / 15.0),
        "standstill": float((lorry["speed"][under_way] < 1).mean()),
        "L/100 km": float(100.0 * burnt.sum() / km.sum()),
        "fuel with speed": float(np.corrcoef(burnt.ravel(), lorry["speed"][:, 1:].ravel())[0, 1]),
    }


def docks(data: Seen) -> Mapping[str, float]:
    """Turnarounds and hours."""
    trucks, took = data.dock["trucks"], data.dock["turnaround_time"]
    left = np.diff(trucks, axis=-1) > 0
    dwell = took[..., 1:][left]
    by_hour = np.diff(trucks[..., ::12], axis=-1).sum(axis=(0, 1)).astype(float)
    four = np.convolve(by_hour, np.ones(4), mode="valid").max() / by_hour.sum()
    return {
        "median dwell": float(np.median(dwell)),
        "above 2 h": float((dwell > 120).mean()),
        "busiest four hours": float(four),
    }


def _put(part: str, name: str, change: Callable[[Any], Any]) -> Callable[[Seen], Seen]:
    def spoil(data: Seen) -> Seen:
        values: Mapping[str, Any] = getattr(data, part)
        spoilt: dict[str, Any] = {part: {**values, name: change(values)}}
        return replace(data, **spoilt)

    return spoil


def _other_weather(data: Seen) -> Seen:
    return replace(seen(42, len(data.kwh), shuffled_weather), warmth=data.warmth)


def _white(room: Mapping[str, Any]) -> Any:
    return SETPOINT + 0.6 * np.random.default_rng(1).normal(size=room["air_temperature"].shape)


def _clock(room: Mapping[str, Any]) -> Bools:
    return np.broadcast_to(np.arange(1440) % 360 < 20, room["defrost"].shape) & (np.arange(1440) > 20)


def _teleport(truck: Mapping[str, Any]) -> Any:
    moved = truck["latitude"].copy()
    moved[0, 0, 2000] += 0.02
    return moved


def _by_time(truck: Mapping[str, Any]) -> Floats:
    return np.broadcast_to(np.linspace(0.0, 6.0, truck["fuel_used"].shape[-1]), truck["fuel_used"].shape)


def _dropped(parcel: Mapping[str, Any]) -> Any:
    """The carrier's part of the first day is not told."""
    told = parcel["custody"].copy()
    told[0] = np.where(told[0] == 1, 0, told[0])
    return told


def _even(dock: Mapping[str, Any]) -> Any:
    whole = np.arange(dock["trucks"].shape[-1]) // 18
    return np.broadcast_to(whole, dock["trucks"].shape)


BARS = [
    Bar(
        number="L1",
        title="Rooms draw more when it is warm",
        source="Judgement from duties of cold stores; physics of walls and of condensers",
        sample=seen,
        measure=load,
        limits={"kWh with warmth": (0.6, 0.99), "warmest/coldest month": (1.3, 3.0), "duty": (0.2, 0.9)},
        mutants={"weather of another day": _other_weather},
        least_days=YEAR,
    ),
    Bar(
        number="L2",
        title="Air keeps to the set point",
        source="Judgement; differentials of start-stop units, 1 to 1.5 K either side",
        sample=seen,
        measure=control,
        limits={"within 2 K": (0.95, 1.0), "SD": (0.2, 1.5), "lag-1 min": (0.8, 1.0)},
        mutants={
            "constant": _put("room", "air_temperature", lambda room: SETPOINT + 0.02 * (_white(room) - SETPOINT)),
            "white noise": _put("room", "air_temperature", _white),
        },
        least_days=YEAR,
    ),
    Bar(
        number="L3",
        title="Doors warm the air, not the goods",
        source="Judgement from ASHRAE Refrigeration, ch. 24",
        sample=seen,
        measure=doors,
        limits={"raise it by 1 K": (0.9, 1.0), "rise with minutes open": (0.4, 1.0), "goods/air": (0.05, 0.4)},
        mutants={
            "door log an hour late": _put("room", "door_open", lambda room: np.roll(room["door_open"], 60, axis=-1)),
            "goods are air": _put("room", "product_temperature", lambda room: room["air_temperature"]),
        },
        least_days=YEAR,
    ),
    Bar(
        number="L4",
        title="Coils are thawed as they frost",
        source="Practice: every 4 to 12 h, ended at 8 to 15 Cel",
        sample=seen,
        measure=thaws,
        limits={
            "fewest": (2, 8),
            "most": (2, 8),
            "coil at the end": (0, 15),
            "runs meanwhile": (0, 0),
            "more with damp": (0.3, 1.0),
        },
        mutants={"a clock": _put("room", "defrost", _clock)},
        least_days=YEAR,
    ),
    Bar(
        number="L5",
        title="Mean kinetic temperature",
        source="USP <1079.2>; 0.1 K of a logger's noise on 288 readings",
        sample=seen,
        measure=kinetic,
        limits={
            "least above the mean": (-0.02, 1.0),
            "mean above the mean": (0.015, 0.5),
            "furthest from the formula": (0, 0.05),
        },
        mutants={
            "arithmetic mean": _put(
                "parcel",
                "mean_kinetic_temperature",
                lambda parcel: 0 * parcel["temperature"] + parcel["temperature"].mean(axis=-1, keepdims=True),
            )
        },
        least_days=YEAR,
    ),
    Bar(
        number="L6",
        title="One keeper at a time",
        source="EPCIS 2.0: the order of a thing's way",
        sample=seen,
        measure=custody,
        limits={"illegal": (0, 0), "hand-overs a day": (3, 3)},
        mutants={"a hand-over is not told": _put("parcel", "custody", _dropped)},
        least_days=YEAR,
    ),
    Bar(
        number="L7",
        title="Lorries move and burn",
        source="Physics; standstill .18 to .22 in three real drives, widened by judgement for lights in a city",
        sample=seen,
        measure=driving,
        limits={
            "speed/odometer": (0.98, 1.02),
            "fastest between fixes, m/s": (5, 33),
            "standstill": (0.1, 0.4),
            "L/100 km": (12, 18),
            "fuel with speed": (0.5, 1.0),
        },
        mutants={
            "one teleport": _put("truck", "latitude", _teleport),
            "fuel by time only": _put("truck", "fuel_used", _by_time),
        },
        least_days=YEAR,
    ),
    Bar(
        number="L8",
        title="Lorries at docks",
        source="Judgement from ATRI 2024 (detention) and dock practice",
        sample=seen,
        measure=docks,
        limits={"median dwell": (45, 120), "above 2 h": (0.05, 0.4), "busiest four hours": (0.3, 0.55)},
        mutants={"evenly over the day": _put("dock", "trucks", _even)},
        least_days=YEAR,
    ),
]
