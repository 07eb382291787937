"""What wards, fridges and inhalers published through some weeks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from park.catalogue import DeviceKind
from park.columns import quantise
from park.model import Bools, Floats, Ints, WorldDay
from sectors.healthcare.air import MEAN_PUFFS, MIDDLE, RANGE
from sectors.healthcare.catalogue import BED_BOARD, BEDSIDE_MONITOR, MEDICINE_FRIDGE, WEARABLE_PATCH
from tests.reference.walk import Walked, walk, world_of

CELLS = 10
INHALER_CELLS = 100
_FIRST = 6
VITALS = (
    "respiratory_rate",
    "oxygen_saturation",
    "oxygen_flow",
    "systolic_pressure",
    "heart_rate",
    "consciousness",
    "body_temperature",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Sets:
    """Sets of observations of taken beds, (N,) each; `stay` tells stays apart."""

    vitals: Mapping[str, Floats]
    second_scale: Bools
    news2: Floats
    stay: Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Rhythm:
    """Hourly vital signs of beds that were taken all day, (bed-days, 24) from 04:00, and the day's mean NEWS2."""

    heart: Floats
    breath: Floats
    warmth: Floats
    systolic: Floats
    news2: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Boards:
    """(boards, instants) published; an instant an hour."""

    occupied: Ints
    admissions: Ints
    discharges: Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Cold:
    """(fridges, days, minutes) published, and each day's mean outdoors, (fridges, days)."""

    air: Floats
    product: Floats
    power: Floats
    outdoor: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Airs:
    """Puffs a patient and day, (sites, days), and what they should be by the air's last four days, of their mean."""

    puffs: Floats
    expected: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class _Season:
    sets: Sets
    rhythm: Rhythm
    nights: tuple[Floats, Floats]
    stays: Floats
    boards: Boards
    cold: Cold
    active: Floats


def published(day: Walked, kind: DeviceKind, every_s: float, until: int = 288) -> dict[str, Floats]:
    seen, out = day.observe(kind.name, every_s, until), {}
    for name, values in seen.items():
        whole, present = quantise(kind.channel[name], values)
        known = whole / kind.channel[name].scale
        out[name] = known if present is None else np.where(present, known, np.nan)
    return out


@cache
def season(seed: int, days: int) -> _Season:
    """The park's own data."""
    hourly, nights, stays, boards, cold, active, outdoor, stay = [], [], [], [], [], [], [], []
    for day in walk("healthcare", seed, days, CELLS, first=_FIRST):
        hourly.append(published(day, BEDSIDE_MONITOR, 3600.0))
        nights.append(published(day, BEDSIDE_MONITOR, 60.0, until=12))
        beds = day.state.beds
        stays.append((beds.until - beds.admitted)[beds.comes, 1] / 24.0)
        later = day.state.patients.hour(np.arange(0, 288, 12.0)) >= beds.admitted[:, 1:]
        began = np.where(later, beds.admitted[:, 1:], beds.admitted[:, :1])
        stay.append((np.floor(began) * 1000 + beds.number[:, None]).reshape(CELLS, -1, 24))
        boards.append(published(day, BED_BOARD, 3600.0))
        cold.append(published(day, MEDICINE_FRIDGE, 60.0))
        outdoor.append(day.world.temperature[day.state.setting.site_of(day.cells), :-1].mean(axis=-1))
        active.append(published(day, WEARABLE_PATCH, 300.0)["activity"].reshape(CELLS, -1, 24, 12).mean(-1))
    return _Season(
        sets=_sets(hourly, stay),
        rhythm=_rhythm(hourly),
        nights=(
            np.concatenate([night["heart_rate"].reshape(CELLS * 8, -1) for night in nights]),
            np.concatenate([night["oxygen_saturation"].reshape(CELLS * 8, -1) for night in nights]),
        ),
        stays=np.concatenate(stays),
        boards=Boards(
            occupied=_joined(boards, "occupied_beds"),
            admissions=_joined(boards, "admissions"),
            discharges=_joined(boards, "discharges"),
        ),
        cold=Cold(
            air=np.stack([one["air_temperature"][:, 0] for one in cold], axis=1),
            product=np.stack([one["product_temperature"][:, 0] for one in cold], axis=1),
            power=np.stack([one["compressor_power"][:, 0] for one in cold], axis=1),
            outdoor=np.stack(outdoor, axis=1),
        ),
        active=np.concatenate(active).reshape(-1, 24),
    )


def _joined(boards: list[dict[str, Floats]], name: str) -> Ints:
    return np.concatenate([one[name][:, 0] for one in boards], axis=-1).astype(np.int64)


def _sets(hourly: list[dict[str, Floats]], stay: list[Floats]) -> Sets:
    """Every four hours, as nurses do."""
    seen = {name: np.stack([day[name][..., ::4] for day in hourly]) for name in (*VITALS, "news2", "saturation_scale")}
    taken = np.isfinite(seen["news2"])
    return Sets(
        vitals={name: seen[name][taken] for name in VITALS},
        second_scale=seen["saturation_scale"][taken] > 0,
        news2=seen["news2"][taken],
        stay=np.stack([one[..., ::4] for one in stay])[taken].astype(np.int64),
    )


def _rhythm(hourly: list[dict[str, Floats]]) -> Rhythm:
    def rows(name: str) -> Floats:
        return np.concatenate([day[name].reshape(-1, 24) for day in hourly])

    full = np.isfinite(rows("news2")).all(axis=-1)
    return Rhythm(
        heart=rows("heart_rate")[full],
        breath=rows("respiratory_rate")[full],
        warmth=rows("body_temperature")[full],
        systolic=rows("systolic_pressure")[full],
        news2=rows("news2")[full].mean(axis=-1),
    )


@cache
def airs(seed: int, days: int, *, of_other_days: bool = False) -> Airs:
    """Puffs and the air; with `of_other_days`, puffed in the air of other days than the record says."""
    world = world_of(seed)
    true = [world.day(i) for i in range(_FIRST + days)]
    breathed = _other_air(true, seed) if of_other_days else true
    site, puffs = np.arange(0), []
    for day in walk("healthcare", seed, days, INHALER_CELLS, first=_FIRST, weather=lambda i: breathed[i]):
        site = day.state.setting.site_of(day.cells)
        puffs.append((np.asarray(day.after["puffs"]) - np.asarray(day.before["puffs"])).mean(axis=-1))
    sites = np.unique(site)
    mean = np.array([[[getattr(d, name)[s].mean() for name in ("pm25", "no2", "o3")] for d in true] for s in sites])
    effect = ((mean - MIDDLE) / RANGE) @ np.array([0.131, 0.153, 0.113]) / MEAN_PUFFS
    lagged = sum(w * effect[:, _FIRST - k : _FIRST + days - k] for k, w in enumerate((0.36, 0.36, 0.18, 0.1)))
    found = np.stack(puffs, axis=-1)
    return Airs(puffs=np.stack([found[site == s].mean(axis=0) for s in sites]), expected=1.0 + lagged)


def _other_air(days: list[WorldDay], seed: int) -> list[WorldDay]:
    order = np.random.default_rng(seed).permutation(len(days))
    names = ("pm25", "no2", "o3")
    return [
        replace(day, more={**day.more, **{name: getattr(days[j], name) for name in names}})
        for day, j in zip(days, order.tolist(), strict=True)
    ]
