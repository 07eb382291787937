"""Bars for traffic, buses and car parks. Days run from 04:00 to 04:00."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from park.catalogue import DeviceKind
from park.columns import quantise
from park.model import Bools, Floats, Ints, Observation
from sectors.transport.catalogue import BUS, PARKING_LOT, TRAFFIC_DETECTOR
from sectors.transport.corridor import CAPACITY, SATURATION
from tests.reference.bar import Bar
from tests.reference.walk import Walked, shuffled_weather, walk, world_of

#: Enough that some of the roads are busy: of two, both may have little that holds buses up.
CELLS = 4
_HOURS = 24
_FIRST = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Hourly:
    """Hourly flow: (series, days, 24) from 04:00, and which days are workdays."""

    flow: Floats
    workday: Bools


@dataclass(frozen=True, kw_only=True, eq=False)
class Minutely:
    """Published values of detectors: (cells, detectors, days, 1440), and capacity below the signal (cells,)."""

    flow: Floats
    speed: Floats
    density: Floats
    total: Ints
    green: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Gates:
    """Published values of car parks: (series, instants)."""

    spaces: Ints
    occupied: Ints
    entered: Ints
    left: Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Coupled:
    """Hourly daytime anomalies: of speed, of how wet it is, and of the buses' speed and the traffic's."""

    speed: Floats
    wet: Floats
    bus: Floats
    road: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class _Season:
    hourly: Hourly
    minutely: Minutely
    gates: Gates
    headways: tuple[Floats, ...]
    coupled: Coupled


def _published(observed: Observation, kind: DeviceKind, name: str) -> Floats:
    channel = kind.channel[name]
    whole, present = quantise(channel, observed[name])
    values = whole / channel.scale
    return values if present is None else np.where(present, values, np.nan)


@cache
def season(seed: int, days: int, *, shuffled: bool = False) -> _Season:
    """The park's own data; with `shuffled`, of days that had another day's weather than the record says."""
    world = world_of(seed)
    true = [world.day(_FIRST + i) for i in range(days)]
    sky = {day.index: day for day in (shuffled_weather(true, seed) if shuffled else true)}
    walked = walk("transport", seed, days, CELLS, first=_FIRST, weather=lambda i: sky[i] if i in sky else world.day(i))
    parts = [(day.state.roads.green_ratio, *_day(day)) for day in walked]
    minutely = Minutely(
        flow=np.stack([part[1]["intensity"] for part in parts], axis=2),
        speed=np.stack([part[1]["average_vehicle_speed"] for part in parts], axis=2),
        density=np.stack([part[1]["density"] for part in parts], axis=2),
        total=np.stack([part[1]["vehicle_total"] for part in parts], axis=2).astype(np.int64),
        green=parts[0][0],
    )
    workday = np.array([day.workday for day in true])
    flow = minutely.flow.reshape(CELLS * TRAFFIC_DETECTOR.per_cell, days, _HOURS, 60).mean(-1)
    wet = np.stack([day.precipitation[:1, :-1].reshape(_HOURS, 12).mean(1) for day in true])
    gates = {name: np.concatenate([part[2][name] for part in parts], axis=1) for name in parts[0][2]}
    return _Season(
        hourly=Hourly(flow=flow, workday=workday),
        minutely=minutely,
        gates=Gates(**gates),
        headways=tuple(gaps for part in parts for gaps in part[3]),
        coupled=_coupled(minutely, np.stack([part[4] for part in parts]), wet, workday),
    )


def _day(day: Walked) -> tuple[dict[str, Floats], dict[str, Ints], list[Floats], Floats]:
    seen = day.observe("traffic_detector", 60.0)
    names = ("intensity", "average_vehicle_speed", "density", "vehicle_total")
    lot = day.observe("parking_lot", 60.0)
    channels = {
        "spaces": "total_spot_number",
        "occupied": "occupied_spot_number",
        "entered": "vehicle_entrance_count",
        "left": "vehicle_exit_count",
    }
    bus = day.observe("bus", 30.0)
    driving = np.where(bus["status"] == BUS.channel["status"].texts.index("driving"), bus["speed"], np.nan)
    driving = driving.reshape(CELLS, -1, _HOURS, 120)
    hourly = np.nansum(driving, axis=(1, 3)) / np.maximum(np.isfinite(driving).sum(axis=(1, 3)), 1)
    return (
        {name: _published(seen, TRAFFIC_DETECTOR, name) for name in names},
        {key: quantise(PARKING_LOT.channel[name], lot[name])[0].reshape(CELLS, -1) for key, name in channels.items()},
        [_headways(_published(bus, BUS, "mileage_from_odometer")[cell]) for cell in range(CELLS)],
        hourly,
    )


def _headways(mileage: Floats, round_km: float = 12.0, at_km: float = 9.25) -> Floats:
    """Gaps, s, between the buses of a line that pass a place on the way back, from their odometers alone."""
    passed = []
    instants = 30.0 * np.arange(mileage.shape[1])
    for driven in mileage:
        marks = np.arange(driven[0] + at_km, driven[-1], round_km)
        passed.append(np.interp(marks, driven + 1e-9 * np.arange(len(driven)), instants))
    return np.diff(np.sort(np.concatenate(passed)))


def _anomaly(values: Floats, workday: Bools) -> Floats:
    """Less the mean of the same hour on days of the same sort: (..., days, hours)."""
    out = np.empty_like(values)
    for sort in (True, False):
        days = workday == sort
        out[..., days, :] = values[..., days, :] - values[..., days, :].mean(axis=-2, keepdims=True)
    return out


def _coupled(minutely: Minutely, bus: Floats, wet: Floats, workday: Bools) -> Coupled:
    """Hours 07 to 21. Rain is set against one site's detectors in free flow, buses against their whole road."""
    speed = np.nanmean(minutely.speed.reshape(*minutely.speed.shape[:3], _HOURS, 60), axis=-1)
    hours = slice(3, 17)
    return Coupled(
        speed=_anomaly(speed[0, 4:].mean(axis=0)[:, hours], workday).ravel(),
        wet=_anomaly(1 - np.exp(-wet[:, hours] / 3), workday).ravel(),
        bus=_anomaly(bus.transpose(1, 0, 2)[..., hours], workday).ravel(),
        road=_anomaly(speed.mean(axis=1)[..., hours], workday).ravel(),
    )


