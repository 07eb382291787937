"""Water, salt and heat of the root zone through one day.

Water: the daily balance of FAO-56 (equation 85) with the stress coefficient of the day's start (equation
84), spread over the day: evapotranspiration follows the reference rate of the moment (equation 53), rain
and irrigation enter when they come. Equation 85 turns what would make the depletion negative into deep
percolation. Along a path that is reflection at zero, which has a closed form (Skorokhod): where Y is the
path without the limit, the surplus so far is the greatest -Y so far, if that is positive. The surplus
does not vanish at once: it fills the pores above field capacity and drains at a rate proportional to it.

Layers: the upper one, a share of the root zone, is a bucket of its own that the same rain fills, and from which
roots drink first; what it spills goes to the lower one. The lower one can only spill while the upper one does, so the
two in a row are exactly the one bucket of the whole zone, and the lower one's depletion is the difference. Water takes
its time on the way down: at depth the difference is seen through a first-order lag.

Salt: the irrigation water brings it; drainage and roots take it away in proportion to what is there.
Heat: two first-order lags of the surface's temperature, the low-pass that a damping depth describes.

Everything is elementwise or a running sum along time: no step waits for another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from park.model import Bools, Carry, Floats, Ints, Setting, WorldDay
from park.orders import Told
from sectors.agriculture import crops
from sectors.agriculture.drivers import HOURS, Drivers, drivers, rain_on, soaked
from sectors.agriculture.fields import Fields
from sectors.agriculture.irrigation import RAIN_ENOUGH, WARM_ENOUGH, Watering, water
from sectors.agriculture.runs import Run, poured, runs_of

DRAIN_H = 12.0
#: Share of the root zone's water in its upper layer, how much rather roots drink there, and how long the lower layer
#: takes to feel what comes down.
UPPER_SHARE = 0.25
ROOTS_ABOVE = 5.0
SEEP_H = 14.0
#: How long what has drained stands below the root zone, where it wets what lies above: groundwater of the lower Yangtze
#: is shallow and falls through weeks without rain.
GROUND_H = 26.0 * 24.0
#: Lags of the soil at 10 cm after the surface, and at 40 cm after that: damping depth 0.12 m.
TOPSOIL_LAG_H = 8.0
SUBSOIL_LAG_H = 46.0

#: Salt that minerals release, mS/cm of the water at field capacity per hour.
_MINERALS = 0.0003
#: Conductivity of what roots take up, relative to the water around them.
_UPTAKE = 0.45

_ByValve: TypeAlias = Mapping[int, Sequence[Told]]


@dataclass(frozen=True, kw_only=True, eq=False)
class SoilDay:
    """The root zones of C fields with Z zones, on the soil's grid of n half-hours.

    The states and the rain come first; the others are amounts since the day's start, mm. At every instant
    infiltrated + irrigated - evaporated - drained is what -depletion + surplus has gained.

    Attributes:
        depletion: (C, Z, n) root zone depletion, mm below field capacity.
        upper: (C, Z, n) the upper layer's part of it, mm.
        seeped: (C, Z, n) the lower layer's part as it is felt at depth, mm.
        ground: (C, Z, n) what has drained and not yet left, mm.
        rain: (C, GRID_POINTS) on each field, mm/h.
        surplus: (C, Z, n) water above field capacity, on its way down, mm.
        salt: (C, Z, n) mS/cm mm.
        topsoil, subsoil: (C, n) temperature at 10 and 40 cm, Cel.
        runs: of the valves that are told something, by field, then zone.
    """

    depletion: Floats
    upper: Floats
    seeped: Floats
    rain: Floats
    surplus: Floats
    salt: Floats
    topsoil: Floats
    subsoil: Floats
    infiltrated: Floats
    irrigated: Floats
    evaporated: Floats
    drained: Floats
    ground: Floats
    watering: Watering
    runs: Mapping[int, Run]


def soil_day(
    setting: Setting, cells: Ints, fields: Fields, carry: Carry, world: WorldDay, *, told: _ByValve | None = None
) -> SoilDay:
    """The day of the root zones that begins with `carry`; `told` are the orders to valves, by field, then zone."""
    weather = drivers(world, setting.elevation_m)
    rain = rain_on(setting, cells, world)
    fallen = soaked(rain)
    before, above = carry["depletion"], carry["surplus"]
    evaporated, readily_available = _demand(fields, weather, before, world)
    wanted = (before > fields.allowed[:, None] * readily_available) & _fair(fields, carry, world, fallen)[:, None]
    watering = water(setting, cells, fields, world, depleted=before, wanted=wanted)
    runs = runs_of(watering, carry, told or {})
    irrigated = watering.depth(HOURS * 3600.0)
    # What rain may come in is settled by the programs alone, so that no order reaches back to it.
    room = before + fields.pores - above - irrigated[..., -1]
    infiltrated = np.minimum(_intake(fields, fallen)[:, None], room[..., None])
    irrigated = poured(watering, runs, irrigated)
    free = before[..., None] + evaporated - infiltrated - irrigated
    spilled = np.maximum.accumulate(np.maximum(-free, 0.0), axis=-1)
    surplus = decayed(above, np.diff(spilled, axis=-1), DRAIN_H)
    depletion = free + spilled
    drained = above[..., None] + spilled - surplus
    topsoil, subsoil = _heat(weather.surface[fields.site], carry)
    upper, seeped = _layers(fields, carry, evaporated, infiltrated + irrigated, depletion)
    return SoilDay(
        depletion=depletion,
        upper=upper,
        seeped=seeped,
        rain=rain,
        surplus=surplus,
        salt=_salt(fields, carry["salt"], irrigated, evaporated, drained),
        topsoil=topsoil,
        subsoil=subsoil,
        infiltrated=infiltrated,
        irrigated=irrigated,
        evaporated=evaporated,
        drained=drained,
        ground=decayed(carry["ground"], np.diff(drained, axis=-1), GROUND_H),
        watering=watering,
        runs=runs,
    )


def decayed(start: Floats, inputs: Floats, lag_h: float) -> Floats:
    """A store that loses 1/lag_h of its content an hour, (..., n).

    Parameters:
        start: (...,) its content at the day's start.
        inputs: (..., n - 1) what enters in each half-hour, at its end.
    """
    path = np.empty((*inputs.shape[:-1], len(HOURS)))
    path[..., 0] = start
    np.multiply(inputs, np.exp(HOURS[1:] / lag_h), out=path[..., 1:])
    np.cumsum(path, axis=-1, out=path)
    path *= np.exp(-HOURS / lag_h)
    return path


def _day_of_year(world: WorldDay) -> int:
    return world.date.timetuple().tm_yday - 1


def _demand(fields: Fields, weather: Drivers, before: Floats, world: WorldDay) -> tuple[Floats, Floats]:
    """(C, Z, n) evapotranspiration since the day's start, and (C, Z) readily available water, mm."""
    crop_et = crops.KC[fields.crop, _day_of_year(world)][:, None] * weather.et0[fields.site]  # equation 58
    p = np.clip(crops.P[fields.crop] + 0.04 * (5.0 - crop_et[:, -1]), 0.1, 0.8)  # table 22, note 2
    available = fields.available
    readily = p[:, None] * available  # equation 83
    stress = np.clip((available - before) / (available - readily), 0.0, 1.0)  # equation 84
    return stress[..., None] * crop_et[:, None], readily


