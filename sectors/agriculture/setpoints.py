"""Greenhouses that are told set points: the same house, marched on from the instant that first sees them.

An instant of the grid acts on what was told by the one before it, so that no reading, which is a line to the next
instant, knows of a later order. A house that keeps its own set points leans at night to where the next day begins; one
that is told others does not, and carries its climate over 04:00 instead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from park.model import GRID_POINTS, GRID_S, Carry, Floats
from park.orders import Told
from sectors.agriculture.catalogue import SET_HUMIDITY, SET_TEMPERATURE
from sectors.agriculture.greenhouse import (
    HEATER_GAIN,
    HEATER_IDLE,
    HEATER_MAX,
    LEAN,
    VENT_BAND,
    VENT_STEP,
    HouseDay,
    Houses,
    Inside,
    Outside,
    exchanged,
    quasi_steady,
    saturation_density,
)

_HUMID_BAND, _HUMID_MOST = 10.0, 0.4  # % over the limit from shut to as far as vents open against damp
_APART_K = 2.0  # least, between heating and opening
_STATE = ("temperature", "vapour", "co2", "opening", "heating")
_POINTS = ("heating_below", "vents_above", "humidity")
_TOLD = (*_POINTS, *_STATE)
_STEP_MS = GRID_S * 1000


@dataclass(frozen=True, kw_only=True, eq=False)
class Entering:
    """How a house enters the day.

    Attributes:
        points: what it was told, Cel, Cel and %; NaN where it keeps its own.
        state: its climate, as `Inside` has it; None if it is the quasi-steady one.
    """

    points: tuple[float, float, float]
    state: tuple[float, ...] | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Kept:
    """One house from an instant on.

    Attributes:
        first: the first point of the grid that may be another than without orders.
        path: of `Inside`, by name, from there on.
        left: how it enters the next day.
    """

    first: int
    path: Mapping[str, Floats]
    left: Entering


def kept(house: Houses, outside: Outside, plain: Inside, entering: Entering, told: Sequence[Told]) -> Kept:
    """One house, all of `house`, `outside` and `plain` being of it alone; `plain` is its day without orders."""
    points, state, first = entering.points, entering.state, 0
    if state is None:
        first = -(-told[0].ms // _STEP_MS)
        state = tuple(float(getattr(plain, name)[first, 0]) for name in _STATE)
    steady = quasi_steady(house, outside.between(GRID_POINTS - len(LEAN), GRID_POINTS))
    marches, left, path, leans = state, list(told), [state], None
    for point in range(first, GRID_POINTS - 1):
        while left and left[0].ms <= point * _STEP_MS:
            points, marches, leans = _said(left.pop(0), points), path[-1], False
        if point + 1 == GRID_POINTS - len(LEAN):
            leans = bool(np.isnan(points).all())
        marches = _next(house, outside, point + 1, marches, points)
        path.append(_leant(marches, steady, point + 1) if leans else marches)
    while left:  # after the last instant but one
        points, leans = _said(left.pop(0), points), False
    # Who leans is where the next day begins by itself.
    end = Entering(points=points, state=None if leans else path[-1])
    series = {name: np.array(values) for name, values in zip(_STATE, zip(*path, strict=True), strict=True)}
    return Kept(first=first, path=series, left=end)


def _said(one: Told, points: tuple[float, float, float]) -> tuple[float, float, float]:
    if one.action == SET_TEMPERATURE:
        return float(one.value[0]), float(one.value[1]), points[2]
    if one.action == SET_HUMIDITY:
        return points[0], points[1], float(one.value[0])
    return np.nan, np.nan, np.nan


def _leant(state: tuple[float, ...], steady: Inside, point: int) -> tuple[float, ...]:
    number = point - (GRID_POINTS - len(LEAN))
    share = float(LEAN[number])
    return tuple(
        value + share * (float(getattr(steady, name)[number, 0]) - value)
        for name, value in zip(_STATE, state, strict=True)
    )


def _next(
    house: Houses, outside: Outside, point: int, state: tuple[float, ...], points: tuple[float, float, float]
) -> tuple[float, ...]:
    """The climate at a point of the grid after that at the one before, as `greenhouse` marches."""
    temperature, vapour, co2, opening, _ = state
    below, above, humid = points
    below = float(house.heats_below[0]) if np.isnan(below) else below
    above = float(house.vents_above[0]) if np.isnan(above) else above
    wish = (temperature - above) / VENT_BAND
    if not np.isnan(humid):
        damp = 100.0 * vapour / float(saturation_density(np.array(temperature))) - humid
        wish = max(wish, min(damp / _HUMID_BAND, _HUMID_MOST))
    opening = min(max(wish, opening - VENT_STEP, 0.0), opening + VENT_STEP, 1.0)
    heating = min(max(HEATER_GAIN * (below - temperature), 0.0), HEATER_MAX)
    before = np.array([[temperature], [vapour], [co2]])
    now, moist, gas = exchanged(
        house,
        outside,
        point,
        (before[0], before[1], before[2]),
        opening=np.array([opening]),
        heating=np.array([heating]),
    )
    return float(now[0]), float(moist[0]), float(gas[0]), opening, heating


def shown(day: HouseDay, houses: Mapping[int, Kept]) -> HouseDay:
    """The day with these houses' own, by row."""
    if not houses:
        return day
    names = ("temperature", "relative_humidity", "co2", "vent_opening", "heating_on")
    parts = {name: getattr(day, name).copy() for name in names}
    for row, one in houses.items():
        path, some = one.path, slice(one.first, None)
        humidity = 100.0 * path["vapour"] / saturation_density(path["temperature"])
        parts["temperature"][row, some] = path["temperature"]
        parts["relative_humidity"][row, some] = np.minimum(humidity, 100.0)
        parts["co2"][row, some] = path["co2"]
        parts["vent_opening"][row, some] = 100.0 * path["opening"]
        parts["heating_on"][row, some] = path["heating"] > HEATER_IDLE
    return replace(day, **parts)


def begin(cells: int) -> Carry:
    """Nobody has been told anything: a row for each house, without a column until one is."""
    return {"house_told": np.zeros((cells, 0))}


def entering(carry: Carry, row: int) -> Entering:
    """How the house of a row enters the day."""
    told = carry["house_told"][row].tolist() or [np.nan] * len(_TOLD)
    return Entering(points=(told[0], told[1], told[2]), state=None if np.isnan(told[3]) else tuple(told[3:]))


def standing(carry: Carry) -> list[int]:
    """Rows of the houses of which something is left that they were told."""
    rows: list[int] = np.flatnonzero(~np.isnan(carry["house_told"][:, 3:4])).tolist()
    return rows


def after(cells: int, houses: Mapping[int, Kept]) -> Carry:
    """What is carried from the day's end on."""
    left = {row: one.left for row, one in houses.items() if one.left.state is not None}
    if not left:
        return begin(cells)
    told = np.full((cells, len(_TOLD)), np.nan)
    for row, one in left.items():
        told[row] = (*one.points, *(one.state or ()))
    return {"house_told": told}


def crossed(value: Floats) -> str | None:
    """Why a house does not take set points, value[0] to heat below, value[1] to open above: it would do both."""
    return "crossed-set-points" if value[1] < value[0] + _APART_K else None


def frosty(outside: Floats) -> str | None:
    """Why it does not open against damp: frost, Cel, would come in."""
    return "frost" if (outside < 0.0).any() else None
