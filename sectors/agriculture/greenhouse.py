"""Climate of a greenhouse: one node of heat, one of vapour, one of carbon dioxide, per m2 of floor.

Each is a well-mixed volume that exchanges with the outside air; the steps are implicit in the exchange,
so that no opening of the vents can make them unstable. A day begins in the quasi-steady state of its
first instant, and its last ninety minutes, at night, lean towards that of its last: the next day begins
exactly where this one ends, and nothing is carried but by houses that were told something: `setpoints`.

References:
    Bot (1983). Greenhouse climate: from physical processes to a dynamic model. Wageningen.
    Stanghellini & de Jong (1995). A model of humidity and its applications in a greenhouse. Agricultural
    and Forest Meteorology 76.
    Sentelhas et al. (2008). Suitability of relative humidity as an estimator of leaf wetness duration.
    Agricultural and Forest Meteorology 148: leaves are wet from about 90 %.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from park.model import GRID_POINTS, GRID_S, Bools, Floats, Ints, Setting, WorldDay
from sectors.agriculture.et0 import saturation_pressure

HEIGHT_M = 3.5
OUTSIDE_CO2 = 425.0
_AIR_HEAT = 1206.0  # J m-3 K-1
_LATENT = 2450.0  # J/g
_HEAT_CAPACITY = 45_000.0  # J m-2 K-1: air, crop and the upper floor
_TO_VAPOUR = 0.45  # share of the sun inside that the crop turns into vapour
_TO_HEAT = 0.42  # share that warms the air
_VAPOUR_EXCHANGE = 1.2e-3  # m/s, crop and floor to air, in light
_STOMATA_SHUT = 0.25  # of it in the dark
_STOMATA_HALF = 40.0  # W/m2 inside at which they stand half open
_CONDENSATION = 2.0e-3  # m/s, air to cover
_COVER_INSIDE = 0.35  # weight of the inside in the cover's temperature
HEATER_GAIN = 80.0  # W m-2 K-1
HEATER_MAX = 160.0  # W/m2
HEATER_IDLE = 3.0  # W/m2
VENT_BAND = 5.0  # K from shut to open
VENT_STEP = 0.2  # of the opening, in one step
_MG_PER_PPM = 1.83  # mg/m3
_ASSIMILATION = 1.2  # mg m-2 s-1, at full light and carbon dioxide
_RESPIRATION = 0.11  # mg m-2 s-1 at 20 Cel, floor included
_HALF_LIGHT, _HALF_CO2 = 200.0, 300.0  # W/m2, ppm
LEAN = np.arange(19) / 18.0

_Floats32 = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Houses:
    """C greenhouses, every array (C,).

    Attributes:
        heats_below, vents_above: set points, Cel.
        transmission: of the cover, for the sun.
        loss: heat loss through the cover, W m-2 K-1.
        leak, vent: changes of air per hour with vents shut, and what full opening adds, in a 4 m/s wind.
    """

    site: Ints
    heats_below: Floats
    vents_above: Floats
    transmission: Floats
    loss: Floats
    leak: Floats
    vent: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Outside:
    """What the houses stand in, (n, C) each: time first, because the steps go along it."""

    temperature: Floats
    vapour: Floats
    sun: Floats
    leak: Floats
    vent: Floats

    def between(self, first: int, end: int) -> "Outside":
        """The instants from `first` to before `end`."""
        return Outside(
            temperature=self.temperature[first:end],
            vapour=self.vapour[first:end],
            sun=self.sun[first:end],
            leak=self.leak[first:end],
            vent=self.vent[first:end],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Inside:
    """Air temperature (Cel), vapour (g/m3), CO2 (ppm), opening of the vents (0 to 1), heating (W/m2)."""

    temperature: Floats
    vapour: Floats
    co2: Floats
    opening: Floats
    heating: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class HouseDay:
    """The climate of C houses on the day's grid, (C, GRID_POINTS); what the climate computers show."""

    temperature: _Floats32
    relative_humidity: _Floats32
    co2: _Floats32
    sun: _Floats32
    vent_opening: _Floats32
    heating_on: Bools


