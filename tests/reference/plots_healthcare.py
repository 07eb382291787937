"""A day of a bay as its nurses see it, and what stands beside: the fridge, and puffs in a month's air."""

from functools import cache
from math import erf, sqrt
from typing import Any

import numpy as np

from park.model import Floats
from sectors.healthcare.catalogue import BEDSIDE_MONITOR, MEDICINE_FRIDGE
from tests.reference.healthcare_samples import airs, published, season
from tests.reference.walk import Walked, walk
from tests.reference.weeks import PARK, PUBLISHED

#: The weeks of which one day is shown.
_FIRST, _WEEKS = 60, 3
_BEDS = 8
#: NEWS2 at which somebody comes within the hour, and at which it is an emergency (RCP 2017).
_URGENT, _EMERGENCY = 5, 7


@cache
def _day(seed: int) -> Walked:
    """Of some weeks, the day on which the score of a bed of the first bay changes most."""

    def change(day: Walked) -> float:
        news2 = day.observe(BEDSIDE_MONITOR.name, 1800.0)["news2"][0]
        parts = np.nan_to_num(news2).reshape(_BEDS, 8, 6).mean(axis=-1)
        taken = np.isfinite(news2).all(axis=-1)
        return float((np.ptp(parts, axis=-1) * taken).max())

    return max(walk("healthcare", seed, _WEEKS * 7, 1, first=_FIRST), key=change)


def _clock(axes: Any, ylabel: str) -> None:
    axes.set(ylabel=ylabel, xlim=(4, 28))
    axes.set_xticks(range(4, 29, 2), [f"{hour % 24:02d}" for hour in range(4, 29, 2)])


def _worst(seed: int) -> tuple[dict[str, Floats], int]:
    """The bay's figures every five minutes, and of the beds taken all day that with the highest scores."""
    seen = {name: values[0] for name, values in published(_day(seed), BEDSIDE_MONITOR, 300.0).items()}
    full = np.isfinite(seen["news2"]).all(axis=-1)
    return seen, int(np.argmax(np.where(full, np.nan_to_num(seen["news2"]).mean(axis=-1), -1.0)))


def _ward(axes: Any, seed: int, days: int) -> None:  # it is one day
    seen, _ = _worst(seed)
    shown = axes.imshow(
        seen["news2"],
        aspect="auto",
        extent=(4, 28, _BEDS + 0.5, 0.5),
        cmap="YlOrRd",
        vmin=0,
        vmax=10,
        interpolation="nearest",
    )
    axes.set_yticks(range(1, _BEDS + 1))
    _clock(axes, "bed")
    axes.figure.colorbar(shown, cax=axes.inset_axes((1.01, 0, 0.012, 1)))


def _vitals(axes: Any, seed: int, days: int) -> None:
    seen, bed = _worst(seed)
    at = 4 + np.arange(288) / 12
    for name, label in (
        ("heart_rate", "heart, /min"),
        ("systolic_pressure", "systolic, mm[Hg]"),
        ("oxygen_saturation", "saturation, %"),
        ("respiratory_rate", "breaths, /min"),
    ):
        axes.plot(at, seen[name][bed], label=label, linewidth=0.9)
    axes.legend(fontsize="small", loc="upper left", ncols=4)
    axes.set_ylim(0, 190)
    _clock(axes, f"bed {bed + 1}")
    other = axes.twinx()
    other.plot(at, seen["body_temperature"][bed], color="firebrick", linestyle="--", linewidth=0.9)
    other.set_ylim(35, 41)
    other.set_ylabel("Cel", color="firebrick", fontsize="small")


def _score(axes: Any, seed: int, days: int) -> None:
    seen, bed = _worst(seed)
    axes.step(4 + np.arange(288) / 12, seen["news2"][bed], where="post", color="black", linewidth=0.9, label="NEWS2")
    axes.step(4 + np.arange(288) / 12, seen["oxygen_flow"][bed], where="post", linewidth=0.9, label="oxygen, L/min")
    axes.axhspan(_URGENT, _EMERGENCY, color="orange", alpha=0.2, linewidth=0)
    axes.axhspan(_EMERGENCY, 20, color="firebrick", alpha=0.15, linewidth=0)
    axes.legend(fontsize="small", loc="upper left", ncols=2)
    axes.set_ylim(0, 14)
    _clock(axes, f"bed {bed + 1}")


def _fridge(axes: Any, seed: int, days: int) -> None:
    seen = published(_day(seed), MEDICINE_FRIDGE, 60.0)
    at = 4 + np.arange(1440) / 60
    axes.axhspan(2, 8, color="seagreen", alpha=0.12, linewidth=0)
    axes.plot(at, seen["air_temperature"][0, 0], linewidth=0.7, label="air")
    axes.plot(at, seen["product_temperature"][0, 0], linewidth=1.1, label="vial")
    axes.set_ylim(1, 9)
    axes.legend(fontsize="small", loc="upper left", ncols=2)
    _clock(axes, "fridge, Cel")


def _puffs(axes: Any, seed: int, days: int) -> None:
    data = airs(seed, days)
    for site, color in enumerate(("tab:blue", "tab:orange")):
        puffs = data.puffs[site] / data.puffs[site].mean()
        axes.plot(puffs, color=color, linewidth=0.9, label=f"puffs, site {site + 1}")
        axes.plot(data.expected[site] / data.expected[site].mean(), color=color, linestyle="--", linewidth=0.9)
    axes.plot([], [], color="gray", linestyle="--", label="as the air of four days has it")
    axes.set(ylabel="of their mean", xlim=(0, days - 1), xlabel="days from 7 January")
    axes.legend(fontsize="small", loc="upper right", ncols=3)


def _stays(axes: Any, seed: int, days: int) -> None:
    """How long patients stay, between the log-normals of five records."""
    stays = np.sort(season(seed, max(days, 60)).stays)
    at = np.geomspace(0.3, 60, 200)
    curves = [_below(at, mean, spread) for mean in (4.9, 11.3) for spread in (0.70, 0.89)]
    label = "between records: mean 4.9 to 11.3 d, SD of the logarithm .70 to .89"
    axes.fill_between(
        at, np.min(curves, axis=0), np.max(curves, axis=0), color=PUBLISHED, alpha=0.25, linewidth=0, label=label
    )
    axes.step(stays, np.arange(1, len(stays) + 1) / len(stays), color=PARK, label=f"{len(stays)} stays of the park")
    axes.set(xscale="log", xlim=(0.3, 60), ylim=(0, 1.05), xlabel="stay, d", ylabel="share that is shorter")
    axes.set_xticks([0.5, 1, 2, 5, 10, 20, 50], ["0.5", "1", "2", "5", "10", "20", "50"])
    axes.minorticks_off()
    axes.legend(fontsize="small", loc="lower right")


def _below(days: Floats, mean: float, spread: float) -> Floats:
    """Share of log-normal stays that are shorter."""
    median = mean * np.exp(-(spread**2) / 2)
    return np.array([0.5 * (1 + erf(float(np.log(day / median)) / (spread * sqrt(2)))) for day in days])


PLOTS = {
    "A ward's day: NEWS2 of the beds of a bay; white beds are free": _ward,
    "Vital signs of the bed that is worst, and its temperature": _vitals,
    "Its score and its oxygen; from 5 on somebody comes, from 7 on it is an emergency": _score,
    "A medicine fridge's cycles within 2 to 8 Cel": _fridge,
    "Puffs of relievers, and the air": _puffs,
    "How long patients stay, beside published stays": _stays,
}
