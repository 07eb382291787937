"""Bars for beds, vital signs, fridges and inhalers. Days run from 04:00 to 04:00."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from park.catalogue import DeviceKind
from park.columns import quantise
from park.model import Bools, Floats, Ints, WorldDay
from sectors.healthcare.air import MEAN_PUFFS, MIDDLE, RANGE
from sectors.healthcare.catalogue import BED_BOARD, BEDSIDE_MONITOR, MEDICINE_FRIDGE, WEARABLE_PATCH
from tests.reference.bar import Bar
from tests.reference.news2 import score
from tests.reference.walk import Walked, walk, world_of

CELLS = 10
INHALER_CELLS = 100
_FIRST = 6
_VITALS = (
    "respiratory_rate",
    "oxygen_saturation",
    "oxygen_flow",
    "systolic_pressure",
    "heart_rate",
    "consciousness",
    "body_temperature",
)
_ALERT = BEDSIDE_MONITOR.channel["consciousness"].texts.index("alert")


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


def _published(day: Walked, kind: DeviceKind, every_s: float, until: int = 288) -> dict[str, Floats]:
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
        hourly.append(_published(day, BEDSIDE_MONITOR, 3600.0))
        nights.append(_published(day, BEDSIDE_MONITOR, 60.0, until=12))
        beds = day.state.beds
        stays.append((beds.until - beds.admitted)[beds.comes, 1] / 24.0)
        later = day.state.patients.hour(np.arange(0, 288, 12.0)) >= beds.admitted[:, 1:]
        began = np.where(later, beds.admitted[:, 1:], beds.admitted[:, :1])
        stay.append((np.floor(began) * 1000 + beds.number[:, None]).reshape(CELLS, -1, 24))
        boards.append(_published(day, BED_BOARD, 3600.0))
        cold.append(_published(day, MEDICINE_FRIDGE, 60.0))
        outdoor.append(day.world.temperature[day.state.setting.site_of(day.cells), :-1].mean(axis=-1))
        active.append(_published(day, WEARABLE_PATCH, 300.0)["activity"].reshape(CELLS, -1, 24, 12).mean(-1))
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
    seen = {name: np.stack([day[name][..., ::4] for day in hourly]) for name in (*_VITALS, "news2", "saturation_scale")}
    taken = np.isfinite(seen["news2"])
    return Sets(
        vitals={name: seen[name][taken] for name in _VITALS},
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


def _by_chart(sets: Sets, *, second: Bools | None = None) -> Floats:
    scale = sets.second_scale if second is None else second
    seen = sets.vitals
    return np.array(
        [
            score(
                respiratory_rate=breath,
                oxygen_saturation=oxygen,
                second_scale=two,
                on_oxygen=flow > 0,
                systolic_pressure=systolic,
                pulse=heart,
                alert=mind == _ALERT,
                body_temperature=warmth,
            )
            for breath, oxygen, flow, systolic, heart, mind, warmth, two in zip(
                *(seen[name].tolist() for name in _VITALS), scale.tolist(), strict=True
            )
        ],
        dtype=np.float64,
    )


def _scores(sets: Sets) -> Mapping[str, float]:
    return {
        "share 0-2": float((sets.news2 <= 2).mean()),
        "share 5 and more": float((sets.news2 >= 5).mean()),
        "share 7 and more": float((sets.news2 >= 7).mean()),
    }


def _independent(sets: Sets) -> Sets:
    """Each vital sign another bed's."""
    rng = np.random.default_rng(3)
    apart = {name: rng.permutation(values) for name, values in sets.vitals.items()}
    mixed = replace(sets, vitals=apart, second_scale=np.zeros_like(sets.second_scale))
    return replace(mixed, news2=_by_chart(mixed))


def _fever(sets: Sets) -> Mapping[str, float]:
    _, stay, count = np.unique(sets.stay, return_inverse=True, return_counts=True)

    def within(name: str) -> Floats:
        values = sets.vitals[name]
        return values - (np.bincount(stay, values) / count)[stay]

    warmth = within("body_temperature")
    heart = np.bincount(stay, sets.vitals["heart_rate"]) / count
    systolic = np.bincount(stay, sets.vitals["systolic_pressure"]) / count
    return {
        "heart beats a degree": float((warmth * within("heart_rate")).sum() / (warmth**2).sum()),
        "breaths a degree": float((warmth * within("respiratory_rate")).sum() / (warmth**2).sum()),
        "|r| of heart and systolic between patients": abs(float(np.corrcoef(heart, systolic)[0, 1])),
    }


