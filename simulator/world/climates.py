"""Climates by name: what park.toml may say under `town.climate`. Data alone.

Each row is January to December, or one number for all. Temperatures, precipitation and days with it are rounded after
the published normals that `source` names; prevailing wind, spreads, turbidity and cloud are typical of the climate.
Linke turbidities follow the world maps of Remund et al. (2003).
"""

from collections.abc import Mapping
from dataclasses import dataclass

Row = tuple[float, ...] | float


@dataclass(frozen=True, kw_only=True)
class Normals:
    """A station's normals by month.

    Attributes:
        source: who published them.
        latitude: of the station: a town on the other side of the equator has its seasons half a year apart.
        tmax, tmin: Cel.
        rain_mm, wet_days: precipitation, and days with at least `least_mm` of it.
        wet_hours: hours of precipitation on such a day.
        wind_ms, wind_from: mean at 10 m; degrees from which it mostly blows.
        pressure_hpa: at sea level.
        spread_tmax, spread_tmin, spread_pressure: standard deviations of a day about the season, Cel and hPa.
        dew_gap: dew point below the night's minimum on a dry day, Cel.
        linke: Linke turbidity.
        cloud: latent cover of a dry day: -1 is a clear sky, 0 half of it, 1 overcast.
    """

    source: str
    latitude: float
    tmax: Row
    tmin: Row
    rain_mm: Row
    wet_days: Row
    wet_hours: Row
    wind_ms: Row
    wind_from: Row
    pressure_hpa: Row
    spread_tmax: Row
    spread_tmin: Row
    spread_pressure: Row
    dew_gap: Row
    linke: Row
    cloud: Row
    least_mm: float = 0.3


WUXI = Normals(
    source="China Meteorological Administration, normals 1991-2020 of Wuxi, 31.6 N; the city's yearbooks",
    latitude=31.6,
    tmax=(8.0, 10.6, 15.4, 21.5, 26.6, 29.2, 32.9, 32.3, 28.3, 23.2, 17.2, 10.7),
    tmin=(1.1, 2.9, 6.7, 12.1, 17.5, 22.1, 25.9, 25.6, 21.4, 15.2, 9.0, 3.1),
    rain_mm=(63, 61, 88, 82, 93, 196, 182, 150, 90, 60, 56, 42),
    wet_days=(10.0, 9.8, 12.2, 10.8, 11.3, 13.5, 12.8, 12.8, 9.3, 7.6, 8.6, 7.5),
    # Long drizzle in winter, showers in summer.
    wet_hours=(9.0, 9.0, 8.5, 7.5, 7.0, 7.5, 5.0, 4.5, 6.5, 7.5, 8.5, 9.0),
    wind_ms=(2.6, 2.8, 3.0, 3.0, 2.9, 2.8, 2.8, 2.9, 2.6, 2.4, 2.4, 2.5),
    # The monsoon: north-west in winter, south-east in summer.
    wind_from=(330, 350, 60, 120, 130, 135, 145, 130, 60, 40, 350, 335),
    pressure_hpa=(1026.5, 1024.2, 1020.0, 1014.8, 1010.0, 1005.2, 1003.6, 1005.2, 1011.6, 1018.2, 1022.6, 1026.0),
    spread_tmax=(4.0, 4.6, 4.9, 4.4, 3.9, 3.4, 3.2, 2.9, 3.3, 3.3, 3.8, 3.9),
    spread_tmin=(3.2, 3.3, 3.3, 3.0, 2.5, 2.1, 1.8, 1.7, 2.5, 3.0, 3.6, 3.3),
    spread_pressure=(4.6, 4.8, 4.9, 4.4, 3.6, 2.8, 2.5, 2.6, 3.0, 3.4, 4.2, 4.6),
    dew_gap=(3.4, 3.4, 3.4, 3.4, 3.2, 2.0, 1.6, 1.4, 1.8, 2.6, 2.8, 3.4),
    linke=(2.93, 3.20, 3.54, 4.04, 4.48, 4.79, 4.84, 4.40, 3.78, 3.18, 2.79, 2.76),
    cloud=0.22,
)

