"""What squares published, and what real counters tell, as the bars of public safety want it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from park.catalogue import DeviceKind
from park.columns import quantise
from park.model import Floats, Ints, WorldDay
from sectors.public_safety import calls
from sectors.public_safety.catalogue import CAMERA_HEALTH, SECTOR, ZONE_CAMERA
from sectors.public_safety.fire import ALARM_DB_M, incidents
from sectors.public_safety.visitors import wetness
from simulator.streams import CounterStreams
from tests.reference.bars_people import auckland as streets_of_auckland
from tests.reference.walk import setting_of, shuffled_rhythm, walk, world_of

#: Two of each site.
CELLS = 4
#: Of which alarms and calls alone are drawn.
SQUARES = 20_000
_HOURS = 24
_FIRST = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Counted:
    """What real counters tell too.

    Attributes:
        hourly: (places, days, 24) people who came in the hours from 04:00 on.
        kind: (days,) a number for each weekday, 7 for holidays and 8 for make-up workdays.
    """

    hourly: Floats
    kind: Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Season(Counted):
    """What was published, by place of the cameras and lines.

    Attributes:
        entered, left: (cells, lines, days, instants) registers.
        inside: (cells, days, instants).
        count, density, walk, level, sure: (cells, zones, days, instants) of zone cameras; NaN where absent.
        status, sharpness: (cells, cameras, days, instants / 2) of the cameras' health.
        wet: (cells, days, 24) how wet it is, 0 to 1.
        out, under_way: (cells, days, 24) shares of the town's people.
        vehicles: (cells, days, 24) in view of all zones together.
        roads: (cells, days, 24) demand on the roads.
    """

    entered: Ints
    left: Ints
    inside: Ints
    count: Floats
    density: Floats
    walk: Floats
    level: Ints
    status: Ints
    sharpness: Floats
    wet: Floats
    out: Floats
    under_way: Floats
    vehicles: Floats
    roads: Floats


def _published(kind: DeviceKind, observed: Mapping[str, Any], name: str) -> Floats:
    whole, present = quantise(kind.channel[name], observed[name])
    values = whole / kind.channel[name].scale
    return values if present is None else np.where(present, values, np.nan)


def _hours(world: WorldDay, rows: Ints, name: str) -> Floats:
    """(C, 24) means."""
    values: Floats = getattr(world, name)[rows][:, :-1]
    if name == "precipitation":
        values = wetness(values)
    return np.asarray(values.reshape(len(rows), _HOURS, -1).mean(axis=2))


def _by_the_hour(zones: Floats) -> Floats:
    """(C, 24) means of the zones that are seen, times their number."""
    seen = np.isfinite(zones).reshape(*zones.shape[:2], _HOURS, -1)
    sums = np.nan_to_num(zones).reshape(seen.shape).sum(axis=(1, 3))
    return np.asarray(zones.shape[1] * sums / np.maximum(seen.sum(axis=(1, 3)), 1))


@cache
def auckland() -> Counted:
    """Real street counters of 2024, by the same functions."""
    streets = streets_of_auckland()
    return Counted(hourly=streets.people.swapaxes(0, 1), kind=streets.kind)


@cache
def season(seed: int, days: int, *, without: str = "") -> Season:
    """The park's own; `without` "rain" or "people", of days that had another day's than the record says."""
    world = world_of(seed)
    true = [world.day(_FIRST + i) for i in range(days)]
    told = {day.index: day for day in true}
    if without == "people":
        told = {day.index: day for day in shuffled_rhythm(true, seed)}
    elif without == "rain":
        order = np.random.default_rng(seed).permutation(days)
        told = {
            day.index: replace(day, precipitation=true[j].precipitation) for day, j in zip(true, order, strict=True)
        }
    parts: dict[str, list[Any]] = {}
    for day in walk("public-safety", seed, days, CELLS, first=_FIRST, weather=lambda i: told.get(i) or world.day(i)):
        line, zone, health = (day.observe(name, 300.0) for name in ("line_counter", "zone_camera", "camera_health"))
        rows = setting_of(SECTOR.name, seed).site_of(day.cells)
        was = true[day.world.index - _FIRST]
        hours = np.concatenate([line["entered"][..., ::12].sum(1), day.after["entered"].sum(1)[:, None]], axis=1)
        for name, values in {
            "hourly": np.diff(hours, axis=1).astype(np.float64),
            "entered": line["entered"],
            "left": line["left"],
            "inside": line["people_inside"][:, 0],
            "count": _published(ZONE_CAMERA, zone, "people_count"),
            "density": _published(ZONE_CAMERA, zone, "crowd_density"),
            "walk": _published(ZONE_CAMERA, zone, "average_crowd_speed"),
            "level": zone["level_of_service"],
            "status": health["camera_status"],
            "sharpness": _published(CAMERA_HEALTH, health, "sharpness"),
            "wet": _hours(was, rows, "precipitation"),
            "out": _hours(was, rows, "out"),
            "under_way": _hours(was, rows, "under_way"),
            "vehicles": _by_the_hour(_published(ZONE_CAMERA, zone, "vehicle_count")),
            "roads": _hours(was, rows, "road_demand"),
        }.items():
            parts.setdefault(name, []).append(values)
    kind = np.array([7 if d.holiday else 8 if d.workday and d.weekday > 4 else d.weekday for d in true])
    return Season(kind=kind, **{name: np.stack(values, axis=-2) for name, values in parts.items()})


@dataclass(frozen=True, kw_only=True)
class Alarms:
    """How many heads went off, and how many squares burned, in many years of squares."""

    nuisances: int
    fires: int


@cache
def alarms(seed: int, days: int) -> Alarms:
    """`days` days of many squares; most fires set off several heads, and count as one."""
    streams, cells = CounterStreams(seed, SECTOR.name), np.arange(SQUARES)
    parts = [incidents(streams, cells, 6, day) for day in range(days)]
    return Alarms(
        nuisances=int(sum(((one.nuisance_h < 24) & (one.peak >= ALARM_DB_M)).sum() for one in parts)),
        fires=int(sum((one.fire_h < 24).sum() for one in parts)),
    )


@cache
def called(seed: int, days: int) -> Ints:
    """(SQUARES,) times that the column of each square was pressed in so many days with a mean day's visitors."""
    streams, column = CounterStreams(seed, SECTOR.name), np.arange(SQUARES)
    busy = np.ones(SQUARES)
    return np.asarray(sum(calls.number(streams, column, busy, day) for day in range(days)))