def _another_fever(sets: Sets) -> Sets:
    warmth = np.random.default_rng(4).permutation(sets.vitals["body_temperature"])
    return replace(sets, vitals={**sets.vitals, "body_temperature": warmth})


_ANGLE = (4.0 + np.arange(24)) * (2 * np.pi / 24)


def _cosinor(hourly: Floats) -> tuple[float, float]:
    """Amplitude of the population mean, and its chi-square on two degrees: 13.8 is p = .001."""
    parts = np.stack([hourly @ np.cos(_ANGLE), hourly @ np.sin(_ANGLE)], axis=-1) / 12
    mean = parts.mean(axis=0)
    spread = np.cov(parts.T) / len(parts)
    return float(np.hypot(*mean)), float(mean @ np.linalg.solve(spread + 1e-12 * np.eye(2), mean))


def _clock(rhythm: Rhythm) -> Mapping[str, float]:
    stable, severe, well = rhythm.news2 <= 2, rhythm.news2 >= 3, rhythm.news2 <= 1
    mean = rhythm.heart[stable].mean(axis=0)
    smooth = sum(np.roll(mean, k) for k in (-1, 0, 1))
    hours = (4 + np.arange(24)) % 24
    systolic = rhythm.systolic[stable].mean(axis=0)
    by_day, by_night = systolic[(hours >= 9) & (hours < 21)].mean(), systolic[hours < 6].mean()
    return {
        "heart: chi-square": _cosinor(rhythm.heart[stable])[1],
        "breath: chi-square": _cosinor(rhythm.breath[stable])[1],
        "warmth: chi-square": _cosinor(rhythm.warmth[stable])[1],
        "hour of the slowest heart": float(hours[int(np.argmin(smooth))]),
        "dip at night, %": float(100 * (1 - by_night / by_day)),
        "breath's amplitude, severe to well": _cosinor(rhythm.breath[severe])[0] / _cosinor(rhythm.breath[well])[0],
    }


def _each(change: Callable[[Floats], Floats]) -> Callable[[Rhythm], Rhythm]:
    names = ("heart", "breath", "warmth", "systolic")
    return lambda rhythm: replace(rhythm, **{name: change(getattr(rhythm, name)) for name in names})


def _flat(hourly: Floats) -> Floats:
    return np.repeat(hourly.mean(axis=-1, keepdims=True), 24, axis=-1)


def _shuffled(hourly: Floats) -> Floats:
    return np.random.default_rng(5).permuted(hourly, axis=-1)


def _as_the_well(rhythm: Rhythm) -> Rhythm:
    severe, well = rhythm.news2 >= 3, np.flatnonzero(rhythm.news2 <= 1)
    others = np.random.default_rng(9).choice(well, int(severe.sum()))
    breath = rhythm.breath.copy()
    breath[severe] = rhythm.breath[others]
    return replace(rhythm, breath=breath)


def _minutes(nights: tuple[Floats, Floats]) -> Mapping[str, float]:
    heart, oxygen = (rows[np.isfinite(rows).all(axis=-1)] for rows in nights)
    off = heart - heart.mean(axis=-1, keepdims=True)
    return {
        "SD of the heart rate": float(np.median(heart.std(axis=-1))),
        "lag of a minute": float((off[:, 1:] * off[:, :-1]).mean() / (off**2).mean()),
        "saturation that is no whole number": float((oxygen != np.rint(oxygen)).mean()),
        "highest saturation": float(oxygen.max()),
    }


