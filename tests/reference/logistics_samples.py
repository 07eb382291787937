"""What the logistics sector reports and, of rooms, docks and parcels, what is true. Days run from 04:00 to 04:00."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from park.model import Bools, Floats, Ints, WorldDay
from sectors.logistics.room import SETPOINT as BY_SORT
from sectors.logistics.room import STORES
from tests.reference.walk import Walked, shuffled_weather, walk, world_of

Ablation = Callable[[list[WorldDay], int], list[WorldDay]]
CELLS, YEAR, EVERY = 2, 365, 14
ROOMS = 2 * CELLS
SETPOINT = BY_SORT[:, None]
TRUCK_S, FINE_S = 15.0, 5.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Heat:
    """Kilojoules of (days * rooms,) room-days: what came in through doors and otherwise, what was taken out by the
    readings of `compressor_on`, and by how much more the air holds at the end, by its readings.
    """

    doors: Floats
    others: Floats
    taken: Floats
    stored: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """A year of two hubs.

    Attributes:
        warmth: (days,) mean air outside, Cel.
        enthalpy: (days,) of it, kJ/kg.
        kwh: (days,) of all rooms.
        heat: of every 14th day, as all below.
        room, truck, dock, parcel: readings: channel to (days * cells, units, instants); rooms every 60 s, lorries every
            15 s, docks every 60 s, parcels every 300 s.
        damp: (days * cells,) mean temperature times relative humidity, for rooms.
        arrives, serves, waits: (days, doors, bookings) s, NaN where none came.
        felt, kinetic: (days * parcels, GRID_POINTS) Cel, without the instruments' noise.
        parcel_number: (cells, units) of the loggers.
    """

    warmth: Floats
    enthalpy: Floats
    kwh: Floats
    heat: Heat
    room: Mapping[str, Any]
    truck: Mapping[str, Any]
    dock: Mapping[str, Any]
    parcel: Mapping[str, Any]
    damp: Floats
    arrives: Floats
    serves: Floats
    waits: Floats
    felt: Floats
    kinetic: Floats
    parcel_number: Ints


@cache
def seen(seed: int, days: int, ablation: Ablation | None = None) -> Seen:
    """What the park does; under an ablation the models see spoilt days."""
    true = list(world_of(seed).days(0, days))
    given = ablation(true, seed) if ablation else true
    parts: dict[str, list[Mapping[str, Any]]] = {name: [] for name in ("room", "truck", "dock", "parcel", "truth")}
    kwh = []
    for day in walk("logistics", seed, days, CELLS, weather=lambda index: given[index]):
        kwh.append(float((day.after["room_energy"] - day.before["room_energy"]).sum()))
        if day.world.index % EVERY == 0:
            parts["room"].append(day.observe("cold_room", 60.0))
            parts["truck"].append(day.observe("reefer_truck", TRUCK_S))
            parts["dock"].append(day.observe("dock_door", 60.0))
            parts["parcel"].append(day.observe("parcel_logger", 300.0))
            parts["truth"].append(_truth(day))
    joined = {name: {c: np.concatenate([d[c] for d in some]) for c in some[0]} for name, some in parts.items()}
    truth = joined.pop("truth")
    return Seen(
        warmth=np.array([day.temperature.mean() for day in true]),
        enthalpy=np.array([_enthalpy(day.temperature, day.relative_humidity).mean() for day in true]),
        kwh=np.array(kwh),
        heat=Heat(**{name: truth.pop(name) for name in ("doors", "others", "taken", "stored")}),
        parcel_number=np.arange(joined["parcel"]["custody"].shape[1] * CELLS).reshape(CELLS, -1),
        room=joined["room"],
        truck=joined["truck"],
        dock=joined["dock"],
        parcel=joined["parcel"],
        **truth,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Ablated:
    """(days,) mean air outside, Cel, and (times, days) kW.h of all rooms under other days' weather."""

    warmth: Floats
    kwh: Floats


@cache
def ablated_year(seed: int, days: int, times: int = 4) -> Ablated:
    """As often as that, for days that are dealt out once are as warm as their own by chance."""
    true = list(world_of(seed).days(0, days))
    kwh = []
    for time in range(times):
        given = shuffled_weather(true, 1000 * seed + time)
        total = np.zeros(1)
        for day in walk("logistics", seed, days, CELLS, weather=given.__getitem__):
            total = np.append(total, day.after["room_energy"].sum())
        kwh.append(np.diff(total))
    return Ablated(warmth=np.array([day.temperature.mean() for day in true]), kwh=np.array(kwh))


def _truth(day: Walked) -> dict[str, Floats]:
    """What no instrument of a day says; `taken` and `stored` are of readings."""
    rooms, docks, parcels = day.state.rooms, day.state.docks, day.state.parcels
    fine = {name: day.observe("cold_room", FINE_S)[name] for name in ("compressor_on", "air_temperature")}
    on, air = (values.reshape(ROOMS, -1) for values in fine.values())
    damp = float((day.world.relative_humidity * np.exp(0.06 * day.world.temperature)).mean())
    came = docks.comes
    return {
        "doors": rooms.let_in.sum(axis=1) * 300.0,
        "others": (rooms.load - rooms.let_in).sum(axis=1) * 300.0,
        "taken": on.sum(axis=1) * FINE_S * rooms.capacity[:, 0],
        "stored": (air[:, -1] - air[:, 0]) * np.tile(STORES, CELLS) + rooms.waiting[:, -1] - rooms.waiting[:, 0],
        "damp": np.full(CELLS, damp),
        "arrives": np.where(came, docks.arrives, np.nan)[None],
        "serves": np.where(came, docks.serves, np.nan)[None],
        "waits": np.where(came, docks.begins - docks.arrives, np.nan)[None],
        "felt": parcels.series,
        "kinetic": parcels.kinetic,
    }


def _enthalpy(temperature: Floats, humidity: Floats) -> Floats:
    """KJ/kg of dry air, of moist air at 1013 hPa (ASHRAE Fundamentals, chapter 1)."""
    pressure = humidity / 100.0 * 6.112 * np.exp(17.62 * temperature / (243.12 + temperature))
    ratio = 0.622 * pressure / (1013.0 - pressure)
    return np.asarray(1.006 * temperature + ratio * (2501.0 + 1.86 * temperature))


def quiet(data: Seen) -> Bools:
    """(days * cells, rooms, minutes): neither a door nor a thaw in the 30 minutes before."""
    stirred = data.room["door_open"] | data.room["defrost"]
    total = np.cumsum(stirred, axis=-1)
    found = np.zeros(stirred.shape, dtype=bool)
    found[..., 30:] = total[..., 30:] == total[..., :-30]
    return found
