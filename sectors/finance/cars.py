"""Insured cars: trips when the district is under way, and what a box counts in them.

A car makes few trips a day, one after another. How often its driver brakes harshly is the driver's own, gamma
distributed; wet roads and crowded ones add to it. Distance is driven evenly over a trip, so registers are exact at any
moment.

References:
    Harsh: 7 mph a second, 3.13 m/s2. Rates, and that a wet road doubles them, are assumptions.
"""

from dataclasses import dataclass

import numpy as np

from park.chance import poisson
from park.grid import GRID_H, rows
from park.model import DAY_MS, Floats, Ints, Moments, Observation
from sectors.finance import happenings
from sectors.finance.happenings import NEVER, Courses, Draws, Instants

_TRIPS, _HARSH = 6, 4
_MEAN_TRIPS = 2.4
_USUAL = 0.0507
_MEDIAN_KM, _SPREAD_KM = 7.0, 0.7
_PAUSE_MS = 600_000
_LAST_MS = 22 * 3_600_000
_HOUR_MS = 3_600_000
_NIGHT_END, _NIGHT_START = 1 * _HOUR_MS, 18 * _HOUR_MS  # 05 and 22 h
_PER_KM, _SHAPE = 0.016, 1.3
WET_MM_H, _WET = 0.2, 1.4


@dataclass(frozen=True, kw_only=True, eq=False)
class CarDay:
    """One day of R cars.

    Attributes:
        begins, ends: (R, trips) milliseconds since 04:00, in order; `NEVER` for those not made.
        km, night_km: (R, trips).
        braked, accelerated: the harsh ones.
    """

    begins: Ints
    ends: Ints
    km: Floats
    night_km: Floats
    braked: Instants
    accelerated: Instants

    def totals(self) -> tuple[Floats, Ints]:
        """(R, 2) distance, and that by night, km; (R, 3) trips, harsh brakings and accelerations: of the day."""
        counts = [(part < NEVER).sum(axis=1) for part in (self.begins, self.braked.ms, self.accelerated.ms)]
        return np.stack([self.km.sum(axis=1), self.night_km.sum(axis=1)], axis=1), np.stack(counts, axis=1)