def _white(nights: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    return np.random.default_rng(6).permuted(nights[0], axis=-1), nights[1]


def _stays(days: Floats) -> Mapping[str, float]:
    return {
        "coefficient of variation": float(days.std() / days.mean()),
        "SD of the logarithm": float(np.log(days).std()),
        "median to mean": float(np.median(days) / days.mean()),
        "mean, d": float(days.mean()),
    }


def _balance(boards: Boards) -> Mapping[str, float]:
    inside = boards.admissions - boards.discharges
    return {
        "beds that do not balance": float(np.abs(np.diff(inside) - np.diff(boards.occupied)).max()),
        "most beds": float(boards.occupied.max()),
        "occupancy": float(boards.occupied.mean() / 8),
    }


def _free(boards: Boards) -> Boards:
    return replace(boards, occupied=np.random.default_rng(7).integers(4, 9, boards.occupied.shape))


def _cycles(cold: Cold) -> Mapping[str, float]:
    on = cold.power > 30
    starts = (on[..., 1:] & ~on[..., :-1]).sum(axis=-1)
    duty = on.mean(axis=-1)
    both = [one - one.mean(axis=1, keepdims=True) for one in (duty, cold.outdoor)]
    crossings = (np.diff(np.sign(cold.air - np.median(cold.air)), axis=-1) > 0).sum(axis=-1)
    return {
        "minutes within 2 to 8 Cel": float(((cold.air >= 2) & (cold.air <= 8)).mean()),
        "vials within 2 to 8 Cel": float(((cold.product >= 2) & (cold.product <= 8)).mean()),
        "minutes a cycle": float(1440 / np.maximum(starts.mean(), 1e-9)),
        "rises of the air a cycle": float(crossings.mean() / np.maximum(starts.mean(), 1e-9)),
        "SD of the vial to that of the air": float(cold.product.std() / cold.air.std()),
        "r of duty and outdoors": float(
            (both[0] * both[1]).sum() / np.sqrt((both[0] ** 2).sum() * (both[1] ** 2).sum())
        ),
    }


def _sine(cold: Cold) -> Cold:
    wave = 4.6 + 1.4 * np.sin(np.arange(1440) * (2 * np.pi / 1440))
    return replace(cold, air=np.broadcast_to(wave, cold.air.shape), product=np.broadcast_to(wave, cold.air.shape))


def _another_summer(cold: Cold) -> Cold:
    return replace(cold, outdoor=cold.outdoor[:, ::-1])


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


def _puffed(airs: Airs) -> Mapping[str, float]:
    puffs = airs.puffs / airs.puffs.mean(axis=-1, keepdims=True)
    x = airs.expected - airs.expected.mean(axis=-1, keepdims=True)
    return {
        "puffs a patient and day": float(airs.puffs.mean()),
        "puffs that the air adds, of those expected": float((x * (puffs - 1)).sum() / (x**2).sum()),
    }


def _activity(active: Floats) -> Mapping[str, float]:
    mean = np.nanmean(active, axis=0)
    around = np.concatenate([mean, mean])
    least = np.array([around[k : k + 5].mean() for k in range(24)])
    most = max(around[k : k + 10].mean() for k in range(24))
    start = (4 + int(np.argmin(least))) % 24
    return {
        "relative amplitude": float((most - least.min()) / (most + least.min())),
        "start of the least active 5 h, from midnight": float(start if start < 12 else start - 24),
    }


_JUDGED = "; limits widened from it by judgement"

BARS = [
    Bar(
        number="1",
        title="NEWS2 is that of the chart",
        source="Royal College of Physicians (2017), NEWS2; tests/reference/news2.py has the chart",
        sample=lambda seed, days: season(seed, days).sets,
        measure=lambda sets: {"sets that differ": float((sets.news2 != _by_chart(sets)).sum())},
        limits={"sets that differ": (0, 0)},
        mutants={
            "scale 2 for all": lambda sets: replace(
                sets, news2=_by_chart(sets, second=np.ones_like(sets.second_scale))
            ),
        },
        least_days=20,
    ),
    Bar(
        number="2",
        title="Most are well, few are very ill, and who is ill is so in several ways",
        source="Scott et al. (2019), n = 115,030: 80 % at 0-2, 8 % at 5 and more; ambulances 67 and 18 %" + _JUDGED,
        sample=lambda seed, days: season(seed, days).sets,
        measure=_scores,
        limits={"share 0-2": (0.6, 0.85), "share 5 and more": (0.05, 0.2), "share 7 and more": (0.01, 0.07)},
        mutants={"vital signs drawn independently": _independent},
    ),
    Bar(
        number="3",
        title="Fever drives heart and breath",
        source="Jensen et al. (2019), 4,493 acute patients: 7.2 /min and 1.4 /min per Cel; 200 admissions: r = -.06",
        sample=lambda seed, days: season(seed, days).sets,
        measure=_fever,
        limits={
            "heart beats a degree": (4, 11),
            "breaths a degree": (0.8, 2.8),
            "|r| of heart and systolic between patients": (0, 0.25),
        },
        mutants={"temperature of another": _another_fever},
    ),
    Bar(
        number="4",
        title="A day's rhythm in the stable, faint in the severe",
        source="Davidson et al. (2021); van Goor et al. (2022); severe as NEWS2 from 3 on, dip and hours by judgement",
        sample=lambda seed, days: season(seed, days).rhythm,
        measure=_clock,
        limits={
            "heart: chi-square": (13.8, np.inf),
            "breath: chi-square": (13.8, np.inf),
            "warmth: chi-square": (13.8, np.inf),
            "hour of the slowest heart": (1, 6),
            "dip at night, %": (5, 20),
            "breath's amplitude, severe to well": (0, 0.5),
        },
        mutants={"constant": _each(_flat), "hours shuffled": _each(_shuffled), "severe as the well": _as_the_well},
    ),
    Bar(
        number="5",
        title="The heart from minute to minute",
        source="One hour of beats at rest (pyhrv's sample): SD 3.0 /min, lag of a minute .32" + _JUDGED,
        sample=lambda seed, days: season(seed, days).nights,
        measure=_minutes,
        limits={
            "SD of the heart rate": (1.5, 6),
            "lag of a minute": (0.2, 0.8),
            "saturation that is no whole number": (0, 0),
            "highest saturation": (94, 100),
        },
        mutants={"white noise": _white},
        least_days=20,
    ),
    Bar(
        number="6",
        title="Stays are log-normal",
        source="azpro, azcabgptca, azdrg112, medpar, los: CV .77-1.05, SD of the logarithm .70-.89, mean 4.9-11.3 d",
        sample=lambda seed, days: season(seed, days).stays,
        measure=_stays,
        limits={
            "coefficient of variation": (0.7, 1.1),
            "SD of the logarithm": (0.65, 0.95),
            "median to mean": (0.4, 0.95),
            "mean, d": (4.9, 11.3),
        },
        mutants={
            "exponential": lambda days: np.random.default_rng(8).exponential(days.mean(), len(days)),
            "constant": lambda days: np.full(len(days), days.mean()),
        },
    ),
    Bar(
        number="7",
        title="Beds balance",
        source="NHC bulletin of 2023: beds used 79.4 %, in public hospitals 86.0 %" + _JUDGED,
        sample=lambda seed, days: season(seed, days).boards,
        measure=_balance,
        limits={"beds that do not balance": (0, 0), "most beds": (5, 8), "occupancy": (0.7, 0.92)},
        mutants={"free random occupancy": _free},
        least_days=30,
    ),
    Bar(
        number="8",
        title="Fridges hold 2 to 8 Cel by cycles",
        source="China's GSP, appendix 3; WHO PQS E003; cycles by judgement",
        sample=lambda seed, days: season(seed, days).cold,
        measure=_cycles,
        limits={
            "minutes within 2 to 8 Cel": (0.99, 1),
            "vials within 2 to 8 Cel": (0.99, 1),
            "minutes a cycle": (10, 60),
            "rises of the air a cycle": (0.5, 4),
            "SD of the vial to that of the air": (0, 0.5),
            "r of duty and outdoors": (0.5, 1),
        },
        mutants={"sine": _sine, "outdoors of other days": _another_summer},
    ),
    Bar(
        number="9",
        title="More puffs on bad air",
        source="Louisville, n = 1,039: 1.48 a day; +.131 (PM2.5), +.153 (NO2), +.113 (O3) per interquartile range",
        sample=lambda seed, days: (seed, days, airs(seed, days)),
        measure=lambda sample: _puffed(sample[2]),
        limits={
            "puffs a patient and day": (1.2, 1.8),
            "puffs that the air adds, of those expected": (0.5, 1.6),
        },
        mutants={
            "air of other days": lambda sample: (*sample[:2], airs(*sample[:2], of_other_days=True)),
        },
    ),
    Bar(
        number="10",
        title="Patients move by day",
        source="Five wrists in free living (pyActigraphy): relative amplitude .91-.98, least active from 00-01 h"
        + _JUDGED,
        sample=lambda seed, days: season(seed, days).active,
        measure=_activity,
        limits={"relative amplitude": (0.6, 0.98), "start of the least active 5 h, from midnight": (-3, 3)},
        mutants={"hours shuffled": _shuffled},
        least_days=20,
    ),
]