def profile(hourly: Hourly) -> dict[str, float]:
    """Figures of bar 15, the median over series."""
    figures = [_profile(flow, hourly.workday) for flow in hourly.flow]
    return {name: float(np.median([one[name] for one in figures])) for name in figures[0]}


def _profile(flow: Floats, workday: Bools) -> dict[str, float]:
    work, free = flow[workday], flow[~workday]
    mean = work.mean(axis=0)
    am, pm = int(np.argmax(mean[:8])), int(np.argmax(mean[8:20])) + 8
    series = flow.ravel()
    with np.errstate(invalid="ignore"):
        lag = np.corrcoef(series[168:], series[:-168])[0, 1]
    return {
        "peak share": float((work.max(axis=1) / work.sum(axis=1)).mean()),
        "morning peak": am + 4.0,
        "evening peak": pm + 4.0,
        "dip between": float(mean[am : pm + 1].min() / min(mean[am], mean[pm])),
        "weekend/weekday": float(free.sum(axis=1).mean() / work.sum(axis=1).mean()),
        "lag-168h": float(lag),
    }


def _shuffled_hours(hourly: Hourly) -> Hourly:
    rng = np.random.default_rng(1)
    series, days, _ = hourly.flow.shape
    mixed = rng.permuted(hourly.flow.reshape(series, -1), axis=1)
    return replace(hourly, flow=mixed.reshape(series, days, _HOURS))


def _white(hourly: Hourly) -> Hourly:
    return replace(hourly, flow=np.random.default_rng(1).uniform(500, 1500, hourly.flow.shape))


def _constant(hourly: Hourly) -> Hourly:
    return replace(hourly, flow=np.full_like(hourly.flow, 900.0))


def _every_day_alike(hourly: Hourly) -> Hourly:
    return replace(hourly, flow=np.repeat(hourly.flow[:, :1], hourly.flow.shape[1], axis=1))


