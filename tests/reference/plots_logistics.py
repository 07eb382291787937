"""A cold room, a lorry, its parcels and the docks through two days of July: doors, thaws and cycles by readings."""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.reference.logistics_samples import YEAR, seen
from tests.reference.walk import walk
from tests.reference.weeks import PARK, PUBLISHED

_FIRST, _DAYS = 195, 2
_EVERY = {"cold_room": 60.0, "reefer_truck": 30.0, "parcel_logger": 300.0, "dock_door": 60.0}
Seen = dict[str, dict[str, npt.NDArray[Any]]]


@cache
def _seen(seed: int) -> Seen:
    """Kind to channel to (units, instants) of the first hub."""
    days = list(walk("logistics", seed, _DAYS, 1, first=_FIRST))
    made = {}
    for kind, every_s in _EVERY.items():
        parts = [day.observe(kind, every_s) for day in days]
        made[kind] = {name: np.concatenate([part[name][0] for part in parts], axis=1) for name in parts[0]}
    return made


def _hours(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    return 4.0 + np.arange(len(values)) * 24.0 * _DAYS / len(values)


def _shade(axes: Any, on: npt.NDArray[Any], color: str, label: str) -> None:
    axes.fill_between(_hours(on), 0, 1, where=on.astype(bool), transform=axes.get_xaxis_transform(), color=color,
                      alpha=0.25, linewidth=0, label=label)  # fmt: skip


def _dress(axes: Any, ylabel: str) -> None:
    axes.set(ylabel=ylabel, xlim=(4, 4 + 24 * _DAYS))
    axes.set_xticks(range(6, 4 + 24 * _DAYS + 1, 6), [f"{hour % 24}:00" for hour in range(6, 4 + 24 * _DAYS + 1, 6)])
    axes.legend(fontsize="small", loc="upper left", ncols=5)


def _room(unit: int, axes: Any, seed: int, _days: int) -> None:
    room = {name: values[unit] for name, values in _seen(seed)["cold_room"].items()}
    _shade(axes, room["door_open"], "firebrick", "door open")
    _shade(axes, room["defrost"], "steelblue", "thaw")
    axes.plot(_hours(room["air_temperature"]), room["air_temperature"], linewidth=0.8, color="black", label="air")
    axes.plot(_hours(room["air_temperature"]), room["product_temperature"], color="seagreen", label="goods")
    _dress(axes, "Cel")


def _power(axes: Any, seed: int, _days: int) -> None:
    power = _seen(seed)["cold_room"]["active_power"]
    for unit, name in enumerate(("chilled", "frozen")):
        axes.plot(_hours(power[unit]), power[unit], linewidth=0.6, label=name)
    _dress(axes, "kW")


def _lorry(axes: Any, seed: int, _days: int) -> None:
    lorry = {name: values[0] for name, values in _seen(seed)["reefer_truck"].items()}
    _shade(axes, lorry["door_open"], "firebrick", "body open")
    for name, label in (("supply_air_temperature", "supply"), ("return_air_temperature", "return")):
        axes.plot(_hours(lorry[name]), lorry[name], linewidth=0.7, label=label)
    axes.plot(_hours(lorry["cargo_temperature"]), lorry["cargo_temperature"], color="black", label="load")
    axes.set_ylim(-5, 45)
    _dress(axes, "Cel")


def _parcel(axes: Any, seed: int, _days: int) -> None:
    parcel = {name: values[0] for name, values in _seen(seed)["parcel_logger"].items()}
    _shade(axes, parcel["custody"] == 1, "goldenrod", "with the carrier")
    _shade(axes, parcel["custody"] == 2, "rebeccapurple", "with the receiver")
    axes.plot(_hours(parcel["temperature"]), parcel["temperature"], linewidth=0.8, label="parcel")
    axes.plot(_hours(parcel["temperature"]), parcel["mean_kinetic_temperature"], label="kinetic mean since 04:00")
    axes.axhspan(2.0, 8.0, color="seagreen", alpha=0.08)
    _dress(axes, "Cel")


def _docks(axes: Any, seed: int, _days: int) -> None:
    dock = _seen(seed)["dock_door"]
    yard = (dock["queue_length"] + dock["occupied"]).sum(axis=0)
    axes.step(_hours(yard), yard, where="post", label="lorries in the yard")
    axes.step(_hours(yard), dock["occupied"].sum(axis=0), where="post", label="at the doors")
    _dress(axes, "lorries")


def _dwell(axes: Any, seed: int, _days: int) -> None:
    """How long lorries stay, and where the median of published stays lies."""
    dock = seen(seed, YEAR).dock
    took = dock["turnaround_time"][..., 1:][np.diff(dock["trucks"], axis=-1) > 0]
    axes.hist(took, np.arange(0, 245, 5), color=PARK, label=f"{len(took)} lorries of the park")
    axes.axvline(float(np.median(took)), color="black", label=f"their median; {(took > 120).mean():.0%} above 2 h")
    axes.axvspan(45, 120, color=PUBLISHED, alpha=0.15, linewidth=0, label="median of practice (ATRI 2024, widened)")
    axes.set(xlabel="min from the gate to the gate", ylabel="lorries", xlim=(0, 240))
    axes.legend(fontsize="small", loc="upper right")


PLOTS = {
    "A chilled room in July": lambda axes, seed, days: _room(0, axes, seed, days),
    "A frozen room": lambda axes, seed, days: _room(1, axes, seed, days),
    "Power of both": _power,
    "A lorry on its round": _lorry,
    "A parcel, by who keeps it": _parcel,
    "The docks": _docks,
    "How long lorries stay": _dwell,
}
