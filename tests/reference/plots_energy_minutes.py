"""A home's minutes beside a real one's, and what turbines, batteries and cars at work do."""

from typing import Any

import numpy as np

from tests.reference.energy_minutes import homes, stays, storage, turbines
from tests.reference.records import home_minutes
from tests.reference.weeks import PARK, REAL

_DAYS = 60
_SHOWN = 3


def _jumps(axes: Any, seed: int, days: int) -> None:
    """How much a home's power changes from one minute to the next."""
    edges = np.geomspace(0.001, 8, 60)
    for label, power, color in (
        ("a home in Sceaux", home_minutes()["power"].values, REAL),
        ("the park's homes", homes(seed, max(days, _DAYS)).power.reshape(-1, 1440), PARK),
    ):
        change = np.abs(np.diff(power, axis=1)).ravel()
        above = np.array([(change > edge).mean() for edge in edges])
        axes.plot(edges, above, color=color, label=f"{label}: {(change > 0.5).mean():.1%} of minutes over 500 W")
    axes.set(xscale="log", yscale="log", xlabel="change in a minute, kW", ylabel="share above", ylim=(1e-4, 1))


def _days_of(axes: Any, seed: int, days: int) -> None:
    """How much homes use on each day, over their means."""
    edges = np.arange(0, 3.05, 0.1)
    ours = homes(seed, max(days, _DAYS)).power.mean(axis=2)
    real = home_minutes()["power"].values.mean(axis=1)
    for label, used, color in (
        ("the home in Sceaux", real / real.mean(), REAL),
        ("the park's homes", (ours / ours.mean(axis=1, keepdims=True)).ravel(), PARK),
    ):
        axes.hist(used, edges, histtype="step", linewidth=1.4, density=True, color=color, label=label)
    axes.set(xlabel="a day's use, of the home's mean", ylabel="density", xlim=(0, 3))


def _turbine(axes: Any, seed: int, days: int) -> None:
    """The windiest days of a turbine's month: power, wind and where the nacelle looks."""
    seen = turbines(seed, max(days, _DAYS))
    first = int(seen.wind[0, :28].std(axis=1).argmax())
    shown = slice(first, first + _SHOWN)
    time = np.arange(_SHOWN * 144) / 144
    axes.plot(time, seen.power[0, shown].ravel(), color=PARK, linewidth=1.0, label="power, kW")
    axes.plot(time, seen.wind[0, shown].ravel(), color="seagreen", linewidth=0.7, label="wind, m/s")
    axes.set(ylabel="kW; m/s", xlim=(0, _SHOWN))
    other = axes.twinx()
    other.plot(time, seen.nacelle[0, shown].ravel(), ".", color="gray", markersize=2)
    other.set(ylim=(0, 360), yticks=(0, 90, 180, 270, 360))
    other.set_ylabel("nacelle, degrees", color="gray", fontsize="small")
    _days_from_dawn(axes)


def _battery(axes: Any, seed: int, days: int) -> None:
    """The battery that moves most, and what its block takes from the grid."""
    seen = storage(seed, max(days, _DAYS))
    which = int(seen.charge.std(axis=(1, 2)).argmax())
    first = int(seen.charge[which, :-_SHOWN].std(axis=1).argmax())
    shown = slice(first, first + _SHOWN)
    time = np.arange(_SHOWN * 288) / 288
    axes.axhline(0, color="gray", linewidth=0.6)
    axes.plot(time, seen.grid[which, shown].ravel(), color="rebeccapurple", linewidth=0.9, label="from the grid")
    axes.plot(time, seen.power[which, shown].ravel(), color=PARK, linewidth=0.9, label="from the battery")
    axes.set(ylabel="kW", xlim=(0, _SHOWN))
    other = axes.twinx()
    other.plot(time, seen.charge[which, shown].ravel(), color="teal", linestyle="--", linewidth=0.9)
    other.set_ylim(0, 125)
    other.set_ylabel("charge, %", color="teal", fontsize="small")
    _days_from_dawn(axes)


def _sessions(axes: Any, seed: int, days: int) -> None:
    """Cars at work: how long they stay, and what they take."""
    seen = stays(seed, max(days, _DAYS))
    r = np.corrcoef(seen.stay, seen.energy)[0, 1]
    label = f"sessions at work: r {r:.2f}; ACN-Data .37"
    axes.plot(seen.stay, seen.energy, ".", color=PARK, markersize=3, alpha=0.5, label=label)
    axes.set(xlabel="stay, h", ylabel="kWh", xlim=(0, None), ylim=(0, None))


def _days_from_dawn(axes: Any) -> None:
    axes.set_xticks(range(_SHOWN + 1), ["04:00"] * (_SHOWN + 1))


PLOTS = {
    "Changes of a home's power from minute to minute, beside a real home's": _jumps,
    "Days of homes, beside a real home's": _days_of,
    "A turbine's three days": _turbine,
    "A battery's three days": _battery,
    "Stay and energy of cars at work": _sessions,
}