def car_day(draws: Draws, under_way: Courses, demand: Floats, rain: Floats) -> CarDay:
    """One day; road `demand` and `rain`, mm/h, are (K, GRID_POINTS), in the rows of `under_way`."""
    site = under_way.row[:, None]
    place = np.arange(_TRIPS)
    usual = _MEAN_TRIPS * np.exp(0.35 * draws.streams.normal("finance.car.usual", draws.number))
    mean = usual * (under_way.rate.mean(axis=1).take(under_way.row) / _USUAL) ** 0.7
    count = np.minimum(poisson(mean, draws.uniform("finance.car.number"), _TRIPS), _TRIPS)
    wanted = happenings.instants(draws, "finance.car.at", np.full_like(count, _TRIPS), under_way).ms
    wanted = wanted - wanted % 1000
    # Any of the six instants may be one of a trip, or the first of them would always be in the morning.
    luck = draws.uniform("finance.car.which", place).argsort(axis=1, kind="stable").argsort(axis=1)
    wanted = np.sort(np.where(luck < count[:, None], wanted, NEVER), axis=1)
    km = _MEDIAN_KM * np.exp(_SPREAD_KM * draws.normal("finance.car.km", place).clip(-2.5, 2.2))
    then = _when(wanted)
    speed = 34.0 / (0.75 + 0.22 * np.clip(demand[site, then], 0.2, 4.0))
    begins, ends = _in_turn(wanted, np.rint(km / speed * _HOUR_MS).astype(np.int64))
    made = begins < NEVER
    km = np.where(made, np.rint(km * 1000) / 1000, 0.0)
    night = np.maximum(np.minimum(ends, _NIGHT_END) - begins, 0) + np.maximum(
        ends - np.maximum(begins, _NIGHT_START), 0
    )
    then = _when((begins + ends) // 2)
    wet = rain[site, then] > WET_MM_H
    crowd = np.clip(demand[site, then], 0.2, 3.5)
    risk = km * (0.7 + 0.2 * crowd) * (1.0 + _WET * wet)
    return CarDay(
        begins=begins,
        ends=ends,
        km=km,
        night_km=km * np.where(made, night, 0) / np.maximum(ends - begins, 1),
        braked=_harsh(draws, "finance.car.brakes", risk, begins, ends),
        accelerated=_harsh(draws, "finance.car.speeds", 0.6 * risk, begins, ends),
    )


def observe(day: CarDay, before: tuple[Floats, Ints], at: Moments, per_cell: int) -> Observation:
    """What the boxes have counted; `before` as `CarDay.totals`, of all days before."""
    ms = at.ms
    row = rows(at, per_cell)
    begins, ends, now = day.begins[row], day.ends[row], ms[:, None]
    part = np.clip((now - begins) / np.maximum(ends - begins, 1), 0.0, 1.0)
    first = np.maximum(np.minimum(np.minimum(now, ends), _NIGHT_END) - begins, 0)
    last = np.maximum(np.minimum(now, ends) - np.maximum(begins, _NIGHT_START), 0)
    night = day.km[row] * np.where(begins < NEVER, first + last, 0) / np.maximum(ends - begins, 1)
    driven, counted = before
    return {
        "mileage": driven[row, 0] + (day.km[row] * part).sum(axis=1),
        "night_distance": driven[row, 1] + night.sum(axis=1),
        "trips": counted[row, 0] + (begins <= now).sum(axis=1),
        "harsh_brakings": counted[row, 1] + day.braked.before(row, ms),
        "harsh_accelerations": counted[row, 2] + day.accelerated.before(row, ms),
        "status": ((now >= begins) & (now < ends)).any(axis=1).astype(np.int64),
    }


def _harsh(draws: Draws, name: str, risk: Floats, begins: Ints, ends: Ints) -> Instants:
    """Instants within trips; `risk` is their distance as it would be on an empty dry road."""
    place = np.arange(_TRIPS)
    # Wilson & Hilferty (1931): the cube root of a gamma variate is nearly normal.
    root = (
        1.0
        - 1.0 / (9.0 * _SHAPE)
        + draws.streams.normal("finance.car.driver", draws.number)[:, None] / (3.0 * np.sqrt(_SHAPE))
    )
    mean = _PER_KM * np.maximum(root, 0.05) ** 3 * risk
    count = poisson(mean, draws.uniform(name, place), _HARSH)
    each = np.arange(_HARSH)
    part = draws.uniform(f"{name}.at", place[:, None], each)
    ms = begins[..., None] + (part * (ends - begins)[..., None]).astype(np.int64)
    ms = np.where(each < count[..., None], ms, NEVER)
    return Instants(ms=np.sort(ms.reshape(len(begins), -1), axis=1))


def _in_turn(wanted: Ints, takes: Ints) -> tuple[Ints, Ints]:
    """(R, trips) begins and ends of trips, none before the one before it is over; those too late are not made."""
    begins, ends = np.full_like(wanted, NEVER), np.full_like(wanted, NEVER)
    free = np.zeros(len(wanted), dtype=np.int64)
    for i in range(wanted.shape[1]):
        begin = np.maximum(wanted[:, i], free)
        made = (begin < _LAST_MS) & (begin + takes[:, i] < DAY_MS)
        begins[:, i] = np.where(made, begin, NEVER)
        ends[:, i] = np.where(made, begin + takes[:, i], NEVER)
        free = np.where(made, begin + takes[:, i] + _PAUSE_MS, free)
    return begins, ends


def _when(ms: Ints) -> Ints:
    """The point of the grid before; the last for what does not happen."""
    return np.minimum(ms // int(GRID_H * _HOUR_MS), 288)