def build(setting: Setting, cells: Ints) -> Houses:
    """The greenhouses of `cells`."""

    def draw(name: str, low: float, high: float) -> Floats:
        return low + (high - low) * setting.streams.uniform(f"greenhouse.{name}", cells)

    heats_below = draw("heats_below", 11.0, 16.0)
    return Houses(
        site=setting.site_of(cells),
        heats_below=heats_below,
        vents_above=heats_below + draw("vents_above", 8.0, 11.0),
        transmission=draw("transmission", 0.55, 0.70),
        loss=draw("loss", 6.0, 9.0),
        leak=draw("leak", 0.3, 0.7),
        vent=draw("vent", 25.0, 45.0),
    )


def house_day(houses: Houses, world: WorldDay) -> HouseDay:
    """The day of the houses."""
    outside = outside_of(houses, world)
    inside = climate_of(houses, outside)

    def kept(path: Floats) -> _Floats32:
        return np.ascontiguousarray(path.T, dtype=np.float32)

    humidity = 100.0 * inside.vapour / saturation_density(inside.temperature)
    return HouseDay(
        temperature=kept(inside.temperature),
        relative_humidity=kept(np.minimum(humidity, 100.0)),
        co2=kept(inside.co2),
        sun=kept(outside.sun),
        vent_opening=kept(100.0 * inside.opening),
        heating_on=np.ascontiguousarray((inside.heating > HEATER_IDLE).T),
    )


def climate_of(houses: Houses, outside: Outside) -> Inside:
    """(GRID_POINTS, C) the day of houses that keep their own set points."""
    inside = _march(houses, outside, quasi_steady(houses, outside.between(0, 1)))
    _lean(inside, quasi_steady(houses, outside.between(GRID_POINTS - len(LEAN), GRID_POINTS)))
    return inside


def _lean(inside: Inside, steady: Inside) -> None:
    """Bends the end of the path towards the quasi-steady one, in place."""
    for name in ("temperature", "vapour", "co2", "opening", "heating"):
        end = getattr(inside, name)[-len(LEAN) :]
        end += LEAN[:, None] * (getattr(steady, name) - end)


def saturation_density(temperature: Floats) -> Floats:
    """Vapour that saturated air holds at `temperature` in Cel, g/m3."""
    return 2166.8 * saturation_pressure(temperature) / (temperature + 273.16)


def quasi_steady(houses: Houses, outside: Outside) -> Inside:
    """The state in which weather that stays as it is would leave the houses."""
    warmed = outside.temperature + _TO_HEAT * outside.sun / (houses.loss + _AIR_HEAT * outside.leak)
    opening = np.clip((warmed - houses.vents_above) / VENT_BAND, 0.0, 1.0)
    exchange = outside.leak + opening * outside.vent
    loss = houses.loss + _AIR_HEAT * exchange
    warm = outside.temperature + _TO_HEAT * outside.sun / loss
    heating = HEATER_GAIN * np.maximum(houses.heats_below - warm, 0.0) * loss / (loss + HEATER_GAIN)
    heating = np.minimum(heating, HEATER_MAX)
    temperature = warm + heating / loss
    saturated, cover = _saturations(temperature, outside.temperature)
    evaporating = _evaporating(outside.sun)
    gain = _TO_VAPOUR / _LATENT * outside.sun + evaporating * saturated + exchange * outside.vapour
    rate = exchange + evaporating
    free = gain / rate
    vapour = np.where(free > cover, (gain + _CONDENSATION * cover) / (rate + _CONDENSATION), free)
    fixed, breathed = _carbon(outside.sun, temperature)
    # Two rounds come within a few ppm of the fixed point.
    co2 = np.full_like(vapour, OUTSIDE_CO2)
    for _ in range(2):
        co2 = (breathed + exchange * OUTSIDE_CO2) / (exchange + fixed / (co2 + _HALF_CO2))
    return Inside(
        temperature=temperature,
        vapour=np.minimum(vapour, saturated),
        co2=co2,
        opening=opening,
        heating=heating,
    )


def outside_of(houses: Houses, world: WorldDay) -> Outside:
    """The weather about the houses."""

    def seen(series: Floats) -> Floats:
        return np.ascontiguousarray(series[houses.site].T)

    wind = seen(world.wind_speed)
    temperature = world.temperature
    per_second = HEIGHT_M / 3600.0
    return Outside(
        temperature=seen(temperature),
        vapour=seen(0.01 * world.relative_humidity * saturation_density(temperature)),
        sun=houses.transmission * seen(np.maximum(world.ghi, 0.0)),
        leak=per_second * houses.leak * (0.4 + 0.15 * wind),
        vent=per_second * houses.vent * (0.4 + 0.15 * wind),
    )


