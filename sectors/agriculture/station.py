"""Weather stations: the weather of their own place, seen by instruments.

Accuracies of a compact station, WXT536 (Vaisala): 0.3 Cel at 20 Cel, 3 % of humidity, 0.5 hPa, 3 % of the wind's speed,
3 degrees; steps of 0.1 Cel, 0.1 %, 0.1 hPa, 0.1 m/s, 1 degree. An offset is taken to be normal with half of that. The
pyranometer is of class C of ISO 9060; the gauge tips at 0.2 mm, as an ARG100 (EML) does.
"""

from dataclasses import dataclass

import numpy as np

from park.grid import devices, rows
from park.model import Floats, Ints, Moments, Observation, Setting, WorldDay
from sectors.agriculture.catalogue import WEATHER_STATION
from sectors.agriculture.instruments import Bench, spread

_BATTERY_PER_KWH = 0.22  # V per kWh/m2 of sun kept
#: Rain that a bucket of the gauge holds, mm.
TIP_MM = 0.2
_RAIN_FADE = 0.3  # dB per mm/h


@dataclass(frozen=True, kw_only=True, eq=False)
class Stations:
    """The stations of C fields, (C * units,) each.

    Attributes:
        warm, humid, pressed: offsets of calibration: Cel, %, hPa.
        exposure: of the anemometer, relative.
        turned: error of the vane's mounting, deg.
        clean: of the pyranometer's dome, relative.
        catch: of the rain gauge, relative.
    """

    warm: Floats
    humid: Floats
    pressed: Floats
    exposure: Floats
    turned: Floats
    clean: Floats
    catch: Floats
    battery: Floats
    signal: Floats
    firmware: Ints


def raise_stations(setting: Setting, cells: Ints) -> Stations:
    """The stations of `cells`."""
    numbers = devices(cells, setting.per_cell[WEATHER_STATION.name]).reshape(-1)

    def draw(name: str, mean: float, deviation: float) -> Floats:
        return spread(setting.streams, f"weather_station.{name}", numbers, mean, deviation)

    versions = len(WEATHER_STATION.channel["firmware"].texts)
    newness = setting.streams.uniform("weather_station.firmware", numbers)
    return Stations(
        warm=draw("temperature", 0.0, 0.15),
        humid=draw("relative_humidity", 0.0, 1.5),
        pressed=draw("atmospheric_pressure", 0.0, 0.25),
        exposure=draw("wind_speed", 1.0, 0.04),
        turned=draw("wind_direction", 0.0, 3.0),
        clean=draw("solar_radiation", 0.99, 0.012),
        catch=draw("precipitation", 0.97, 0.02),
        battery=draw("battery_voltage", 12.7, 0.08),
        signal=draw("signal_strength", -78.0, 8.0),
        # Most stations run a late version.
        firmware=(versions * np.sqrt(newness)).astype(np.int64),
    )


def observe(
    setting: Setting,
    stations: Stations,
    at: Moments,
    *,
    world: WorldDay,
    pressure: Floats,
    fallen: Floats,
    charge: Floats,
) -> Observation:
    """Readings of the stations.

    Parameters:
        pressure: (N,) of the air, hPa.
        fallen: (N,) precipitation at the place since commissioning, mm.
        charge: (N,) sun kept in the batteries, kWh/m2.
    """
    bench = Bench(kind=WEATHER_STATION, streams=setting.streams, at=at)
    own = rows(at, setting.per_cell[WEATHER_STATION.name])

    def noisy(channel: str, value: Floats, deviation: float | Floats) -> Floats:
        return bench.shown(channel, value + bench.noise(channel, deviation))

    seen, site = world.instants, setting.site_of(at.device // setting.per_cell[WEATHER_STATION.name])
    where = setting.places.devices(WEATHER_STATION.name, at.device)
    warmth = seen.temperature(site, where, at.x)
    wind = seen.wind_speed(site, where, at.x) * stations.exposure.take(own)
    rain = seen.precipitation(site, where, at.x) * stations.catch.take(own)
    sun = seen.irradiance(site, where, at.x)[0] * stations.clean.take(own)
    signal = stations.signal.take(own) - _RAIN_FADE * rain
    volts = stations.battery.take(own) + _BATTERY_PER_KWH * charge
    humid = seen.relative_humidity(site, where, at.x) + stations.humid.take(own)
    direction = seen.wind_direction(site, where, at.x) + stations.turned.take(own)
    return {
        "temperature": noisy("temperature", warmth + stations.warm.take(own), 0.03),
        "relative_humidity": noisy("relative_humidity", humid, 0.2),
        "atmospheric_pressure": noisy("atmospheric_pressure", pressure + stations.pressed.take(own), 0.05),
        # What turbulence leaves in a minute's mean is a share of the speed; so is a gauge's noise in the rain.
        "wind_speed": noisy("wind_speed", wind, 0.05 * wind),
        "wind_direction": (direction + bench.noise("wind_direction", 4.0)) % 360.0,
        "solar_radiation": noisy("solar_radiation", sun, 0.004 * sun + 0.3),
        "precipitation": noisy("precipitation", rain, 0.03 * rain),
        "precipitation_total": TIP_MM * np.floor(fallen * stations.catch.take(own) / TIP_MM),
        "battery_voltage": noisy("battery_voltage", volts, 0.015),
        "signal_strength": np.rint(noisy("signal_strength", signal, 1.5)).astype(np.int64),
        "firmware": stations.firmware.take(own),
    }
