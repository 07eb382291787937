"""What the transport sector publishes in some weeks, in the shapes that its bars judge. Days from 04:00."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from warnings import catch_warnings, simplefilter

import numpy as np
import numpy.typing as npt

from park.catalogue import DeviceKind
from park.columns import quantise
from park.model import NO_ORDERS, Bools, Floats, Ints, Observation, WorldDay
from sectors.transport.buses import APART_MS, Buses
from sectors.transport.catalogue import BUS, PARKING_LOT, TRAFFIC_DETECTOR, TRAFFIC_SIGNAL
from sectors.transport.model import TransportModel
from sectors.transport.service import LEGS
from tests.reference.walk import Walked, setting_of, shuffled_rhythm, shuffled_weather, town, walk, world_of

#: Enough that some of the roads are busy: of two, both may have little that holds buses up.
CELLS = 4
HOURS = 24
#: Cells whose totals make those of their sites.
_OF_SITES = 8
_FIRST = 5
_BUS_S = 10.0
#: Leg on the way back that begins where headways are taken.
_STOP = 18
_BATCH = 16


@dataclass(frozen=True, kw_only=True, eq=False)
class Hourly:
    """Hourly flow: (series, days, 24) from 04:00, and which days are workdays."""

    flow: Floats
    workday: Bools


@dataclass(frozen=True, kw_only=True, eq=False)
class Minutely:
    """Published values of detectors: (cells, detectors, days, 1440), capacity below the signal and work.

    Attributes:
        green: (cells,).
        kind: (days,) days that are alike.
    """

    flow: Floats
    speed: Floats
    density: Floats
    total: Ints
    green: Floats
    kind: Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Gates:
    """Published values of car parks: (series, instants), a minute apart."""

    spaces: Ints
    occupied: Ints
    entered: Ints
    left: Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Lines:
    """Published values of buses, 30 s apart, and where the park has its sites.

    Attributes:
        delay: (cells, buses, days, instants) s; NaN in the depot.
        km: (cells, buses, days) driven.
        latitude, longitude: (cells, buses, days, instants).
        site_latitude, site_longitude: (sites,) of the town.
        site: (cells,) row of each line's own site in them.
        headways: gaps, s, of each line and day that pass a place.
    """

    delay: Floats
    km: Floats
    latitude: Floats
    longitude: Floats
    site_latitude: Floats
    site_longitude: Floats
    site: Ints
    headways: tuple[Floats, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Coupled:
    """Hourly daytime anomalies: of speed, of how wet it is, and of the buses' speed and the traffic's."""

    speed: Floats
    wet: Floats
    bus: Floats
    road: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Season:
    """Everything of some weeks; `queue` (cells, days, 1440)."""

    hourly: Hourly
    minutely: Minutely
    gates: Gates
    lines: Lines
    queue: Floats
    coupled: Coupled


@dataclass(frozen=True, kw_only=True, eq=False)
class DayTotals:
    """(series, days) vehicles of each site's roads and car parks by day; `kind` (days,) of days that are alike."""

    vehicles: Floats
    kind: Ints


def published(observed: Observation, kind: DeviceKind, name: str) -> Floats:
    """A channel as it is stored; NaN where it is absent."""
    channel = kind.channel[name]
    whole, present = quantise(channel, observed[name])
    values = whole / channel.scale
    return values if present is None else np.where(present, values, np.nan)


def kinds_of(days: Sequence[WorldDay]) -> Ints:
    """A number for days that are alike: weekdays, make-up workdays, holidays."""
    return np.array([7 if day.holiday else 8 if day.workday and day.weekday > 4 else day.weekday for day in days])


@cache
def season(seed: int, days: int, *, shuffled: bool = False) -> Season:
    """The park's own data; with `shuffled`, of days that had another day's weather than the record says."""
    world = world_of(seed)
    true = [world.day(_FIRST + i) for i in range(days)]
    sky = {day.index: day for day in (shuffled_weather(true, seed) if shuffled else true)}
    walked = walk("transport", seed, days, CELLS, first=_FIRST, weather=lambda i: sky[i] if i in sky else world.day(i))
    parts = [(_detectors(day), _gates(day), _buses(day), _queue(day), day.state) for day in walked]
    seen = {name: np.stack([part[0][name] for part in parts], axis=2) for name in parts[0][0]}
    bus = {name: np.stack([part[2][name] for part in parts], axis=2) for name in parts[0][2]}
    minutely = Minutely(
        flow=seen["intensity"],
        speed=seen["average_vehicle_speed"],
        density=seen["density"],
        total=seen["vehicle_total"].astype(np.int64),
        green=parts[0][4].roads.green_ratio,
        kind=kinds_of(true),
    )
    workday = np.array([day.workday for day in true])
    flow = minutely.flow.reshape(CELLS * TRAFFIC_DETECTOR.per_cell, days, HOURS, 60).mean(-1)
    # The rain on the first road's own site: the town's first site has none.
    there = int(setting_of("transport", seed).site_of(np.arange(1))[0])
    wet = np.stack([day.precipitation[there, :-1].reshape(HOURS, 12).mean(1) for day in true])
    return Season(
        hourly=Hourly(flow=flow, workday=workday),
        minutely=minutely,
        gates=Gates(**{name: np.concatenate([part[1][name] for part in parts], axis=1) for name in parts[0][1]}),
        lines=_lines(seed, bus, tuple(gaps for part in parts for gaps in _headways(part[4].buses))),
        queue=np.stack([part[3] for part in parts], axis=1),
        coupled=_coupled(minutely, bus["hourly"].transpose(2, 0, 1), wet, workday),
    )