CLIMATES: Mapping[str, Normals] = {
    "wuxi": WUXI,
    "singapore": Normals(
        source="Meteorological Service Singapore, Changi, normals 1991-2020",
        latitude=1.4,
        tmax=(30.6, 31.5, 32.2, 32.4, 32.3, 31.9, 31.4, 31.4, 31.6, 31.8, 31.2, 30.5),
        tmin=(24.3, 24.6, 24.9, 25.3, 25.7, 25.7, 25.4, 25.3, 25.2, 25.0, 24.6, 24.3),
        rain_mm=(222, 105, 152, 164, 164, 135, 147, 147, 125, 168, 252, 332),
        wet_days=(13, 9, 12, 15, 15, 13, 14, 14, 13, 15, 19, 19),
        wet_hours=2.8,
        wind_ms=(2.8, 2.9, 2.3, 1.7, 1.7, 1.9, 2.2, 2.2, 1.9, 1.6, 1.6, 2.2),
        wind_from=(20, 20, 30, 60, 150, 165, 170, 170, 165, 180, 340, 10),
        pressure_hpa=(1010.3, 1010.3, 1009.8, 1009.1, 1008.8, 1009.0, 1009.1, 1009.4, 1009.6, 1009.7, 1009.4, 1009.8),
        spread_tmax=1.2,
        spread_tmin=0.7,
        spread_pressure=1.0,
        dew_gap=1.2,
        linke=4.4,
        cloud=0.6,
        least_mm=0.2,
    ),
    "dubai": Normals(
        source="Dubai Meteorological Office, airport, 1977-2015",
        latitude=25.3,
        tmax=(23.9, 25.4, 28.9, 33.3, 37.7, 39.8, 40.9, 41.3, 38.9, 35.4, 30.5, 26.2),
        tmin=(14.3, 15.5, 17.7, 21.0, 25.1, 27.3, 30.0, 30.4, 27.7, 24.1, 20.1, 16.3),
        rain_mm=(18.8, 25.0, 22.1, 7.2, 0.4, 0.0, 0.8, 0.0, 0.0, 1.1, 2.7, 16.2),
        wet_days=(5.4, 4.7, 5.8, 2.6, 0.3, 0.0, 0.5, 0.5, 0.1, 0.2, 1.3, 3.8),
        wet_hours=3.0,
        wind_ms=(3.2, 3.6, 3.8, 3.7, 3.7, 3.7, 3.7, 3.6, 3.2, 2.9, 2.9, 3.0),
        wind_from=(310, 300, 300, 310, 310, 310, 300, 300, 310, 320, 310, 310),
        pressure_hpa=(1018.9, 1017.3, 1014.5, 1010.9, 1006.6, 1000.2, 997.0, 998.6, 1004.7, 1011.7, 1016.2, 1018.8),
        spread_tmax=(2.4, 3.0, 3.6, 3.6, 2.8, 2.4, 2.0, 1.8, 1.8, 1.8, 2.0, 2.4),
        spread_tmin=(2.2, 2.3, 2.2, 2.2, 1.8, 1.5, 1.4, 1.4, 1.6, 1.7, 2.0, 2.2),
        spread_pressure=(2.6, 2.8, 2.8, 2.6, 2.0, 1.6, 1.4, 1.4, 1.6, 1.6, 2.0, 2.4),
        dew_gap=(4.0, 4.0, 5.0, 6.5, 8.0, 6.5, 5.5, 5.0, 4.5, 5.0, 5.0, 4.5),
        linke=(3.8, 4.2, 4.8, 5.2, 5.4, 5.8, 6.2, 6.0, 5.2, 4.6, 4.0, 3.8),
        cloud=(-0.5, -0.5, -0.5, -0.6, -0.9, -1.2, -0.9, -0.9, -1.2, -1.0, -0.7, -0.5),
        least_mm=0.2,
    ),
    "dublin": Normals(
        source="Met Eireann, Dublin Airport, normals 1981-2010",
        latitude=53.4,
        tmax=(8.1, 8.3, 10.2, 12.1, 14.8, 17.6, 19.5, 19.2, 17.0, 13.6, 10.3, 8.3),
        tmin=(2.4, 2.3, 3.4, 4.6, 6.9, 9.6, 11.7, 11.5, 9.8, 7.3, 4.5, 2.8),
        rain_mm=(62.6, 48.8, 52.7, 54.1, 59.5, 66.7, 56.2, 73.3, 59.5, 79.0, 72.9, 72.7),
        wet_days=(17, 15, 17, 15, 15, 14, 16, 16, 15, 17, 17, 17),
        wet_hours=(7.0, 7.0, 6.0, 5.5, 5.5, 5.0, 4.5, 5.0, 5.5, 6.0, 6.5, 7.0),
        wind_ms=(6.4, 6.1, 6.0, 5.1, 4.8, 4.5, 4.5, 4.5, 4.8, 5.4, 5.6, 5.8),
        wind_from=(240, 240, 240, 230, 200, 240, 250, 245, 240, 235, 240, 240),
        pressure_hpa=(1012.9, 1013.2, 1013.0, 1013.4, 1015.0, 1015.3, 1014.8, 1014.2, 1014.8, 1011.9, 1011.9, 1012.2),
        spread_tmax=(2.9, 2.8, 2.7, 2.7, 2.7, 2.7, 2.5, 2.3, 2.3, 2.4, 2.7, 3.0),
        spread_tmin=(3.2, 3.1, 3.0, 2.9, 2.7, 2.5, 2.3, 2.4, 2.7, 3.1, 3.2, 3.3),
        spread_pressure=(13, 12, 11, 9, 8, 7, 6.5, 7, 9, 10.5, 12, 13),
        dew_gap=1.0,
        linke=(2.6, 2.8, 3.1, 3.3, 3.5, 3.6, 3.7, 3.6, 3.3, 3.0, 2.7, 2.5),
        cloud=0.55,
        least_mm=0.2,
    ),
    "cape-town": Normals(
        source="World Meteorological Organization, Cape Town airport, normals 1961-1990",
        latitude=-34.0,
        tmax=(26.1, 26.5, 25.4, 23.0, 20.3, 18.1, 17.5, 17.8, 19.2, 21.3, 23.5, 24.9),
        tmin=(15.7, 15.6, 14.2, 11.9, 9.4, 7.8, 7.0, 7.5, 8.7, 10.6, 13.2, 14.9),
        rain_mm=(15, 17, 20, 41, 69, 93, 82, 77, 40, 30, 14, 17),
        wet_days=(5.5, 4.6, 4.8, 8.3, 11.4, 13.3, 11.8, 13.7, 10.4, 8.7, 4.9, 6.2),
        wet_hours=(3.5, 3.5, 4.0, 5.0, 6.0, 6.5, 6.5, 6.5, 5.0, 4.5, 4.0, 3.5),
        wind_ms=(6.2, 6.0, 5.4, 4.6, 4.1, 4.2, 4.3, 4.6, 5.0, 5.5, 6.0, 6.2),
        wind_from=(170, 170, 170, 180, 320, 330, 330, 320, 200, 180, 170, 170),
        pressure_hpa=(1013.2, 1013.1, 1014.3, 1016.3, 1018.0, 1020.1, 1021.0, 1020.2, 1019.1, 1017.5, 1015.4, 1013.8),
        spread_tmax=(3.2, 3.3, 3.5, 4.0, 3.8, 3.3, 3.2, 3.4, 3.6, 3.9, 3.6, 3.3),
        spread_tmin=(2.0, 2.0, 2.2, 2.6, 2.9, 2.9, 2.8, 2.6, 2.5, 2.4, 2.2, 2.0),
        spread_pressure=(3.3, 3.3, 3.6, 4.2, 4.9, 5.4, 5.4, 5.4, 5.0, 4.4, 3.9, 3.5),
        dew_gap=(2.0, 2.0, 1.8, 1.5, 1.4, 1.3, 1.2, 1.3, 1.6, 2.0, 2.2, 2.2),
        linke=(3.0, 3.0, 2.9, 2.7, 2.5, 2.4, 2.4, 2.5, 2.7, 2.8, 2.9, 3.0),
        cloud=(-0.4, -0.4, -0.3, -0.1, 0.1, 0.1, 0.1, 0.1, 0.0, -0.1, -0.3, -0.3),
        least_mm=1.0,
    ),
    "winnipeg": Normals(
        source="Environment and Climate Change Canada, Winnipeg airport, normals 1981-2010",
        latitude=49.9,
        tmax=(-11.3, -8.1, -0.8, 10.9, 18.6, 23.2, 25.9, 25.4, 19.0, 10.5, -0.5, -8.5),
        tmin=(-21.4, -18.3, -10.7, -2.0, 4.5, 10.7, 13.5, 12.1, 6.4, -0.5, -9.2, -17.8),
        rain_mm=(19.9, 13.8, 24.5, 30.0, 56.7, 90.0, 79.5, 77.0, 45.8, 37.5, 25.0, 21.5),
        wet_days=(11.6, 8.5, 9.2, 8.2, 11.5, 13.3, 11.6, 11.2, 10.8, 10.2, 10.1, 11.4),
        wet_hours=(8.0, 8.0, 7.5, 6.5, 5.5, 4.5, 3.5, 3.5, 4.5, 6.0, 7.5, 8.0),
        wind_ms=(4.7, 4.6, 4.8, 5.0, 4.9, 4.4, 4.0, 4.1, 4.6, 4.9, 4.7, 4.6),
        wind_from=(200, 200, 190, 10, 180, 180, 190, 190, 190, 190, 200, 200),
        pressure_hpa=(1019.5, 1019.4, 1017.8, 1015.6, 1013.8, 1011.9, 1013.0, 1013.9, 1014.3, 1014.9, 1016.3, 1018.4),
        spread_tmax=(7.4, 7.0, 6.2, 6.6, 6.0, 4.6, 3.9, 4.4, 5.6, 6.0, 5.8, 6.8),
        spread_tmin=(8.0, 7.8, 6.8, 4.8, 4.6, 3.9, 3.2, 3.6, 4.4, 4.6, 5.8, 7.4),
        spread_pressure=(9.5, 9.2, 8.8, 7.8, 7.0, 5.8, 5.0, 5.2, 6.4, 7.6, 8.8, 9.4),
        dew_gap=(2.0, 2.0, 1.8, 3.0, 3.0, 2.0, 1.5, 1.5, 1.8, 2.0, 1.8, 2.0),
        linke=(2.3, 2.4, 2.7, 3.0, 3.2, 3.3, 3.3, 3.2, 2.9, 2.6, 2.4, 2.3),
        cloud=(0.3, 0.2, 0.2, 0.1, 0.1, 0.0, -0.1, -0.1, 0.1, 0.3, 0.5, 0.4),
        least_mm=0.2,
    ),
    "oulu": Normals(
        source="Finnish Meteorological Institute, Oulu airport, normals 1991-2020",
        latitude=64.9,
        tmax=(-5.6, -5.5, -0.8, 5.5, 12.5, 17.8, 20.9, 18.6, 13.0, 5.6, 0.5, -2.9),
        tmin=(-12.8, -12.6, -8.6, -2.8, 3.1, 8.9, 12.3, 10.4, 6.0, 0.4, -4.3, -9.2),
        rain_mm=(36, 30, 29, 28, 41, 50, 76, 65, 47, 50, 45, 40),
        wet_days=(9, 8, 7, 6, 7, 8, 10, 9, 8, 9, 10, 10),
        wet_hours=(9.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.5, 5.0, 6.0, 7.5, 8.5, 9.0),
        wind_ms=(3.2, 3.1, 3.1, 3.0, 3.1, 3.1, 2.8, 2.8, 3.0, 3.2, 3.2, 3.2),
        wind_from=(160, 160, 170, 330, 320, 310, 310, 200, 180, 170, 160, 160),
        pressure_hpa=(1010.8, 1011.6, 1011.4, 1012.9, 1014.0, 1010.9, 1010.0, 1010.9, 1010.9, 1010.7, 1009.6, 1009.0),
        spread_tmax=(5.6, 5.6, 4.0, 4.2, 5.0, 4.4, 3.7, 3.4, 3.2, 3.9, 4.3, 5.0),
        spread_tmin=(7.6, 7.6, 6.4, 4.0, 3.4, 3.0, 2.8, 3.2, 3.8, 4.6, 5.6, 7.0),
        spread_pressure=(14, 13.5, 12, 9.5, 8.0, 7.2, 6.6, 7.0, 9.0, 11, 12.5, 13.5),
        dew_gap=(1.2, 1.2, 1.4, 2.0, 2.6, 2.4, 1.8, 1.2, 1.0, 1.0, 1.0, 1.2),
        linke=(1.9, 2.0, 2.2, 2.5, 2.7, 2.8, 2.9, 2.8, 2.5, 2.3, 2.1, 1.9),
        cloud=(0.6, 0.5, 0.3, 0.2, 0.1, 0.1, 0.1, 0.2, 0.4, 0.6, 0.8, 0.8),
        least_mm=1.0,
    ),
}