def fundamental(minutely: Minutely) -> dict[str, float]:
    """Figures of bar 16."""
    moving = minutely.flow > 0
    off = np.abs(minutely.flow - minutely.density * minutely.speed)[moving] / minutely.flow[moving]
    cells, detectors = minutely.flow.shape[:2]
    fives = [part.reshape(cells, detectors, -1, 5) for part in (minutely.density, minutely.speed)]
    density, speed = fives[0].mean(-1), fives[1].mean(-1)
    known = np.isfinite(speed)
    with np.errstate(invalid="ignore"):
        r = [
            np.corrcoef(density[c, d][known[c, d]], speed[c, d][known[c, d]])[0, 1]
            for c in range(cells)
            for d in range(detectors)
        ]
    flow = minutely.flow.reshape(cells, detectors, -1, 15).mean(-1)
    below = SATURATION * minutely.green[:, None]
    between = minutely.total[:, 2:4] - minutely.total[:, 4:6]
    noon = minutely.flow[..., 360:660].reshape(cells, detectors, -1, 60) / 60
    return {
        "flow is density x speed": float(off.max()),
        "speed-density r": float(np.median(r)),
        "its weakest": float(np.max(r)),
        "flow/capacity": float(flow.max() / CAPACITY),
        "flow/capacity of the signal": float((flow[:, 4:].max(axis=(1, 2))[:, None] / below).max()),
        "fewest between two detectors": float(between.min()),
        "left between them at 04:00": float(np.abs(between[..., 0]).max()),
        "counts: variance/mean": float((noon.var(-1, ddof=1) / noon.mean(-1)).mean()),
    }


def _unrelated_speed(minutely: Minutely) -> Minutely:
    """Speeds of another hour, with densities to match the flow: q = k v alone proves nothing."""
    speed = np.roll(minutely.speed, 700, axis=-1)
    return replace(minutely, speed=speed, density=minutely.flow / np.maximum(speed, 3))


def _miscalibrated(minutely: Minutely) -> Minutely:
    return replace(minutely, density=minutely.density * 1.05)


def _counts_twice(minutely: Minutely) -> Minutely:
    total = minutely.total.copy()
    total[:, 4] += np.arange(total.shape[2])[:, None] * 20
    return replace(minutely, total=total)


def _smooth(minutely: Minutely) -> Minutely:
    hours = minutely.flow.reshape(*minutely.flow.shape[:3], _HOURS, 60)
    flow = np.repeat(hours.mean(-1), 60, axis=-1)
    return replace(minutely, flow=flow, density=flow / minutely.speed)


def gates(park: Gates) -> dict[str, float]:
    """Figures of bar 17 for car parks."""
    steps = [np.diff(part, axis=1) for part in (park.occupied, park.entered, park.left)]
    change, came, went = steps
    return {
        "in - out - change": float(np.abs(came - went - change).max()),
        "occupied/spaces": float((park.occupied / park.spaces).max()),
        "fewest occupied": float(park.occupied.min()),
        "smallest step of a register": float(min(came.min(), went.min())),
        "turnover a day": float(came.sum() / park.spaces[:, 0].sum() / (came.shape[1] / 1440)),
        "lag-1440 min": float(np.corrcoef(park.occupied[0, 1440:], park.occupied[0, :-1440])[0, 1]),
    }


def _blind_gate(park: Gates) -> Gates:
    return replace(park, entered=(park.entered * 0.99).astype(np.int64))


def _noise(park: Gates) -> Gates:
    occupied = np.random.default_rng(1).integers(0, park.spaces + 1)
    change = np.diff(occupied, axis=1, prepend=occupied[:, :1])
    return replace(
        park,
        occupied=occupied,
        entered=np.cumsum(np.maximum(change, 0), axis=1),
        left=np.cumsum(np.maximum(-change, 0), axis=1),
    )


def headway_cv(headways: tuple[Floats, ...]) -> dict[str, float]:
    """Mean over lines and days of the headways' coefficient of variation."""
    return {"headway CV": float(np.mean([gaps.std(ddof=1) / gaps.mean() for gaps in headways]))}


def _clockwork(headways: tuple[Floats, ...]) -> tuple[Floats, ...]:
    return tuple(np.full_like(gaps, gaps.mean()) for gaps in headways)


def _haphazard(headways: tuple[Floats, ...]) -> tuple[Floats, ...]:
    rng = np.random.default_rng(1)
    return tuple(rng.exponential(900.0, gaps.shape) for gaps in headways)