def _saturations(temperature: Floats, outside: Floats) -> tuple[Floats, Floats]:
    """Vapour of saturation at the crop, and at the cover, g/m3."""
    cover = outside + _COVER_INSIDE * (temperature - outside)
    return saturation_density(temperature), saturation_density(cover)


def _evaporating(sun: Floats) -> Floats:
    """Exchange of vapour from crop and floor to air, m/s: stomata shut in the dark."""
    open_share = _STOMATA_SHUT + (1.0 - _STOMATA_SHUT) * sun / (sun + _STOMATA_HALF)
    return np.asarray(_VAPOUR_EXCHANGE * open_share)


def _carbon(sun: Floats, temperature: Floats) -> tuple[Floats, Floats]:
    """CO2 fixed per CO2 / (CO2 + half), and breathed out; ppm m/s."""
    fixed = _ASSIMILATION / _MG_PER_PPM * sun / (sun + _HALF_LIGHT)
    return fixed, _RESPIRATION / _MG_PER_PPM * np.exp2(0.1 * (temperature - 20.0))


def _march(houses: Houses, outside: Outside, first: Inside) -> Inside:
    """The states of all instants, (n, C), from the first's; the vents and the heating react to the last step."""
    shape = outside.temperature.shape
    path = Inside(
        temperature=np.empty(shape),
        vapour=np.empty(shape),
        co2=np.empty(shape),
        opening=np.empty(shape),
        heating=np.empty(shape),
    )
    temperature, vapour, co2 = first.temperature[0], first.vapour[0], first.co2[0]
    opening, heating = first.opening[0], first.heating[0]
    for i in range(shape[0]):
        if i:
            target = (temperature - houses.vents_above) / VENT_BAND
            opening = np.clip(target, np.maximum(opening - VENT_STEP, 0.0), np.minimum(opening + VENT_STEP, 1.0))
            heating = np.clip(HEATER_GAIN * (houses.heats_below - temperature), 0.0, HEATER_MAX)
            temperature, vapour, co2 = exchanged(
                houses, outside, i, (temperature, vapour, co2), opening=opening, heating=heating
            )
        path.temperature[i], path.vapour[i], path.co2[i] = temperature, vapour, co2
        path.opening[i], path.heating[i] = opening, heating
    return path


def exchanged(
    houses: Houses, outside: Outside, i: int, air: tuple[Floats, Floats, Floats], *, opening: Floats, heating: Floats
) -> tuple[Floats, Floats, Floats]:
    """Temperature, vapour and CO2 at an instant, of those at the one before."""
    exchange = outside.leak[i] + opening * outside.vent[i]
    temperature = _warmed(outside, i, air[0], houses.loss + _AIR_HEAT * exchange, heating)
    vapour = _moistened(outside, i, air[1], exchange, temperature)
    return temperature, vapour, _breathed(outside, i, air[2], exchange, temperature)


def _warmed(outside: Outside, i: int, before: Floats, loss: Floats, heating: Floats) -> Floats:
    inertia = _HEAT_CAPACITY / GRID_S
    gain = _TO_HEAT * outside.sun[i] + heating + loss * outside.temperature[i]
    return np.asarray((inertia * before + gain) / (inertia + loss))


def _moistened(outside: Outside, i: int, before: Floats, exchange: Floats, temperature: Floats) -> Floats:
    inertia = HEIGHT_M / GRID_S
    saturated, cover = _saturations(temperature, outside.temperature[i])
    condensing = _CONDENSATION * (before > cover)
    evaporating = _evaporating(outside.sun[i])
    gain = _TO_VAPOUR / _LATENT * outside.sun[i] + evaporating * saturated
    gain = gain + exchange * outside.vapour[i] + condensing * cover
    moist = (inertia * before + gain) / (inertia + exchange + evaporating + condensing)
    return np.asarray(np.minimum(moist, saturated))


def _breathed(outside: Outside, i: int, before: Floats, exchange: Floats, temperature: Floats) -> Floats:
    inertia = HEIGHT_M / GRID_S
    fixed, breathed = _carbon(outside.sun[i], temperature)
    gain = inertia * before + breathed + exchange * OUTSIDE_CO2
    return np.asarray(gain / (inertia + exchange + fixed / (before + _HALF_CO2)))