def _intake(fields: Fields, rain: Floats) -> Floats:
    """(C, n) rain since the day's start that the surface lets in; the rest runs off, mm."""
    fallen = np.diff(rain, axis=-1, prepend=0.0)
    return np.cumsum(np.minimum(fallen, fields.intake[:, None] * HOURS[1]), axis=-1)


def _layers(
    fields: Fields, carry: Carry, evaporated: Floats, poured: Floats, depletion: Floats
) -> tuple[Floats, Floats]:
    """(C, Z, n) depletion of the upper layer, and of the lower one as it is felt at depth, mm."""
    upper = _upper(fields, carry, evaporated, poured)
    lower = _lagged(carry["seeped"].reshape(-1), (depletion - upper).reshape(-1, len(HOURS)), SEEP_H)
    return upper, lower.reshape(depletion.shape)


def _upper(fields: Fields, carry: Carry, evaporated: Floats, poured: Floats) -> Floats:
    """(C, Z, n) depletion of the upper layer, mm: roots drink more of what lies near the surface."""
    available = UPPER_SHARE * fields.available
    before = np.minimum(carry["upper"], available)
    near = available - before
    below = np.maximum(fields.available - carry["depletion"] - near, 0.0)
    drunk = evaporated[..., -1]
    share = np.minimum(
        ROOTS_ABOVE * near / np.maximum(ROOTS_ABOVE * near + below, 1e-9), near / np.maximum(drunk, 1e-9)
    )
    free = before[..., None] + share[..., None] * evaporated - poured
    return np.asarray(free + np.maximum.accumulate(np.maximum(-free, 0.0), axis=-1))


def _fair(fields: Fields, carry: Carry, world: WorldDay, fallen: Floats) -> Bools:
    """(C,) whether a crop stands whose roots drink, and no rain is forecast that would do."""
    standing = crops.IN_SEASON[fields.crop, _day_of_year(world)] & (_warmth(fields, carry, world) > WARM_ENOUGH)
    return np.asarray((fallen[:, -1] < RAIN_ENOUGH) & standing)


def _warmth(fields: Fields, carry: Carry, world: WorldDay) -> Floats:
    """(C,) temperature of the soil at 40 cm, in which two days' weather is; the air's where it has no past."""
    air = np.add.accumulate(world.temperature, axis=1)[:, -1] / world.temperature.shape[1]
    return np.where(np.isnan(carry["subsoil"]), air[fields.site], carry["subsoil"])


def _salt(fields: Fields, before: Floats, irrigated: Floats, evaporated: Floats, drained: Floats) -> Floats:
    held = fields.held[..., None]
    brought = irrigated * fields.water_ec[:, None, None] + _MINERALS * held * HOURS
    taken = (drained + _UPTAKE * evaporated) / held
    return np.asarray((before[..., None] + brought) * np.exp(-taken))


def _heat(surface: Floats, carry: Carry) -> tuple[Floats, Floats]:
    """Temperatures at 10 and 40 cm; soil without a past begins at the first day's mean."""
    mean = np.cumsum(surface, axis=-1)[:, -1] / surface.shape[-1]
    topsoil = _lagged(np.where(np.isnan(carry["topsoil"]), mean, carry["topsoil"]), surface, TOPSOIL_LAG_H)
    subsoil = _lagged(np.where(np.isnan(carry["subsoil"]), mean, carry["subsoil"]), topsoil, SUBSOIL_LAG_H)
    return topsoil, subsoil


def _lagged(start: Floats, forcing: Floats, lag_h: float) -> Floats:
    middle = 0.5 * (forcing[:, 1:] + forcing[:, :-1])
    return decayed(start, (1.0 - np.exp(-HOURS[1] / lag_h)) * middle, lag_h)
