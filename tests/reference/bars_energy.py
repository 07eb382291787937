"""Credibility bars of the energy sector. All are taken from what the devices would publish."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tests.reference.bar import Bar, Figures
from tests.reference.energy_samples import (
    GRID_H,
    PER_HOUR,
    Ablation,
    Books,
    Points,
    Roofs,
    Town,
    books,
    cloud_and_sun,
    heat_and_load,
    points,
    roofs,
    town,
)
from tests.reference.statistics import correlation, lag

Floats = npt.NDArray[np.float64]


def limits_of_pv(sample: Roofs) -> Figures:
    """Greatest power in the dark and at all, over the rating."""
    dark = np.broadcast_to(sample.elevation < -1, sample.power.shape)
    return {"in the dark": float(np.abs(sample.power[dark]).max()), "over rating": float(sample.power.max())}


def clear_share(sample: Town) -> Figures:
    """Hourly global over clear-sky irradiance."""
    day = sample.ghi_clear > 50
    return {"p99 of GHI/clear": float(np.quantile(sample.ghi[day] / sample.ghi_clear[day], 0.99))}


def sun_and_wind(sample: Town) -> Figures:
    """Hourly power of PV with that of wind."""
    return {"|r|": abs(correlation(sample.pv.ravel(), sample.wind.ravel()))}


def load_shape(sample: Town) -> Figures:
    """How even the load is, how working days differ, how weeks repeat."""
    by_day = sample.load
    halves = np.array_split(by_day, 2)
    return {
        "load factor": float((by_day.mean(axis=1) / by_day.max(axis=1)).mean()),
        "workday/weekend": float(by_day[sample.workday].mean() / by_day[~sample.workday].mean()),
        "lag-168h": min(lag(half.ravel(), 168) for half in halves),
        "second over first differences": float(np.diff(sample.halves, 2).std() / np.diff(sample.halves).std()),
    }


def home_shape(sample: Town) -> Figures:
    """How even one home's day is."""
    return {"load factor": float((sample.homes.mean(axis=2) / sample.homes.max(axis=2)).mean())}


def heat_response(sample: Town) -> Figures:
    """Load with temperature, in hours above 24 Cel."""
    hot = sample.temperature > 24
    return {"r": correlation(sample.temperature[hot], sample.load[hot])}


def balance(sample: Books) -> Figures:
    """Powers that add up, registers that count them."""
    # A vehicle that begins between two readings is half seen: 22 kW for five seconds.
    counted = np.abs(sample.integrated) > 4.0
    error = np.abs(sample.metered[counted] / sample.integrated[counted] - 1)
    return {
        "greatest residual": float(sample.residual.max()),
        "least increase": float(sample.increases.min()),
        "register against integral": float(error.max()),
        "small increases": float(np.abs(sample.metered[~counted] - sample.integrated[~counted]).max()),
    }


def storage(sample: Books) -> Figures:
    """A battery that stays within itself and loses a little."""
    return {
        "least charge": float(sample.charge.min()),
        "greatest charge": float(sample.charge.max()),
        "round trip": float(sample.discharged.sum() / sample.charged.sum()),
    }


