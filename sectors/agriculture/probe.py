"""Soil probes: six points of view on the water, heat and salt of their zone."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from park.grid import Sampler, devices, rows
from park.model import Floats, Ints, Moments, Observation, Setting
from sectors.agriculture.catalogue import IRRIGATION_VALVE, SOIL_PROBE
from sectors.agriculture.drivers import POINTS, STRIDE
from sectors.agriculture.fields import Fields
from sectors.agriculture.instruments import Bench, spread
from sectors.agriculture.soil import UPPER_SHARE, SoilDay

_Floats32 = npt.NDArray[np.float32]

# TEROS 12 (METER Group): steps of 0.001 m3/m3, 0.1 Cel and 0.01 mS/cm, 0.01 m3/m3 with a calibration of the soil,
# 0.5 Cel, 5 % of the conductivity. In soil probes that stand still repeat themselves to a step: the median second
# difference of hourly readings leaves 0.00006 m3/m3 of noise.
_MOISTURE_NOISE, _WARMTH_NOISE, _EC_NOISE = 0.00006, 0.02, 0.004

#: How much of the groundwater's wetting reaches the shallowest probe.
_RISES = 0.78
#: Share of the pores through which groundwater rises.
_STANDS_IN = 0.25
#: How much faster than its layer a shallow spot dries at first.
_BEND = 0.35
_BATTERY_PER_KWH = 0.06  # V per kWh/m2 of sun kept
_BATTERY_PER_CEL = 0.002


@dataclass(frozen=True, kw_only=True, eq=False)
class Probes:
    """The probes of C fields, (C * units,) each: the soil about them, and how they are made.

    Attributes:
        dry: water content at wilting point, with the calibration's offset, m3/m3.
        span: field capacity less wilting point.
        pores: saturation less field capacity.
        depth: 0 at 10 cm, 1 at 40 cm.
    """

    dry: Floats
    span: Floats
    pores: Floats
    depth: Floats
    warm: Floats
    gain: Floats
    battery: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Zones:
    """The soil day that probes look at: (C * Z, n) or (C, n) on the soil's grid, in single precision.

    Attributes:
        upper, lower: share of the available water that is left near the surface, and at depth.
        wet, ground: share of the pores above field capacity that is filled near the surface by what has just come, and
            at depth by what has drained.
        ec: conductivity of the pore water, mS/cm.
    """

    upper: _Floats32
    lower: _Floats32
    wet: _Floats32
    ground: _Floats32
    ec: _Floats32
    topsoil: _Floats32
    subsoil: _Floats32


def place(setting: Setting, cells: Ints, fields: Fields) -> Probes:
    """The probes of `cells`."""
    numbers, streams = devices(cells, setting.per_cell[SOIL_PROBE.name]).reshape(-1), setting.streams
    units = setting.per_cell[SOIL_PROBE.name]

    def draw(name: str, deviation: float, mean: float = 0.0) -> Floats:
        return spread(streams, f"soil_probe.{name}", numbers, mean, deviation)

    depth = streams.uniform("soil_probe.depth", numbers)
    dry = np.repeat(fields.wilting_point, units) + draw("wilting_point", 0.006)
    capacity = np.repeat(fields.field_capacity, units) + draw("field_capacity", 0.008)
    return Probes(
        dry=dry,
        span=capacity - dry,
        pores=np.repeat(fields.saturation, units) - capacity,
        depth=depth,
        warm=draw("soil_temperature", 0.25),
        gain=draw("soil_moisture_ec", 0.06, 1.0),
        battery=draw("battery_voltage", 0.05, 3.86),
    )


def zones(fields: Fields, day: SoilDay) -> Zones:
    """What the probes see of a soil day."""
    held = fields.held[..., None] - day.depletion + day.surplus

    def kept(values: Floats) -> _Floats32:
        return values.reshape(-1, POINTS).astype(np.float32)

    return Zones(
        upper=kept(1.0 - day.upper / (UPPER_SHARE * fields.available[..., None])),
        lower=kept(1.0 - day.seeped / ((1.0 - UPPER_SHARE) * fields.available[..., None])),
        wet=kept(np.minimum(day.surplus / (UPPER_SHARE * fields.pores[..., None]), 1.0)),
        ground=kept(-np.expm1(-day.ground / (_STANDS_IN * fields.pores[..., None]))),
        ec=kept(day.salt / held),
        topsoil=kept(day.topsoil),
        subsoil=kept(day.subsoil),
    )


def moisture(probes: Probes, soil: Zones, probe: Ints, where: Sampler) -> Floats:
    """(N,) water content at probes number `probe` of the crew, m3/m3, without noise."""
    deep = probes.depth.take(probe)
    near, below = where.line(soil.upper), where.line(soil.lower)
    left = np.clip(near + deep * (below - near), 0.0, 1.0)
    # Monotone from 0 to 1 for every bend between -1 and 1.
    bent = left * (1.0 + _BEND * (1.0 - 2.0 * deep) * (1.0 - left))
    wet = where.line(soil.wet) * (1.0 - deep)
    filled = wet + (1.0 - wet) * where.line(soil.ground) * (_RISES + (1.0 - _RISES) * deep)
    return probes.dry.take(probe) + probes.span.take(probe) * bent + probes.pores.take(probe) * filled


def observe(setting: Setting, probes: Probes, soil: Zones, at: Moments, *, charge: Floats) -> Observation:
    """Readings of the probes; `charge` (N,) is the sun kept in the batteries, kWh/m2."""
    bench = Bench(kind=SOIL_PROBE, streams=setting.streams, at=at)
    zone_count = setting.per_cell[IRRIGATION_VALVE.name]
    x = at.x * (1.0 / STRIDE)
    zone = Sampler(at.row * zone_count + at.unit % zone_count, x, POINTS)
    field = Sampler(at.row, x, POINTS)
    probe = rows(at, setting.per_cell[SOIL_PROBE.name])

    water = moisture(probes, soil, probe, zone)
    top, sub = field.line(soil.topsoil), field.line(soil.subsoil)
    warmth = top + probes.depth.take(probe) * (sub - top) + probes.warm.take(probe)
    ec = zone.line(soil.ec) * probes.gain.take(probe)
    volts = probes.battery.take(probe) + _BATTERY_PER_KWH * charge + _BATTERY_PER_CEL * (warmth - 15.0)
    return {
        "soil_moisture": bench.shown("soil_moisture", water + bench.noise("soil_moisture", _MOISTURE_NOISE)),
        "soil_temperature": bench.shown("soil_temperature", warmth + bench.noise("soil_temperature", _WARMTH_NOISE)),
        "soil_moisture_ec": bench.shown("soil_moisture_ec", ec + bench.noise("soil_moisture_ec", _EC_NOISE)),
        "battery_voltage": bench.shown("battery_voltage", volts + bench.noise("battery_voltage", 0.006)),
    }
