"""What the bars of public safety measure, and how samples are spoilt."""

from dataclasses import replace
from itertools import combinations

import numpy as np

from park.model import Bools, Floats, Ints
from sectors.public_safety.catalogue import CAMERA_STATES
from sectors.public_safety.crowd import level_of_service, speed
from tests.reference.public_safety_season import Counted, Season
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
        "lag-168h": float(np.median([_week_later(one, s.kind) for one in s.hourly])),
        "lag-24h": float(np.median([lag(one, 24) for one in series])),
        "lag-1h": float(np.median([lag(one, 1) for one in series])),
    }


def _week_later(hours: Floats, kind: Ints) -> float:
    """Correlation of hours, (days, 24), with those a week later; neither is of a holiday or make-up workday."""
    plain = (kind[:-7] < 7) & (kind[7:] < 7)
    return correlation(hours[:-7][plain].ravel(), hours[7:][plain].ravel())


def shuffled(s: Counted) -> Counted:
    flat = np.random.default_rng(1).permuted(s.hourly.reshape(len(s.hourly), -1), axis=1)
    return replace(s, hourly=flat.reshape(s.hourly.shape))


def constant(s: Counted) -> Counted:
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


def poisson(s: Counted) -> Counted:
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


def every_day_alike(s: Counted) -> Counted:
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


def independent(s: Counted) -> Counted:
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


def noise_on_both(s: Season) -> Season:
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


def by_the_clock(s: Season) -> Season:
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


def perfect(s: Season) -> Season:
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


def roads(s: Season) -> dict[str, float]:
    """The roads to vehicles in view: of hourly anomalies about (kind of day, hour)."""
    strays = [_anomaly(values, s.kind)[..., 2:18] for values in (s.vehicles, s.roads)]
    return {"roads-vehicles r": correlation(*(one.mean(axis=0).ravel() for one in strays))}


def _anomaly(values: Floats, kind: Ints) -> Floats:
    out = np.empty_like(values)
    for one in np.unique(kind):
        out[:, kind == one] = values[:, kind == one] - values[:, kind == one].mean(axis=1, keepdims=True)
    return out


def other_days(s: Season, *names: str) -> Season:
    """The record's own rain or people of another day of the kind."""
    order = np.arange(len(s.kind))
    for kind in np.unique(s.kind):
        alike = np.flatnonzero(s.kind == kind)
        order[alike] = np.random.default_rng(1).permutation(alike)
    return replace(s, **{name: getattr(s, name)[:, order] for name in names})