def charging_points(sample: Points) -> Figures:
    """Energy only into cars that are there, who come home in the late afternoon."""
    plugged_h = sample.connected.sum(axis=2) * GRID_H
    energy = sample.power.sum(axis=2) * GRID_H
    used = energy[plugged_h > 0] / (sample.rated[:, 0] * plugged_h)[plugged_h > 0]
    arrives = ~sample.connected[:, sample.home, :-1] & sample.connected[:, sample.home, 1:]
    by_hour = np.bincount((np.nonzero(arrives)[2] // PER_HOUR + 4) % 24, minlength=24)
    return {
        "power while unplugged": float(np.abs(sample.power[~sample.connected]).max()),
        "energy over rated power x time": float(used.max()),
        "share of time plugged": float(sample.connected.mean()),
        "home plug-in mode": float(by_hour.argmax()),
    }


def ablated(sample: Ablation) -> Figures:
    """Correlation of anomalies with the town's weather, and its mean when the sector has another's."""
    other = [correlation(sample.weather, series) for series in sample.other]
    return {"|r|": abs(correlation(sample.weather, sample.own)), "|r| shuffled": abs(float(np.mean(other)))}


def _permuted(values: Floats, axis: int = -1) -> Floats:
    return np.asarray(np.random.default_rng(3).permuted(values, axis=axis))


def _noise(values: Floats) -> Floats:
    return np.asarray(np.random.default_rng(3).normal(values.mean(), values.std(), values.shape))


def _load(change: Callable[[Floats], Floats]) -> Callable[[Town], Town]:
    return lambda sample: replace(sample, load=change(sample.load))


def _constant(values: Floats) -> Floats:
    return np.full_like(values, values.mean())


def _all_permuted(values: Floats) -> Floats:
    return _permuted(values.ravel(), 0).reshape(values.shape)


BARS = [
    Bar(
        number="3",
        title="PV is dark at night and keeps the inverter's rating",
        source="Definition of PVWatts 5 (Dobos 2014)",
        sample=roofs,
        measure=limits_of_pv,
        limits={"in the dark": (0, 0), "over rating": (0.7, 1.0 + 1e-9)},
        mutants={
            "white noise": lambda s: replace(
                s, power=s.power + 0.01 * np.random.default_rng(3).normal(size=s.power.shape)
            ),
            "constant": lambda s: replace(s, power=_constant(s.power)),
            "clock 2 h off": lambda s: replace(s, power=np.roll(s.power, -24, axis=2)),
            "gain": lambda s: replace(s, power=1.2 * s.power),
            "shuffled hours": lambda s: replace(s, power=_permuted(s.power)),
        },
    ),
    Bar(
        number="3b",
        title="Hours are hardly ever brighter than clear sky",
        source="QCRad (Long & Shi 2008); cloud enhancement seldom lasts an hour",
        sample=town,
        measure=clear_share,
        limits={"p99 of GHI/clear": (0.9, 1.2)},
        mutants={
            "gain": lambda s: replace(s, ghi=1.4 * s.ghi),
            "shuffled hours": lambda s: replace(s, ghi=_permuted(s.ghi)),
            "overcast": lambda s: replace(s, ghi=0.3 * s.ghi_clear),
        },
    ),
    Bar(
        number="9b",
        title="Sun and wind complement each other",
        source="Heide et al. (2010): weak correlation of hourly wind and solar power",
        sample=town,
        measure=sun_and_wind,
        limits={"|r|": (0, 0.25)},
        mutants={"wind follows the sun": lambda s: replace(s, wind=s.wind + 0.5 * s.wind.mean() * s.pv / s.pv.mean())},
    ),
    Bar(
        number="12",
        title="The load is even, works on working days and repeats by the week",
        source="BDEW standard load profiles (in the package demandlib) in a mix of homes and business",
        sample=town,
        measure=load_shape,
        limits={
            "load factor": (0.70, 0.90),
            "workday/weekend": (1.08, 1.30),
            "lag-168h": (0.7, 1.0),
            "second over first differences": (0.45, 0.95),
        },
        mutants={
            "white noise": _load(_noise),
            "constant": _load(_constant),
            "shuffled hours": _load(_permuted),
            "restless half hours": lambda s: replace(
                s, halves=s.halves + 0.1 * s.halves.mean() * np.random.default_rng(3).normal(size=s.halves.shape)
            ),
            "no weekend": lambda s: replace(
                s, load=np.where(s.workday[:, None], s.load, s.load[s.workday].mean(axis=0))
            ),
        },
    ),
    Bar(
        number="12b",
        title="One home is peaky",
        source="Load factors of single dwellings, Richardson et al. (2010)",
        sample=town,
        measure=home_shape,
        limits={"load factor": (0.25, 0.45)},
        mutants={
            "constant": lambda s: replace(s, homes=_constant(s.homes)),
            "mean of homes": lambda s: replace(s, homes=s.homes.mean(axis=1, keepdims=True)),
        },
    ),
    Bar(
        number="12c",
        title="Heat raises the load",
        source="Henley & Peirson (1997): V-shaped answer to temperature",
        sample=town,
        measure=heat_response,
        limits={"r": (0.6, 1.0)},
        mutants={
            "white noise": _load(_noise),
            "constant": _load(_constant),
            "shuffled hours": _load(_all_permuted),
        },
    ),
    Bar(
        number="13",
        title="Powers balance and registers count them",
        source="Conservation of energy; meters of class 0.5",
        sample=books,
        measure=balance,
        limits={
            "greatest residual": (0, 0.005),
            "least increase": (0, 100),
            "register against integral": (0, 0.01),
            "small increases": (0, 0.1),
        },
        mutants={
            "one meter 2 % off": lambda s: replace(s, residual=s.residual + 0.02),
            "register reset": lambda s: replace(
                s, increases=np.where(s.increases == s.increases.max(), -500.0, s.increases)
            ),
            "register 2 % slow": lambda s: replace(s, metered=0.98 * s.metered),
            "shuffled hours": lambda s: replace(s, metered=_permuted(s.metered)),
        },
    ),
    Bar(
        number="13b",
        title="The battery stays within itself and loses a little",
        source="Round trip of lithium-ion systems .80-.95 (NREL ATB)",
        sample=books,
        measure=storage,
        limits={"least charge": (0, 30), "greatest charge": (70, 100), "round trip": (0.80, 0.95)},
        mutants={
            "no losses": lambda s: replace(s, discharged=s.charged),
            "swapped registers": lambda s: replace(s, discharged=s.charged, charged=s.discharged),
            "white noise": lambda s: replace(
                s, charge=s.charge + 30 * np.random.default_rng(3).normal(size=s.charge.shape)
            ),
            "constant": lambda s: replace(s, charge=_constant(s.charge)),
        },
    ),
    Bar(
        number="14",
        title="Cars charge only while plugged in, and come home at 16-19 h",
        source="Definition; arrival times of national travel surveys",
        sample=points,
        measure=charging_points,
        limits={
            "power while unplugged": (0, 0),
            "energy over rated power x time": (0.2, 1.0),
            "share of time plugged": (0.1, 0.6),
            "home plug-in mode": (16, 18),
        },
        mutants={
            "white noise": lambda s: replace(s, power=np.abs(_noise(s.power))),
            "constant": lambda s: replace(s, power=_constant(s.power)),
            "shuffled hours": lambda s: replace(s, power=_permuted(s.power)),
            "clock 6 h off": lambda s: replace(
                s, power=np.roll(s.power, 72, axis=2), connected=np.roll(s.connected, 72, axis=2)
            ),
            "gain": lambda s: replace(s, power=20 * s.power),
        },
    ),
    Bar(
        number="18",
        title="Cloud dims PV, and only its own",
        source="Ablation: the sector under the weather of other days",
        sample=cloud_and_sun,
        measure=ablated,
        limits={"|r|": (0.5, 1.0), "|r| shuffled": (0, 0.1)},
        mutants={
            "white noise": lambda s: replace(s, own=_noise(s.own)),
            "shuffled hours": lambda s: replace(s, own=_permuted(s.own)),
            "weather of its own": lambda s: replace(s, other=(s.own,)),
        },
    ),
    Bar(
        number="18b",
        title="Heat raises the load, and only its own",
        source="Ablation: the sector under the weather of other days",
        sample=heat_and_load,
        measure=ablated,
        limits={"|r|": (0.5, 1.0), "|r| shuffled": (0, 0.1)},
        mutants={
            "white noise": lambda s: replace(s, own=_noise(s.own)),
            "shuffled hours": lambda s: replace(s, own=_permuted(s.own)),
            "weather of its own": lambda s: replace(s, other=(s.own,)),
        },
    ),
]
