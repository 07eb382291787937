"""Weather made to order, for tests that must know what falls and shines."""

import datetime as dt
from typing import Any

import numpy as np
import numpy.typing as npt

from park.model import DAY_MS, GRID_POINTS, GRID_S, Setting, WorldDay
from park.town import default_town
from sectors import SECTORS
from sectors.agriculture.catalogue import SECTOR
from simulator.streams import CounterStreams
from simulator.world import Places

HOUR = (4.0 + np.arange(GRID_POINTS) * GRID_S / 3600.0) % 24.0


def setting(seed: int = 7, zones: int = 2) -> Setting:
    counts = {kind.name: kind.per_cell for kind in SECTOR.kinds} | {"irrigation_valve": zones}
    return Setting(
        streams=CounterStreams(seed, SECTOR.name),
        site_of=lambda cells: cells * 0,
        places=Places(default_town(SECTORS), SECTOR, CounterStreams(seed)),
        latitude=31.49,
        longitude=120.31,
        elevation_m=5.0,
        per_cell=counts,
    )


def day(
    index: int = 1,
    *,
    temperature: float | npt.NDArray[np.float64] = 20.0,
    sun: float = 0.0,
    rain: float | npt.NDArray[np.float64] = 0.0,
    date: dt.date = dt.date(2026, 7, 1),
    **changed: Any,
) -> WorldDay:
    """A day at one site: a half-wave of sun from 6 to 18 h up to `sun` W/m2, all else steady unless given."""

    def row(value: float | npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.broadcast_to(np.asarray(value, dtype=np.float64), (1, GRID_POINTS)).copy()

    height = np.sin(np.pi * (HOUR - 6.0) / 12.0)
    given: dict[str, Any] = {
        "temperature": row(temperature),
        "relative_humidity": row(70.0),
        "atmospheric_pressure": row(1013.0),
        "wind_speed": row(2.5),
        "wind_direction": row(120.0),
        "cloud_cover": row(0.4),
        "precipitation": row(rain),
        "ghi": row(sun * np.maximum(height, 0.0)),
        "dni": row(0.0),
        "dhi": row(0.0),
        "ghi_clear": row(950.0 * np.maximum(height, 0.0)),
        "sun_elevation": row(75.0 * height),
        "sun_azimuth": row(180.0),
    }
    start = 1_767_211_200_000 + index * DAY_MS
    return WorldDay(
        index=index,
        date=date,
        times=start + np.arange(GRID_POINTS, dtype=np.int64) * (GRID_S * 1000),
        workday=True,
        holiday=False,
        weekday=2,
        **(given | changed),
    )
