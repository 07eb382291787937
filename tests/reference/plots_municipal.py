"""A week of a street block: its lamps and the daylight, its water zone with a burst, a bin, and a hall in the heat."""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from sectors.municipal.network import SLOT_DAYS, Bursts
from tests.reference.municipal_samples import day_of, observed, weeks
from tests.reference.walk import setting_of
from tests.reference.weeks import PUBLISHED

_DAYS, _CELLS = 7, 16
_EVERY = {
    "street_lamp": 300.0,
    "light_cabinet": 300.0,
    "pressure_zone": 300.0,
    "water_meter": 3600.0,
    "waste_bin": 900.0,
    "climate_zone": 300.0,
}
Seen = dict[str, dict[str, npt.NDArray[Any]]]


@cache
def _burst(seed: int) -> tuple[int, int]:
    """A block with a burst between the middle of June and the end of August, and the day two days before."""
    bursts = Bursts(setting=setting_of("municipal", seed), cell=np.arange(_CELLS))
    for slot in (3, 4, 5):
        first, _, share = bursts.of(np.full(_CELLS, slot))
        day = first // 86_400_000
        if (found := np.flatnonzero((share > 0) & (day >= 165) & (day < 235))).size:
            return int(found[0]), int(day[found[0]]) - 2
    return 0, 4 * SLOT_DAYS


@cache
def _seen(seed: int) -> Seen:
    """Kind to channel to (units, instants) of the block."""
    cell, first = _burst(seed)
    made: dict[str, list[dict[str, npt.NDArray[Any]]]] = {kind: [] for kind in _EVERY}
    for number in range(first, first + _DAYS):
        day = day_of(seed, number, cells=_CELLS)
        for kind, every_s in _EVERY.items():
            made[kind].append(observed(seed, day, kind, every_s))
    return {
        kind: {name: np.concatenate([part[name][cell] for part in parts], axis=1) for name in parts[0]}
        for kind, parts in made.items()
    }


def _days(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    return np.arange(len(values)) * _DAYS / len(values)


def _dress(axes: Any, ylabel: str) -> None:
    axes.set(ylabel=ylabel, xlim=(0, _DAYS))
    axes.set_xticks(range(_DAYS + 1))
    axes.legend(fontsize="small", loc="upper left", ncols=4)


def _beside(axes: Any, values: npt.NDArray[Any], label: str, color: str, *, log: bool = False) -> None:
    other = axes.twinx()
    other.plot(_days(values), values, color=color, linewidth=0.8)
    if log:
        other.set_yscale("log")
        other.set_ylim(0.1, 2e5)
    other.set_ylabel(label, color=color, fontsize="small")
    other.spines["top"].set_visible(False)


def _lamps(axes: Any, seed: int, _: int) -> None:
    power = _seen(seed)["light_cabinet"]["active_power"][0]
    axes.fill_between(_days(power), power, color="goldenrod", alpha=0.6, linewidth=0, label="the cabinet's lamps")
    axes.set_ylim(0, 1.3 * power.max())
    _dress(axes, "kW")
    _beside(
        axes, np.maximum(_seen(seed)["light_cabinet"]["illuminance"][0], 0.1), "daylight, lx", "slategray", log=True
    )


def _inflow(axes: Any, seed: int, _: int) -> None:
    flow = _seen(seed)["pressure_zone"]["inflow"][0]
    metered = np.diff(_seen(seed)["water_meter"]["water_total"].sum(axis=0))
    axes.plot(_days(flow), flow, linewidth=0.8, color="steelblue", label="into the zone")
    axes.step(_days(np.append(metered, 0))[:-1], metered, where="post", color="black", linewidth=0.8, label="metered")
    axes.set_ylim(0, None)
    _dress(axes, "m3/h")


def _pressure(axes: Any, seed: int, _: int) -> None:
    zone = _seen(seed)["pressure_zone"]
    for name, label in (
        ("supply_pressure", "main"),
        ("inlet_pressure", "inlet"),
        ("critical_pressure", "farthest tap"),
    ):
        axes.plot(_days(zone[name][0]), zone[name][0], linewidth=0.8, label=label)
    _dress(axes, "kPa")


def _bins(axes: Any, seed: int, _: int) -> None:
    level = _seen(seed)["waste_bin"]["filling_level"]
    for unit, one in enumerate(level):
        axes.step(_days(one), one, where="post", linewidth=0.9, label=f"bin {unit}")
    axes.axhline(97.0, color="firebrick", linewidth=0.6)
    axes.set_ylim(0, 125)
    _dress(axes, "%")


def _hall(axes: Any, seed: int, _: int) -> None:
    hall = {name: values[0] for name, values in _seen(seed)["climate_zone"].items()}
    axes.plot(_days(hall["temperature"]), hall["temperature"], label="the hall", color="black", linewidth=0.9)
    axes.plot(_days(hall["temperature"]), hall["temperature_setpoint"], label="set point", linewidth=0.8)
    axes.set_xlabel("days, from 04:00")
    _dress(axes, "Cel")
    _beside(axes, hall["active_power"], "heat pump, kW", "steelblue")


def _mean_day(axes: Any, seed: int, days: int) -> None:
    """Zones' mean days over their means, and between which figures those of ten real zones lie."""
    flow = weeks(seed, max(days, 63)).kinds["pressure_zone"]["inflow"][:, 0]
    hours = flow.reshape(*flow.shape[:2], 24, -1).mean(axis=(1, 3))
    for number, zone in enumerate(hours):
        axes.step(4 + np.arange(25), np.append(zone, zone[0]) / zone.mean(), where="post", label=f"zone {number + 1}")
    axes.axhspan(1.19, 1.43, color=PUBLISHED, alpha=0.2, linewidth=0, label="busiest hour of ten real zones")
    axes.fill_between([26, 28], 0.56, 0.88, color="slategray", alpha=0.3, linewidth=0, label="their night, 2 to 4 h")
    axes.set(ylabel="of the mean", xlim=(4, 28), ylim=(0.3, 1.9))
    axes.set_xticks(range(4, 29, 2), [f"{hour % 24:02d}:00" for hour in range(4, 29, 2)])
    axes.legend(fontsize="small", loc="upper left", ncols=6)


PLOTS = {
    "Lamps, and the daylight that switches them": _lamps,
    "A zone's water: on the third day a main bursts": _inflow,
    "Its pressures": _pressure,
    "Zones' mean days, beside real ones": _mean_day,
    "Bins, and the round in the morning": _bins,
    "A hall of a public building": _hall,
}
