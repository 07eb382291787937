"""The main road of each district: vehicles by the town's demand, and what they leave in the air beside it."""

from dataclasses import dataclass

import numpy as np

from park.grid import smooth_noise
from park.model import Floats, Ints, Streams, WorldDay

#: Vehicles per hour of a road's mean hour, both directions; each district draws its own.
_FLOW, _FLOW_SPREAD = 1350.0, 0.22
_NOX_G_KM = 0.42  # of the mean vehicle: petrol 0.03-0.08, heavy diesel 1-5
_LORRY_NOX = 6.0  # times a car's
_SIGMA_Z_M = 2.5  # of the plume at 10 m
_WAKE_M_S = 0.4  # dispersion by the vehicles' own wake
_LEAST_WIND_M_S = 0.5  # a calm still drifts
_PLUME_SPREAD, _PLUME_STEPS = 0.30, 12


@dataclass(frozen=True, kw_only=True, eq=False)
class Roads:
    """The roads of C districts, (C,) each: mean flow, veh/h, and lorries as a share of it."""

    cells: Ints
    flow: Floats
    lorries: Floats


def roads(streams: Streams, cells: Ints) -> Roads:
    """The roads of these districts."""
    flow = _FLOW * np.exp(_FLOW_SPREAD * streams.normal("road.flow", cells))
    return Roads(cells=cells, flow=flow, lorries=0.05 + 0.07 * streams.uniform("road.lorries", cells))


def flow(here: Roads, demand: Floats) -> Floats:
    """(C, points) vehicles per hour; `demand` is the world's, by district."""
    return np.asarray(here.flow[:, None] * demand)


def increment(streams: Streams, here: Roads, world: WorldDay, site: Ints) -> Floats:
    """(C, GRID_POINTS) NOx that the road adds at its kerb, ug/m3 as NO2.

    An infinite line: 2 E / (sqrt(2 pi) sigma_z (u + u0)), and gusts that fold the plume this way and that.
    """
    lorries = 1 + here.lorries * (_LORRY_NOX - 1)
    grams = _NOX_G_KM * (lorries / 1.42)[:, None] * flow(here, world.road_demand[site])  # g/km/h
    line = grams * 1000 / 3600  # ug/m/s
    gusts = smooth_noise(streams, "road.plume", (here.cells,), world.index, _PLUME_STEPS)
    wind = np.maximum(world.wind_speed[site], _LEAST_WIND_M_S) + _WAKE_M_S
    spread = 2 * line / (np.sqrt(2 * np.pi) * _SIGMA_Z_M * wind)
    return np.asarray(spread * np.exp(_PLUME_SPREAD * gusts - _PLUME_SPREAD**2 / 2))