@cache
def day_totals(seed: int, days: int, *, ablated: bool = False) -> DayTotals:
    """Of every site, as its registers tell; with `ablated`, the car parks had the people of other days."""
    model, cells, world = TransportModel(setting_of("transport", seed)), np.arange(_OF_SITES), world_of(seed)
    true = [day for first in range(1, days + 1, _BATCH) for day in world.days(first, min(first + _BATCH, days + 1))]
    roads = _registers(model, cells, true)["entered"].sum(axis=-1)
    lots = _registers(model, cells, shuffled_rhythm(true, seed) if ablated else true)["visits"].sum(axis=-1)
    site = setting_of("transport", seed).site_of(cells)
    rows = [part[:, site == one].sum(axis=1) for one in np.unique(site) for part in (roads, lots)]
    return DayTotals(vehicles=np.stack(rows).astype(np.float64), kind=kinds_of(true))


def _registers(model: TransportModel, cells: Ints, days: Sequence[WorldDay]) -> dict[str, npt.NDArray[np.int64]]:
    carries = [model.begin(cells)]
    for day in days:
        carries.append(model.advance(cells, carries[-1], day, NO_ORDERS))
    return {name: np.diff(np.stack([carry[name] for carry in carries]), axis=0) for name in ("entered", "visits")}


def _detectors(day: Walked) -> dict[str, Floats]:
    seen = day.observe("traffic_detector", 60.0)
    names = ("intensity", "average_vehicle_speed", "density", "vehicle_total")
    return {name: published(seen, TRAFFIC_DETECTOR, name) for name in names}


def _gates(day: Walked) -> dict[str, Ints]:
    lot = day.observe("parking_lot", 60.0)
    channels = {
        "spaces": "total_spot_number",
        "occupied": "occupied_spot_number",
        "entered": "vehicle_entrance_count",
        "left": "vehicle_exit_count",
    }
    return {key: quantise(PARKING_LOT.channel[name], lot[name])[0].reshape(CELLS, -1) for key, name in channels.items()}


def _queue(day: Walked) -> Floats:
    return published(day.observe("traffic_signal", 60.0), TRAFFIC_SIGNAL, "queue_length")[:, 0]


def _buses(day: Walked) -> dict[str, Floats]:
    seen = day.observe("bus", _BUS_S)
    names = ("latitude", "longitude", "delay", "mileage_from_odometer")
    rough = {name: published(seen, BUS, name)[..., ::3] for name in names} | {"status": seen["status"][..., ::3]}
    driving = seen["status"] == BUS.channel["status"].texts.index("driving")
    speed = np.where(driving, seen["speed"], np.nan).reshape(CELLS, -1, HOURS, int(3600 / _BUS_S))
    with catch_warnings():
        simplefilter("ignore", RuntimeWarning)  # no bus drives by night
        return rough | {"hourly": np.nan_to_num(np.nanmean(speed, axis=(1, 3)))}


def _headways(buses: Buses) -> list[Floats]:
    """Gaps between the buses of each line that leave the same stop on the way back."""
    legs = buses.leg.reshape(len(buses.roads), buses.buses, -1)
    left = (buses.knots[::2] % APART_MS).reshape(legs.shape) / 1000.0
    run = np.arange(legs.shape[-1]) < buses.runs.reshape(*legs.shape[:2], 1)
    return [np.diff(np.sort(left[c][run[c] & (legs[c] % LEGS == _STOP)])) for c in range(len(legs))]


def _lines(seed: int, bus: dict[str, Floats], headways: tuple[Floats, ...]) -> Lines:
    setting = setting_of("transport", seed)
    parked = bus["status"] == BUS.channel["status"].texts.index("depot")
    north, east = town_sites(seed)
    return Lines(
        delay=np.where(parked, np.nan, bus["delay"]),
        km=bus["mileage_from_odometer"][..., -1] - bus["mileage_from_odometer"][..., 0],
        latitude=bus["latitude"],
        longitude=bus["longitude"],
        site_latitude=north,
        site_longitude=east,
        site=setting.site_of(np.arange(CELLS)),
        headways=headways,
    )


def town_sites(seed: int) -> tuple[Floats, Floats]:
    """Latitude and longitude of every site."""
    sites = town(seed).sites
    return np.array([site.latitude for site in sites]), np.array([site.longitude for site in sites])


def _anomaly(values: Floats, workday: Bools) -> Floats:
    """Less the mean of the same hour on days of the same sort: (..., days, hours)."""
    out = np.empty_like(values)
    for sort in (True, False):
        days = workday == sort
        out[..., days, :] = values[..., days, :] - values[..., days, :].mean(axis=-2, keepdims=True)
    return out


def _coupled(minutely: Minutely, bus: Floats, wet: Floats, workday: Bools) -> Coupled:
    """Hours 07 to 21. Rain is set against one site's detectors in free flow, buses against their whole road."""
    speed = np.nanmean(minutely.speed.reshape(*minutely.speed.shape[:3], HOURS, 60), axis=-1)
    hours = slice(3, 17)
    return Coupled(
        speed=_anomaly(speed[0, 4:].mean(axis=0)[:, hours], workday).ravel(),
        wet=_anomaly(1 - np.exp(-wet[:, hours] / 3), workday).ravel(),
        bus=_anomaly(bus.transpose(1, 0, 2)[..., hours], workday).ravel(),
        road=_anomaly(speed.mean(axis=1)[..., hours], workday).ravel(),
    )
