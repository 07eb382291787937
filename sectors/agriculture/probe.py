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
from sectors.agriculture.soil import SoilDay

_Floats32 = npt.NDArray[np.float32]

_BATTERY_PER_KWH = 0.06  # V per kWh/m2 of sun kept
_BATTERY_PER_CEL = 0.002


@dataclass(frozen=True, kw_only=True, eq=False)
class Probes:
    """The probes of C fields, (C * units,) each: the soil about them, and how they are made.

    Attributes:
        dry: water content at wilting point, with the calibration's offset, m3/m3.
        span: field capacity less wilting point.
        bend: how much faster than its zone the spot dries at first; shallow spots more.
        pores: saturation less field capacity.
        depth: 0 at 10 cm, 1 at 40 cm.
    """

    dry: Floats
    span: Floats
    bend: Floats
    pores: Floats
    depth: Floats
    warm: Floats
    gain: Floats
    battery: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Zones:
    """The soil day that probes look at: (C * Z, n) or (C, n) on the soil's grid, in single precision.

    Attributes:
        available: share of the available water that is left.
        wet: share of the pores above field capacity that is filled.
        ec: conductivity of the pore water, mS/cm.
    """

    available: _Floats32
    wet: _Floats32
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
        bend=0.35 - 0.7 * depth,
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
        available=kept(1.0 - day.depletion / fields.available[..., None]),
        wet=kept(day.surplus / fields.pores[..., None]),
        ec=kept(day.salt / held),
        topsoil=kept(day.topsoil),
        subsoil=kept(day.subsoil),
    )


def moisture(probes: Probes, soil: Zones, probe: Ints, where: Sampler) -> Floats:
    """(N,) water content at probes number `probe` of the crew, m3/m3, without noise."""
    left = where.line(soil.available)
    # Monotone from 0 to 1 for every bend between -1 and 1.
    bent = left * (1.0 + probes.bend.take(probe) * (1.0 - left))
    return probes.dry.take(probe) + probes.span.take(probe) * bent + probes.pores.take(probe) * where.line(soil.wet)


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
        "soil_moisture": bench.shown("soil_moisture", water + bench.noise("soil_moisture", 0.001)),
        "soil_temperature": bench.shown("soil_temperature", warmth + bench.noise("soil_temperature", 0.05)),
        "soil_moisture_ec": bench.shown("soil_moisture_ec", ec + bench.noise("soil_moisture_ec", 0.015)),
        "battery_voltage": bench.shown("battery_voltage", volts + bench.noise("battery_voltage", 0.006)),
    }
