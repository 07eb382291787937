"""Buildings: what they draw by type, hour, calendar and temperature.

Profiles have the shape of standard load profiles (VDEW/BDEW H0, G1, G3, G4: Meier et al. 1999,
Repraesentative VDEW-Lastprofile), with Chinese hours. The V-shaped answer to temperature follows Henley &
Peirson (1997), Non-linearities in electricity demand and temperature, Oxf. Bull. Econ. Stat. 59.
"""

from dataclasses import dataclass

import numpy as np

from park.grid import GRID_H, HOURS, smooth_noise
from park.model import GRID_POINTS, Floats, Ints, Streams
from sectors.energy.weather import SiteWeather

HOME, OFFICE, SHOP, FACTORY, SCHOOL = range(5)
HEATING_BELOW, COOLING_ABOVE = 14.0, 23.5  # Cel

#: Share of the daily peak at each hour from 04:00 to 04:00: on working days, on days off. Night, where
#: working days and days off meet, is the same on both.
_PROFILES = (
    (  # home, appliances apart
        "30 30 35 45 45 40 38 38 42 40 38 38 40 50 65 80 90 95 90 75 55 42 35 30 30",
        "30 30 32 38 48 52 52 52 55 50 46 46 48 55 70 85 92 95 90 78 60 45 36 30 30",
    ),
    (  # office
        "42 42 44 52 78 95 98 99 92 94 99 100 98 90 74 62 55 50 46 44 42 42 42 42 42",
        "42 42 42 43 48 52 54 54 53 53 54 54 53 51 48 46 45 44 43 43 42 42 42 42 42",
    ),
    (  # shop
        "54 54 55 58 66 78 90 94 95 93 92 92 94 97 100 100 98 92 76 62 56 54 54 54 54",
        "54 54 55 58 67 82 95 99 100 99 98 98 100 102 104 104 102 95 78 62 56 54 54 54 54",
    ),
    (  # factory, three shifts of which the night is the thinnest
        "80 80 82 88 96 99 100 99 94 96 100 100 99 96 94 93 92 92 88 84 82 80 80 80 80",
        "80 80 79 78 77 77 77 77 77 77 77 77 77 77 77 77 77 77 78 79 80 80 80 80 80",
    ),
    (  # school
        "32 32 36 56 90 98 100 98 92 90 98 98 90 70 56 52 50 44 36 33 32 32 32 32 32",
        "32 32 32 33 36 38 38 38 38 38 38 38 37 36 35 34 33 33 32 32 32 32 32 32 32",
    ),
)
#: (types, day off or working day, points)
PROFILES = np.array(
    [
        [np.interp(HOURS, np.arange(25), np.array(row.split(), dtype=np.float64) / 100) for row in (off, work)]
        for work, off in _PROFILES
    ]
)
_SIZE_KW = np.array([0.6, 9.0, 6.0, 12.0, 6.5])
_HEATING_PER_K = np.array([0.030, 0.020, 0.015, 0.006, 0.018])
_COOLING_PER_K = np.array([0.080, 0.050, 0.045, 0.018, 0.040])
_TAN_PHI = np.array([0.25, 0.38, 0.42, 0.55, 0.36])
_PHASES = np.array([1.0, 3.0, 3.0, 3.0, 3.0])
#: By unit: types and how likely each is. Every block has a home first.
_MIX = (((HOME,), (1.0,)), ((OFFICE, SHOP), (0.5, 0.5)), ((FACTORY, SCHOOL, SHOP), (0.5, 0.25, 0.25)))

_APPLIANCES = 9
#: When people at home switch things on: hours since 04:00 at shares of the day's uses.
_USE_SHARES = (0.0, 0.02, 0.18, 0.28, 0.45, 0.52, 0.92, 1.0)
_USE_HOURS = (1.0, 2.0, 4.0, 7.0, 9.0, 13.0, 18.0, 20.5)


@dataclass(frozen=True, kw_only=True, eq=False)
class Buildings:
    """Buildings, (rows,) each.

    Attributes:
        type: index into the tables of this module.
        size: power at the top of the profile in mild weather, kW.
        tan_phi: reactive over active power.
        phases: of the connection.
    """

    type: Ints
    size: Floats
    tan_phi: Floats
    phases: Floats


def buildings(streams: Streams, device: Ints, unit: Ints) -> Buildings:
    """The buildings of these devices."""
    draw = streams.uniform("energy.load.type", device)
    types = np.zeros(len(device), dtype=np.int64)
    for place, (choices, shares) in enumerate(_MIX):
        chosen = np.array(choices)[np.searchsorted(np.cumsum(shares[:-1]), draw, side="right")]
        types = np.where(unit % len(_MIX) == place, chosen, types)
    return Buildings(
        type=types,
        size=_SIZE_KW[types] * (0.75 + 0.5 * streams.uniform("energy.load.size", device)),
        tan_phi=_TAN_PHI[types] * (0.9 + 0.2 * streams.uniform("energy.load.phi", device)),
        phases=_PHASES[types],
    )


def active_power(buildings: Buildings, streams: Streams, device: Ints, row: Ints, weather: SiteWeather) -> Floats:
    """What buildings draw through a day, under these rows of the weather, kW; (rows, points)."""
    profile = PROFILES[buildings.type, weather.workday[row].astype(np.int64)]
    air, day = weather.temperature[row], weather.index[row]
    cooling = np.maximum(air - COOLING_ABOVE, 0.0) * _COOLING_PER_K[buildings.type][:, None]
    heating = np.maximum(HEATING_BELOW - air, 0.0) * _HEATING_PER_K[buildings.type][:, None]
    habits = smooth_noise(streams, "energy.load.habit", (device,), day, 3)
    power = profile * (1.0 + cooling + heating) * (1.0 + 0.05 * habits) * buildings.size[:, None]
    homes = np.flatnonzero(buildings.type == HOME)
    power[homes] += _appliances(streams, device[homes], day[homes])
    return np.asarray(power)


def reactive_power(buildings: Buildings, streams: Streams, device: Ints, active: Floats, day: Ints | int) -> Floats:
    """Lagging reactive power, kvar; (rows, points)."""
    motors = smooth_noise(streams, "energy.load.motors", (device,), day, 12)
    return active * buildings.tan_phi[:, None] * (1.0 + 0.06 * motors)


def _appliances(streams: Streams, device: Ints, day: Ints) -> Floats:
    """What kettles, stoves and washing machines draw in homes, kW; (rows, points): zero at 04:00."""
    number = np.arange(_APPLIANCES)
    draw = [
        streams.uniform(f"energy.load.{what}", device[:, None], day[:, None], number) for what in ("when", "long", "kw")
    ]
    middle = np.interp(draw[0], _USE_SHARES, _USE_HOURS)
    half = 0.2 + 0.5 * draw[1] * draw[1]
    power = 0.6 + 2.2 * draw[2]
    drawn = np.zeros((len(device), GRID_POINTS))
    for use in range(_APPLIANCES):
        away = np.abs(HOURS - middle[:, use, None])
        drawn += power[:, use, None] * np.clip((half[:, use, None] - away) / GRID_H, 0.0, 1.0)
    return drawn
