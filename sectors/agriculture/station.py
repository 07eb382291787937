"""Weather stations: the site's weather, seen by instruments in a place of their own."""

from dataclasses import dataclass

import numpy as np

from park.grid import Sampler, devices, rows
from park.model import Floats, Ints, Moments, Observation, Setting, WorldDay
from sectors.agriculture.catalogue import WEATHER_STATION
from sectors.agriculture.instruments import Bench, spread

_BATTERY_PER_KWH = 0.22  # V per kWh/m2 of sun kept
_RAIN_FADE = 0.3  # dB per mm/h


@dataclass(frozen=True, kw_only=True, eq=False)
class Stations:
    """The stations of C fields, (C * units,) each.

    Attributes:
        warm, humid, pressed: offsets of place and calibration: Cel, %, hPa.
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
        warm=draw("temperature", 0.0, 0.25),
        humid=draw("relative_humidity", 0.0, 1.0),
        pressed=draw("atmospheric_pressure", 0.0, 0.2),
        exposure=draw("wind_speed", 1.0, 0.05),
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
    site: Sampler,
    fallen: Floats,
    charge: Floats,
) -> Observation:
    """Readings of the stations.

    Parameters:
        site: where the readings stand in the weather's series.
        fallen: (N,) precipitation since commissioning, mm.
        charge: (N,) sun kept in the batteries, kWh/m2.
    """
    bench = Bench(kind=WEATHER_STATION, streams=setting.streams, at=at)
    own = rows(at, setting.per_cell[WEATHER_STATION.name])

    def noisy(channel: str, value: Floats, deviation: float | Floats) -> Floats:
        return bench.shown(channel, value + bench.noise(channel, deviation))

    warmth = site.line(world.temperature)
    wind = site.line(world.wind_speed) * stations.exposure.take(own)
    rain = site.line(world.precipitation) * stations.catch.take(own)
    sun = site.line(world.ghi) * stations.clean.take(own)
    signal = stations.signal.take(own) - _RAIN_FADE * rain
    volts = stations.battery.take(own) + _BATTERY_PER_KWH * charge
    humid = site.line(world.relative_humidity) + stations.humid.take(own)
    direction = site.turn(world.wind_direction) + stations.turned.take(own)
    return {
        "temperature": noisy("temperature", warmth + stations.warm.take(own), 0.06),
        "relative_humidity": noisy("relative_humidity", humid, 0.5),
        "atmospheric_pressure": noisy(
            "atmospheric_pressure", site.line(world.atmospheric_pressure) + stations.pressed.take(own), 0.05
        ),
        # Turbulence is a share of the speed; so is the noise of a gauge in the rain.
        "wind_speed": noisy("wind_speed", wind, 0.12 * wind),
        "wind_direction": (direction + bench.noise("wind_direction", 6.0)) % 360.0,
        "solar_radiation": noisy("solar_radiation", sun, 0.004 * sun + 0.3),
        "precipitation": noisy("precipitation", rain, 0.03 * rain),
        "precipitation_total": fallen * stations.catch.take(own),
        "battery_voltage": noisy("battery_voltage", volts, 0.015),
        "signal_strength": np.rint(noisy("signal_strength", signal, 1.5)).astype(np.int64),
        "firmware": stations.firmware.take(own),
    }