def coupling(coupled: Coupled) -> dict[str, float]:
    """Figures of bar 18: r of hourly anomalies."""
    return {
        "rain-speed r": float(np.corrcoef(coupled.wet, coupled.speed)[0, 1]),
        "bus-traffic r": float(np.corrcoef(coupled.bus, coupled.road)[0, 1]),
    }


def _other_hours(coupled: Coupled) -> Coupled:
    rng = np.random.default_rng(1)
    return replace(coupled, wet=rng.permutation(coupled.wet), road=rng.permutation(coupled.road))


def ablated(seed: int, days: int) -> Coupled:
    """Speeds of the park under another day's sky, against the sky of the record; roads of another day."""
    coupled = season(seed, days, shuffled=True).coupled
    return replace(coupled, road=np.roll(coupled.road, coupled.road.size // 2 + 14 * 3))


def _bars() -> Iterator[Bar]:
    yield Bar(
        number="15",
        title="Weekly and daily rhythm of traffic",
        source="I-94 westbound, Minneapolis, 17,520 hours (MnDOT; data set of the autots package)",
        sample=lambda seed, days: season(seed, days).hourly,
        measure=profile,
        limits={
            "peak share": (0.065, 0.12),
            "morning peak": (6, 8),
            "evening peak": (15, 18),
            "dip between": (0.4, 0.97),
            "weekend/weekday": (0.6, 0.9),
            "lag-168h": (0.85, 0.999),
        },
        mutants={
            "shuffled hours": _shuffled_hours,
            "white noise": _white,
            "constant": _constant,
            "every day alike": _every_day_alike,
        },
    )
    yield Bar(
        number="16",
        title="Flow, density and speed",
        source="Conservation of vehicles; Highway Capacity Manual: 2,400 veh/h and lane, 1,900 g/C at signals",
        sample=lambda seed, days: season(seed, days).minutely,
        measure=fundamental,
        limits={
            "flow is density x speed": (0, 0.02),
            "speed-density r": (-1, -0.7),
            "its weakest": (-1, -0.6),
            "flow/capacity": (0.3, 1.05),
            "flow/capacity of the signal": (0.5, 1.05),
            "fewest between two detectors": (-2, 0.5 * 290),
            "left between them at 04:00": (0, 10),
            "counts: variance/mean": (1.05, 4),
        },
        mutants={
            "unrelated speed": _unrelated_speed,
            "miscalibrated density": _miscalibrated,
            "a detector that counts twice": _counts_twice,
            "smooth counts": _smooth,
        },
    )
    yield Bar(
        number="17",
        title="Car parks balance",
        source="Conservation of vehicles",
        sample=lambda seed, days: season(seed, days).gates,
        measure=gates,
        limits={
            "in - out - change": (0, 0),
            "occupied/spaces": (0.5, 1),
            "fewest occupied": (0, 1000),
            "smallest step of a register": (0, 0),
            "turnover a day": (1, 8),
            "lag-1440 min": (0.5, 0.999),
        },
        mutants={"blind gate": _blind_gate, "white noise": _noise},
    )
    yield Bar(
        number="17",
        title="Buses bunch",
        source="Newell & Potts 1964; headways of urban lines vary by .2 to .6 downstream",
        sample=lambda seed, days: season(seed, days).headways,
        measure=headway_cv,
        limits={"headway CV": (0.2, 0.6)},
        mutants={"clockwork": _clockwork, "haphazard": _haphazard},
    )
    yield Bar(
        number="18",
        title="Rain slows traffic, traffic slows buses",
        source="One world: what is coupled must show it",
        sample=lambda seed, days: season(seed, days).coupled,
        measure=coupling,
        limits={"rain-speed r": (-1, -0.3), "bus-traffic r": (0.3, 1)},
        mutants={"other hours": _other_hours},
    )
    yield Bar(
        number="18",
        title="Without the common cause nothing is left of it",
        source="Ablation of bar 18",
        sample=ablated,
        measure=coupling,
        limits={"rain-speed r": (-0.1, 0.1), "bus-traffic r": (-0.1, 0.1)},
    )


BARS = list(_bars())
