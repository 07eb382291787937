"""A home and the sun by minutes beside real ones, the town's load beside a standard profile, and a microgrid's week."""

from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from park.model import Place
from tests.reference.energy_samples import town
from tests.reference.records import home_minutes, payerne
from tests.reference.walk import town as town_of
from tests.reference.walk import world_of
from tests.reference.weeks import PARK, REAL, Floats, at, daily, park_week, real_week, weekly

_HOMES, _KW = 5, 8.0
_AFTER = "2007-03-04"
#: Number of the town's first day of June, and hours from which its days are read: 04:00.
_JUNE, _DAWN_H = 152, 4


@cache
def _home(seed: int) -> dict[str, Floats]:
    """The home of middle use of some: power and voltage by minutes of a week of March."""
    seen = park_week("energy", seed, "building_meter", 60.0, cells=_HOMES)
    power, voltage = (seen[name][:, 0, :-1] for name in ("active_power", "phase_voltage"))
    which = int(np.argsort(power.mean(axis=-1))[_HOMES // 2])
    return {"power": power[which], "voltage": voltage[which]}


def _real(name: str) -> Floats:
    return real_week(home_minutes()[name], _AFTER).ravel()


def _week(axes: Any, power: Floats, color: str, label: str) -> None:
    axes.plot(at(power), power, color=color, linewidth=0.4, label=f"{label}: {power.mean():.2f} kW in the mean")
    axes.set_ylim(0, _KW)
    weekly(axes, "kW")


def _real_home(axes: Any, _seed: int, _days: int) -> None:
    _week(axes, _real("power"), REAL, "a home in Sceaux, March 2007")


def _park_home(axes: Any, seed: int, _days: int) -> None:
    _week(axes, _home(seed)["power"], PARK, "a home of the park, March 2026")


def _voltages(axes: Any, seed: int, _days: int) -> None:
    """A Wednesday of both."""
    day = slice(2 * 1440, 3 * 1440)
    hours = np.arange(1440) / 60
    axes.plot(hours, _real("voltage")[day], color=REAL, linewidth=0.6, label="the home in Sceaux")
    axes.plot(hours, _home(seed)["voltage"][day], color=PARK, linewidth=0.6, label="the home of the park")
    daily(axes, "V")


def _profiles() -> pd.DataFrame:
    """Quarter hours of a winter's week by profile, from the data of the package demandlib."""
    with files("demandlib").joinpath("bdew/bdew_data/selp_series.csv").open() as file:
        table = pd.read_csv(file)
    return table[table["period"] == "winter"].sort_values("weekday", kind="stable")


def _load(axes: Any, seed: int, days: int) -> None:
    """All buildings through a week of January, beside the standard profile of such a mix, in their own means."""
    seen = town(seed, max(days, 60))
    # The sample begins on Monday 5 January at 04:00; the second week is shown.
    ours = seen.halves[6:14].ravel()[40 : 40 + 7 * 48]
    quarters = _profiles()
    for name, label, style in (("h0", "homes (BDEW H0)", "--"), ("g0", "business (BDEW G0)", ":")):
        values = quarters[name].to_numpy(dtype=np.float64)
        axes.plot(at(values), values / values.mean(), style, color=REAL, linewidth=0.9, label=label)
    axes.plot(at(ours), ours / ours.mean(), color=PARK, linewidth=1.0, label="homes and business of the park")
    axes.set_ylim(0, None)
    weekly(axes, "of the mean")


@cache
def _june(seed: int) -> Floats:
    """(days, 1440) irradiance at the first site by minutes from 04:00, W/m2."""
    site, world = town_of(seed).sites[0], world_of(seed)
    where = Place(latitude=np.full(1440, site.latitude), longitude=np.full(1440, site.longitude))
    zero, x = np.zeros(1440, dtype=np.int64), np.arange(1440) / 5
    return np.stack([world.day(_JUNE + n).instants.irradiance(zero, where, x)[0] for n in range(21)])


def _restless(days: Floats) -> Floats:
    """The day on which the minutes of a bright sun differ most from one to the next."""
    return np.asarray(days[np.argmax(np.abs(np.diff(days, axis=1)).sum(axis=1) * (days.max(axis=1) > 900))])


def _sun(axes: Any, seed: int, _days: int) -> None:
    real = _restless(payerne()["ghi"].values)
    ours = _restless(_june(seed))
    hours = np.arange(1440) / 60
    # Payerne's clock is UTC, half an hour behind its sun.
    axes.plot(hours + 0.5, real, color=REAL, linewidth=0.7, label="Payerne, June 2016")
    axes.plot(hours + _DAWN_H, ours, color=PARK, linewidth=0.7, label="the park, June 2026")
    axes.set_ylim(0, None)
    daily(axes, "W/m2, by minutes", first=4)
    axes.set_xlim(4, 20)


def _microgrid(axes: Any, seed: int, _days: int) -> None:
    """The first block's powers, and its battery."""
    site = _first(park_week("energy", seed, "site_meter", 300.0, cells=1, monday=_JUNE))
    battery = _first(park_week("energy", seed, "battery", 300.0, cells=1, monday=_JUNE))
    for name, label, color in (
        ("photovoltaic_power", "photovoltaics", "goldenrod"),
        ("consumption_power", "consumption", "slategray"),
        ("active_power", "from the grid", "rebeccapurple"),
    ):
        axes.plot(at(site[name]), site[name], color=color, linewidth=0.8, label=label)
    weekly(axes, "kW")
    other = axes.twinx()
    other.plot(at(battery["state_of_charge"]), battery["state_of_charge"], color="teal", linestyle="--", linewidth=0.8)
    other.set_ylim(0, 125)
    other.set_ylabel("battery, %", color="teal", fontsize="small")


def _first(seen: dict[str, npt.NDArray[Any]]) -> dict[str, Floats]:
    return {name: values[0, 0, :-1] for name, values in seen.items()}


PLOTS = {
    "A real home through a week, by minutes": _real_home,
    "A home of the park through a week, by minutes": _park_home,
    "Voltage at both on the Wednesday": _voltages,
    "The town's load through a week of January, beside standard profiles": _load,
    "Sun on the most restless day of June, beside a real one": _sun,
    "A block's week in June: roofs, load, grid and battery": _microgrid,
}
