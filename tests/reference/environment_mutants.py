"""Faults that are put into what the environment sector reports."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from park.model import Floats, WorldDay
from tests.reference.environment_samples import Ablation, Seen, seen
from tests.reference.walk import world_of

YEAR = 365


def no_rush(days: list[WorldDay], _seed: int) -> list[WorldDay]:
    """Roads as busy at any hour; the district's own air stays."""
    return [replace(day, more={**day.more, "road_demand": np.ones_like(day.temperature)}) for day in days]


def of(data: Seen, ablation: Ablation) -> Seen:
    """What the sector makes of the spoilt days, judged by the true ones; it is the first seed's."""
    days = len(data.workday)
    return replace(seen(42, days, ablation), sky=data.sky)


def noiseless(data: Seen) -> Seen:
    fake = np.random.default_rng(5)
    pm = data.air["pm25"][:, [0, 1, 0, 1]]
    return replace(data, sensor={**data.sensor, "pm25": 1.5 * pm + 3 * fake.normal(size=pm.shape)})


def shuffled_hours(data: Seen) -> Seen:
    order = np.random.default_rng(3).permutation(24)
    return replace(data, air={name: values[..., order] for name, values in data.air.items()})


def channel(part: str, name: str, change: Callable[[Seen, Floats], Floats]) -> Callable[[Seen], Seen]:
    def spoil(data: Seen) -> Seen:
        values: Mapping[str, Floats] = getattr(data, part)
        spoilt: dict[str, Any] = {part: {**values, name: change(data, values[name])}}
        return replace(data, **spoilt)

    return spoil


def other_days(data: Seen, values: Floats) -> Floats:
    order = np.random.default_rng(4).permutation(values.shape[2])
    return values[:, :, order]


def white(_data: Seen, values: Floats) -> Floats:
    """As large and as various, without memory."""
    fake = np.random.default_rng(6)
    return np.asarray(np.nanmean(values) + np.nanstd(values) * fake.normal(size=values.shape))


def days_of_any_type(data: Seen) -> Seen:
    """Workdays and rest days are dealt out anew."""
    return replace(data, workday=np.random.default_rng(7).permutation(data.workday))


def clouds_of_another_day(data: Seen) -> Seen:
    """The sun that is set beside the ozone is another day's of the same season."""
    ghi = data.sky["ghi"].copy()
    for first in range(0, ghi.shape[1], 30):
        some = slice(first, first + 30)
        ghi[:, some] = ghi[:, some][:, np.random.default_rng(first).permutation(ghi[:, some].shape[1])]
    return replace(data, sky={**data.sky, "ghi": ghi})


def wind_of_another_year(data: Seen) -> Seen:
    """The wind that is set beside the stations is another town's."""
    walked = world_of(7).days(1, len(data.workday) + 1)
    wind = np.stack([day.wind_speed[:2, :-1].reshape(2, 24, 12).mean(axis=2) for day in walked], axis=1)
    return replace(data, sky={**data.sky, "wind_speed": wind})


def sensor_of_other_days(data: Seen) -> Seen:
    """Cells say what they said on another day."""
    return replace(data, sensor={**data.sensor, **{n: other_days(data, data.sensor[n]) for n in ("no2", "o3")}})
