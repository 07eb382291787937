"""Roads and car parks beside real ones through a week, and roads and buses within what is published."""

from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np

from tests.reference.records import car_parks, sf_traffic
from tests.reference.transport_season import season
from tests.reference.trials import i94
from tests.reference.weeks import MAY, PARK, PUBLISHED, REAL, Floats, at, daily, middle, park_week, real_week, weekly

_CELLS = 6
#: Of a road's detectors: half a kilometre ahead of its bottleneck, as in trials.py.
_AHEAD = 2
#: Veh/h of a lane in free flow, and lanes, of the Highway Capacity Manual's freeways and of the park's carriageways.
_CAPACITY = 2400.0
_ON_TIME = (-1.0, 5.0)
_OPEN = slice(16, 34)
_DELAYS_MIN = np.arange(-5.0, 20.5, 0.5)


@cache
def _roads(seed: int) -> tuple[Floats, Floats]:
    """(roads, 168) vehicles an hour and share of time that a detector is occupied."""
    seen = park_week("transport", seed, "traffic_detector", 60.0, cells=_CELLS, monday=MAY)
    count = np.diff(seen["vehicle_total"][:, _AHEAD, ::60], axis=-1)
    occupied = seen["occupancy"][:, _AHEAD, :-1].reshape(_CELLS, 168, 60).mean(axis=-1)
    return count.astype(np.float64), occupied


def _counts(axes: Any, seed: int, _days: int) -> None:
    _of_mean(axes, real_week(i94(), "2017-05-08"), _roads(seed)[0], "I-94, Minneapolis, May 2017")
    weekly(axes, "of the mean")


def _occupancies(axes: Any, seed: int, _days: int) -> None:
    _of_mean(axes, real_week(sf_traffic(), "2015-05-11"), _roads(seed)[1], "freeways of San Francisco, May 2015")
    weekly(axes, "of the mean")


def _of_mean(axes: Any, real: Floats, park: Floats, name: str) -> None:
    """The record, the road of middle size, and thinly the others."""
    for road in park:
        axes.plot(at(road), road / road.mean(), color=PARK, linewidth=0.4, alpha=0.5)
    one = middle(park)
    axes.plot(
        at(one), one / one.mean(), color=PARK, linewidth=1.2, label=f"a road of the park, and {len(park) - 1} more"
    )
    axes.plot(at(real.ravel()), real.ravel() / real.mean(), color=REAL, linewidth=1.0, label=name)
    axes.set_ylim(0, None)


def _lots(axes: Any, seed: int, _days: int) -> None:
    """Some car parks of each from Monday to Saturday; a gap by night, when Birmingham's are not read."""
    real = []
    for name in sorted(car_parks())[::3]:
        with suppress(ValueError):  # some lack days in every week
            real.append(real_week(car_parks()[name], "2016-10-03", length=6))
    seen = park_week("transport", seed, "parking_lot", 1800.0, cells=8, monday=MAY)["occupancy"][::2, 0, :-1] / 100
    park = list(seen.reshape(-1, 7, 48)[:, :6, _OPEN])
    place = np.arange(6)[:, None] + np.append(np.arange(16, 34), 34) / 48
    for color, lots, label in (
        (REAL, real[:4], "car parks of Birmingham, October 2016"),
        (PARK, park, "car parks of the park, May 2026"),
    ):
        for number, lot in enumerate(lots):
            line = np.concatenate([lot, np.full((6, 1), np.nan)], axis=1)
            axes.plot(place.ravel(), line.ravel(), color=color, linewidth=1.0, label=None if number else label)
    axes.set_ylim(0, 1)
    weekly(axes, "share of spaces taken")


def _flow(axes: Any, seed: int, days: int) -> None:
    """Flow over density, and what a lane can carry."""
    seen = season(seed, max(days, 60)).minutely
    density, flow = (part[:, _AHEAD].ravel() for part in (seen.density, seen.flow))
    some = np.random.default_rng(1).permutation(len(density))[:6000]
    axes.plot(density[some], flow[some], ".", color=PARK, markersize=1.5, alpha=0.5, label="minutes at a detector")
    axes.axhline(2 * _CAPACITY, color=PUBLISHED, label="two lanes of 2,400 veh/h (HCM)")
    axes.set(xlabel="density, veh/km", ylabel="flow, veh/h", xlim=(0, None), ylim=(0, 2.9 * _CAPACITY))


def _delays(axes: Any, seed: int, days: int) -> None:
    delay = season(seed, max(days, 60)).lines.delay
    minutes = delay[np.isfinite(delay)] / 60
    on_time = float(((minutes >= _ON_TIME[0]) & (minutes <= _ON_TIME[1])).mean())
    axes.hist(np.clip(minutes, -5, 20), _DELAYS_MIN, color=PARK, density=True, label=f"buses; {on_time:.0%} on time")
    axes.axvspan(*_ON_TIME, color=PUBLISHED, alpha=0.15, label="on time: 75 to 95 % of departures (TCRP 165)")
    axes.set(xlabel="delay, min", ylabel="density, /min", xlim=(-5, 20))


def _minutes(axes: Any, seed: int, _days: int) -> None:
    """A workday of the middle road's detector by minutes."""
    seen = park_week("transport", seed, "traffic_detector", 60.0, cells=_CELLS, monday=MAY)
    which = int(np.argsort(_roads(seed)[0].mean(axis=-1))[_CELLS // 2])
    day = slice(1440, 2880)
    at_h = np.arange(1440) / 60
    axes.plot(at_h, seen["intensity"][which, _AHEAD, day], ".", color="gray", markersize=2, label="flow, veh/h")
    axes.set_ylim(0, None)
    daily(axes, "veh/h")
    other = axes.twinx()
    other.plot(at_h, seen["average_vehicle_speed"][which, _AHEAD, day], color="firebrick", linewidth=0.7)
    other.set_ylim(0, 150)
    other.set_ylabel("speed, km/h", color="firebrick", fontsize="small")


PLOTS = {
    "Vehicles an hour through a week, beside a freeway's": _counts,
    "How long detectors are occupied, beside a town's": _occupancies,
    "Car parks from 08:00 to 16:30, beside a town's": _lots,
    "A Tuesday of a road by minutes": _minutes,
    "Flow over density of minutes": _flow,
    "How late buses are": _delays,
}
