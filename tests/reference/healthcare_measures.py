"""What the bars of healthcare measure, and how samples are spoilt."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from park.model import Bools, Floats, Ints
from sectors.healthcare.catalogue import BEDSIDE_MONITOR
from tests.reference.healthcare_samples import VITALS, Airs, Boards, Cold, Rhythm, Sets
from tests.reference.news2 import by_others, score

_ALERT = BEDSIDE_MONITOR.channel["consciousness"].texts.index("alert")


def by_chart(sets: Sets, *, second: Bools | None = None) -> Floats:
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
                *(seen[name].tolist() for name in VITALS), scale.tolist(), strict=True
            )
        ],
        dtype=np.float64,
    )


def by_vitalscore(sets: Sets) -> Ints:
    seen = sets.vitals
    return by_others(
        respiratory_rate=seen["respiratory_rate"],
        oxygen_saturation=seen["oxygen_saturation"],
        second_scale=sets.second_scale,
        on_oxygen=seen["oxygen_flow"] > 0,
        systolic_pressure=seen["systolic_pressure"],
        heart_rate=seen["heart_rate"],
        alert=seen["consciousness"] == _ALERT,
        body_temperature=seen["body_temperature"],
    )


def scores(sets: Sets) -> Mapping[str, float]:
    return {
        "share 0-2": float((sets.news2 <= 2).mean()),
        "share 5 and more": float((sets.news2 >= 5).mean()),
        "share 7 and more": float((sets.news2 >= 7).mean()),
        "7 and more, of 5 and more": float((sets.news2 >= 7).sum() / (sets.news2 >= 5).sum()),
    }


def independent(sets: Sets) -> Sets:
    """Each vital sign another bed's."""
    rng = np.random.default_rng(3)
    apart = {name: rng.permutation(values) for name, values in sets.vitals.items()}
    mixed = replace(sets, vitals=apart, second_scale=np.zeros_like(sets.second_scale))
    return replace(mixed, news2=by_chart(mixed))


def fever(sets: Sets) -> Mapping[str, float]:
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


def another_fever(sets: Sets) -> Sets:
    warmth = np.random.default_rng(4).permutation(sets.vitals["body_temperature"])
    return replace(sets, vitals={**sets.vitals, "body_temperature": warmth})


_ANGLE = (4.0 + np.arange(24)) * (2 * np.pi / 24)


def _cosinor(hourly: Floats) -> tuple[float, float]:
    """Amplitude of the population mean, and its chi-square on two degrees: 13.8 is p = .001."""
    parts = np.stack([hourly @ np.cos(_ANGLE), hourly @ np.sin(_ANGLE)], axis=-1) / 12
    mean = parts.mean(axis=0)
    spread = np.cov(parts.T) / len(parts)
    return float(np.hypot(*mean)), float(mean @ np.linalg.solve(spread + 1e-12 * np.eye(2), mean))


def clock(rhythm: Rhythm) -> Mapping[str, float]:
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


def each(change: Callable[[Floats], Floats]) -> Callable[[Rhythm], Rhythm]:
    names = ("heart", "breath", "warmth", "systolic")
    return lambda rhythm: replace(rhythm, **{name: change(getattr(rhythm, name)) for name in names})


def flat(hourly: Floats) -> Floats:
    return np.repeat(hourly.mean(axis=-1, keepdims=True), 24, axis=-1)


def shuffled(hourly: Floats) -> Floats:
    return np.random.default_rng(5).permuted(hourly, axis=-1)


def as_the_well(rhythm: Rhythm) -> Rhythm:
    severe, well = rhythm.news2 >= 3, np.flatnonzero(rhythm.news2 <= 1)
    others = np.random.default_rng(9).choice(well, int(severe.sum()))
    breath = rhythm.breath.copy()
    breath[severe] = rhythm.breath[others]
    return replace(rhythm, breath=breath)


def minutes(nights: tuple[Floats, Floats]) -> Mapping[str, float]:
    heart, oxygen = (rows[np.isfinite(rows).all(axis=-1)] for rows in nights)
    off = heart - heart.mean(axis=-1, keepdims=True)
    return {
        "SD of the heart rate": float(np.median(heart.std(axis=-1))),
        "lag of a minute": float((off[:, 1:] * off[:, :-1]).mean() / (off**2).mean()),
        "saturation that is no whole number": float((oxygen != np.rint(oxygen)).mean()),
        "highest saturation": float(oxygen.max()),
    }


def minutes_of(beats_ms: Floats) -> Floats:
    """(1, minutes) rates, /min, of a heart whose beats are so many milliseconds apart."""
    at = np.cumsum(beats_ms) / 60_000.0
    return np.asarray(np.histogram(at, np.arange(int(at[-1]) + 1))[0], dtype=np.float64)[None]


def white(nights: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    return np.random.default_rng(6).permuted(nights[0], axis=-1), nights[1]


def stays(days: Floats) -> Mapping[str, float]:
    return {
        "coefficient of variation": float(days.std() / days.mean()),
        "SD of the logarithm": float(np.log(days).std()),
        "median to mean": float(np.median(days) / days.mean()),
        "mean, d": float(days.mean()),
    }


def balance(boards: Boards) -> Mapping[str, float]:
    inside = boards.admissions - boards.discharges
    return {
        "beds that do not balance": float(np.abs(np.diff(inside) - np.diff(boards.occupied)).max()),
        "most beds": float(boards.occupied.max()),
        "occupancy": float(boards.occupied.mean() / 8),
    }


def free(boards: Boards) -> Boards:
    return replace(boards, occupied=np.random.default_rng(7).integers(4, 9, boards.occupied.shape))


def cycles(cold: Cold) -> Mapping[str, float]:
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


def sine(cold: Cold) -> Cold:
    wave = 4.6 + 1.4 * np.sin(np.arange(1440) * (2 * np.pi / 1440))
    return replace(cold, air=np.broadcast_to(wave, cold.air.shape), product=np.broadcast_to(wave, cold.air.shape))


def another_summer(cold: Cold) -> Cold:
    return replace(cold, outdoor=cold.outdoor[:, ::-1])


def puffed(airs: Airs) -> Mapping[str, float]:
    puffs = airs.puffs / airs.puffs.mean(axis=-1, keepdims=True)
    x = airs.expected - airs.expected.mean(axis=-1, keepdims=True)
    return {
        "puffs a patient and day": float(airs.puffs.mean()),
        "puffs that the air adds, of those expected": float((x * (puffs - 1)).sum() / (x**2).sum()),
    }


def activity(active: Floats) -> Mapping[str, float]:
    mean = np.nanmean(active, axis=0)
    around = np.concatenate([mean, mean])
    least = np.array([around[k : k + 5].mean() for k in range(24)])
    most = max(around[k : k + 10].mean() for k in range(24))
    start = (4 + int(np.argmin(least))) % 24
    return {
        "relative amplitude": float((most - least.min()) / (most + least.min())),
        "start of the least active 5 h, from midnight": float(start if start < 12 else start - 24),
    }
