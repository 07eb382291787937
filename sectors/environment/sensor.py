"""Low-cost sensors: scattered light that swells with humidity, and cells that ozone and heat disturb.

References:
    Barkjohn, K. K. et al. (2021). Development and application of a United States-wide correction for PM2.5 data
        collected with the PurpleAir sensor. AMT 14: PM = 0.524 raw - 0.0862 RH + 5.75, here turned round.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.grid import HOURS, Sampler, devices, rows
from park.model import Floats, Ints, Moments, Observation, Setting, WorldDay
from sectors.environment.air import AirDay
from sectors.environment.catalogue import AIR_SENSOR
from sectors.environment.instruments import Bench, constant

_SLOPE, _RH_SLOPE, _OFFSET = 0.524, 0.0862, 5.75
_FOG_ABOVE = 95.0  # % of humidity: droplets count as particles
_FOG = 6.0  # ug/m3 per % above
_CROSS = 0.18  # of the ozone that a NO2 cell reads as NO2
_WARM_FROM, _PER_K = 25.0, -2.2  # Cel, ug/m3 per K
_SIZES, _SIZES_DAYS = 0.125, 2  # spread, and days between knots, of what grains scatter for their mass; judgement
_CASE_WARMER, _SUN_WARMS = 2.2, 0.004  # Cel; Cel per W/m2
_BATTERY_PER_KWH = 0.05


@dataclass(frozen=True, kw_only=True, eq=False)
class Sensors:
    """The sensors of C districts, (C * units,) each.

    Attributes:
        share: of the kerb's increment where they hang.
        slope, cell: gains of the optics and of the cells.
        offset: of the NO2 cell, ug/m3.
        battery: V.
    """

    share: Floats
    slope: Floats
    cell: Floats
    offset: Floats
    battery: Floats


def hang(setting: Setting, cells: Ints) -> Sensors:
    """The sensors of `cells`: the first two beside the reference stations, the rest between."""
    numbers = devices(cells, setting.per_cell[AIR_SENSOR.name])
    share = 0.05 + 0.5 * setting.streams.uniform("air_sensor.share", numbers) ** 2
    share[:, :2] = np.array((1.0, 0.06))[: share.shape[1]]

    def draw(name: str, mean: float, deviation: float) -> Floats:
        return mean + constant(setting, AIR_SENSOR, cells, name, deviation)

    return Sensors(
        share=share.reshape(-1),
        slope=draw("slope", 1.0, 0.06),
        cell=draw("cell", 1.0, 0.06),
        offset=draw("offset", 0.0, 3.0),
        battery=draw("battery", 3.95, 0.04),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class SensorDay:
    """A day of the sensors; `charge` is the sun that batteries keep, kWh/m2, (S, GRID_POINTS)."""

    setting: Setting
    sensors: Sensors
    air: AirDay
    charge: Floats

    @cached_property
    def world(self) -> WorldDay:
        """The day's weather."""
        return self.air.world

    @cached_property
    def sizes(self) -> Floats:
        """(C, GRID_POINTS) what a district's grains scatter for their mass: small ones more than large ones."""
        part = (self.world.index % _SIZES_DAYS + HOURS / 24.0) / _SIZES_DAYS
        cells, knot = self.air.here.cells, self.world.index // _SIZES_DAYS
        left, right = (self.setting.streams.normal("air_sensor.sizes", cells, knot + k)[:, None] for k in (0, 1))
        return np.asarray(np.exp(_SIZES * (left + (right - left) * part)))


def optical(pm: Floats, humidity: Floats) -> Floats:
    """What scattered light makes of particles, ug/m3; `humidity` in %."""
    fog = _FOG * np.maximum(humidity - _FOG_ABOVE, 0.0)
    return np.asarray((pm - _OFFSET + _RH_SLOPE * humidity) / _SLOPE + fog)


def observe(day: SensorDay, at: Moments) -> Observation:
    """Raw readings."""
    bench = Bench(kind=AIR_SENSOR, streams=day.setting.streams, at=at)
    own = rows(at, day.setting.per_cell[AIR_SENSOR.name])
    sensors, world = day.sensors, day.world
    site = Sampler(day.air.site.take(at.row), at.x)
    district = Sampler(at.row, at.x)
    air = day.air.at(district, sensors.share.take(own))
    humidity, warmth = site.line(world.relative_humidity), site.line(world.temperature)
    inside = warmth + _CASE_WARMER + _SUN_WARMS * site.line(world.ghi)
    slope, cell = sensors.slope.take(own), sensors.cell.take(own)
    fine = slope * optical(air.pm25 * district.line(day.sizes), humidity)
    # Coarse grains hardly scatter: the optics guess them from the fine ones.
    all_sizes = fine + 0.45 * slope * (air.pm10 - air.pm25)
    heat = _PER_K * np.maximum(inside - _WARM_FROM, 0.0)
    no2 = cell * air.no2 + _CROSS * air.o3 + heat + sensors.offset.take(own)
    seen_fine = bench.noisy("pm25", fine, 1.5)
    drier = humidity * np.exp(-0.058 * (inside - warmth))
    volts = sensors.battery.take(own) + _BATTERY_PER_KWH * site.line(day.charge)
    return {
        "pm25": seen_fine,
        "pm10": np.maximum(bench.noisy("pm10", all_sizes, 2.5), seen_fine),
        "no2": bench.noisy("no2", no2, 4.0),
        "o3": bench.noisy("o3", cell * air.o3 + 0.08 * air.no2, 4.5),
        "temperature": bench.noisy("temperature", inside, 0.2),
        "relative_humidity": bench.noisy("relative_humidity", drier, 1.5),
        "battery_voltage": bench.noisy("battery_voltage", volts, 0.006),
    }
