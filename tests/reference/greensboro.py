"""The park in Greensboro's climate: what a real year of Greensboro is told from when the climate is no longer the clue.

Its day swings by 11 Cel where Wuxi's swings by 8, its fronts are stronger and its sky is clearer.
"""

import datetime as dt
from functools import cache

from simulator.streams import CounterStreams
from simulator.world import World
from simulator.world.climates import Normals
from tests.reference.records import Record, grid_of, hours_of

NORMALS = Normals(
    source="temperatures and rain after NOAA, normals 1991-2020 of the airport, from memory (test_trials.py holds them "
    "against the typical year); all else is typical of the region",
    latitude=36.1,
    tmax=(9.8, 11.9, 16.5, 21.8, 25.8, 29.6, 31.4, 30.3, 26.9, 21.6, 15.9, 11.3),
    tmin=(-0.5, 0.8, 4.4, 9.1, 13.8, 18.4, 20.6, 19.9, 16.4, 9.9, 4.4, 0.9),
    rain_mm=(81, 69, 91, 94, 86, 102, 117, 112, 114, 76, 76, 79),
    wet_days=(10.2, 9.3, 10.5, 9.6, 10.5, 10.8, 11.8, 10.6, 8.7, 7.4, 8.0, 9.6),
    wet_hours=(8.0, 8.0, 7.5, 6.0, 5.0, 3.5, 3.0, 3.0, 4.5, 6.0, 7.0, 8.0),
    wind_ms=(3.2, 3.4, 3.7, 3.6, 3.1, 2.8, 2.7, 2.5, 2.7, 2.8, 3.0, 3.0),
    wind_from=(230, 230, 220, 210, 210, 210, 215, 200, 60, 40, 220, 230),
    pressure_hpa=(1020, 1019, 1018, 1016.5, 1016, 1016, 1016.5, 1017, 1018, 1019, 1019.5, 1020.5),
    spread_tmax=(6.0, 6.0, 6.0, 5.2, 4.2, 3.3, 2.8, 2.8, 3.7, 4.4, 5.2, 5.6),
    spread_tmin=(5.0, 5.0, 5.0, 4.7, 4.0, 3.0, 2.2, 2.4, 3.7, 4.8, 5.0, 5.0),
    spread_pressure=(6.5, 6.3, 6.2, 5.3, 4.2, 3.4, 2.9, 2.8, 3.7, 4.8, 5.8, 6.3),
    dew_gap=(3.0, 3.2, 3.2, 3.0, 1.5, 0.8, 0.6, 0.5, 0.8, 1.2, 2.2, 3.0),
    linke=(2.6, 2.8, 3.1, 3.4, 3.7, 4.0, 4.1, 3.9, 3.4, 3.0, 2.7, 2.6),
    cloud=0.1,
    least_mm=0.25,
)


@cache
def record_of(seed: int, days: int) -> Record:
    """The hours of a town there."""
    world = World(
        CounterStreams(seed),
        latitude=36.1,
        longitude=-79.95,
        elevation_m=273.0,
        utc_offset_ms=-5 * 3_600_000,
        country="",
        climate=NORMALS,
        commissioned=dt.date(2026, 1, 1),
    )
    return hours_of(grid_of(world, days))
