"""The clean air at any station: the district's, which is the world's, and what the road beside it adds.

NOx and Ox are lines on the day's grid; how they split is worked out at the instant of a reading.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.grid import HOURS, Sampler, smooth_noise
from park.model import GRID_POINTS, Floats, Ints, Setting, WorldDay
from sectors.environment import chemistry, dust, roads

_DIRECT_NO2 = 0.15  # of the NOx that leaves the exhausts
_PM_OF_NOX = 0.06  # exhaust, brakes and tyres, mass for mass
_COARSE_OF_NOX = 0.10  # dust that wheels raise
_CO_OF_NOX = 0.0032  # mg per ug
_DAMP = 0.3  # what rain leaves of what is raised
_PER_YEAR = 365.2425
_MIDWINTER = 15


@dataclass(frozen=True, kw_only=True, eq=False)
class Air:
    """Clean concentrations at N instants and places: ug/m3, CO in mg/m3; `ratio` is J/k in ppb."""

    pm25: Floats
    pm10: Floats
    no: Floats
    no2: Floats
    so2: Floats
    o3: Floats
    co: Floats
    ratio: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class AirDay:
    """The air of C districts through a day; series are (C, GRID_POINTS)."""

    setting: Setting
    here: roads.Roads
    site: Ints
    world: WorldDay

    @cached_property
    def ratio(self) -> Floats:
        """J/k, ppb."""
        world, site = self.world, self.site
        j = chemistry.photolysis(world.sun_elevation[site], world.ghi[site], world.ghi_clear[site])
        return np.asarray(j / chemistry.titration(world.temperature[site]))

    @cached_property
    def conserved(self) -> tuple[Floats, Floats]:
        """NOx and Ox of the district, ppb; where a night has no ozone left, its NO is unknown and counts as none."""
        no2, o3 = self.world.no2[self.site] / chemistry.NO2_UG, self.world.o3[self.site] / chemistry.O3_UG
        return no2 + chemistry.no_beside(no2, o3, self.ratio), no2 + o3

    @cached_property
    def road(self) -> Floats:
        """NOx at the kerb beyond the district's, ug/m3 as NO2."""
        return roads.increment(self.setting.streams, self.here, self.world, self.site)

    @cached_property
    def pm25(self) -> Floats:
        """Of the district, ug/m3."""
        return self.world.pm25[self.site]

    @cached_property
    def dry(self) -> Floats:
        """1 in dry air, less where it is damp or rains: soil and road hold their dust."""
        return np.clip((100.0 - self.world.relative_humidity[self.site]) / 40.0, _DAMP, 1.0)

    @cached_property
    def coarse(self) -> Floats:
        """Particles of 2.5 to 10 um of the district, ug/m3: raised by wheels and wind, and dust from the north-west."""
        world, site = self.world, self.site
        swing = smooth_noise(self.setting.streams, "air.coarse", (site,), world.index, 72)
        raised = (5.0 + 0.30 * self.pm25) * (0.55 + 0.45 * self.dry) * (0.8 + 0.2 * world.road_demand[site])
        gusts = 1 + 0.06 * np.maximum(world.wind_speed[site] - 4.0, 0.0)
        local = raised * gusts * np.exp(0.35 * swing - 0.06)
        if not dust.reached(self.setting.latitude, self.setting.longitude):
            return np.asarray(local)
        # Rain takes it down before it arrives.
        return np.asarray(local + dust.storm(self.setting.streams, world.date) * (self.dry - _DAMP) / (1.0 - _DAMP))

    @cached_property
    def so2(self) -> Floats:
        """Of the district, ug/m3: stoves and works, washed out twice as fast as particles."""
        world, site = self.world, self.site
        swing = smooth_noise(self.setting.streams, "air.so2", (site,), world.index, 36)
        stale = (np.maximum(self.pm25, 3.0) / 30.0) ** 0.35
        return np.asarray((5.5 + 1.8 * self._cold) * stale * (0.4 + 0.6 * self.dry) * np.exp(0.35 * swing - 0.06))

    @cached_property
    def co(self) -> Floats:
        """Of the district, mg/m3."""
        return np.asarray(0.28 + 0.05 * self._cold + 0.0075 * self.pm25)

    @property
    def _cold(self) -> Floats:
        """(GRID_POINTS,) 1 at mid-winter, -1 at mid-summer of the hemisphere."""
        days = self.world.date.toordinal() + (HOURS + 4.0) / 24.0 - (730_120 + _MIDWINTER)
        side = -1.0 if self.setting.latitude < 0 else 1.0
        return np.asarray(side * np.cos(2 * np.pi * days / _PER_YEAR))

    def at(self, sampler: Sampler, share: Floats) -> Air:
        """The air at N readings whose places have `share` of the kerb's increment."""
        nox, ox = self.conserved
        road = sampler.line(self.road) * share
        return self._made(
            sampler.line(nox), sampler.line(ox), sampler.line(self.ratio), road, [sampler.line(s) for s in self._others]
        )

    def on_grid(self, share: Floats) -> Air:
        """The air of places with (C, places) `share`, as (C, places, GRID_POINTS)."""
        nox, ox = self.conserved
        road = self.road[:, None] * share[..., None]
        shape = (*share.shape, GRID_POINTS)
        parts = [np.broadcast_to(s[:, None], shape) for s in self._others]
        return self._made(nox[:, None], ox[:, None], np.broadcast_to(self.ratio[:, None], shape), road, parts)

    @property
    def _others(self) -> tuple[Floats, Floats, Floats, Floats]:
        return self.pm25, self.coarse, self.so2, self.co

    def _made(self, nox: Floats, ox: Floats, ratio: Floats, road: Floats, others: list[Floats]) -> Air:
        added = road / chemistry.NO2_UG
        no, no2, o3 = chemistry.split(nox + added, ox + _DIRECT_NO2 * added, ratio)
        pm25 = others[0] + _PM_OF_NOX * road
        return Air(
            pm25=pm25,
            pm10=pm25 + others[1] + _COARSE_OF_NOX * road,
            no=chemistry.NO_UG * no,
            no2=chemistry.NO2_UG * no2,
            so2=others[2] + 0.004 * road,
            o3=chemistry.O3_UG * o3,
            co=others[3] + _CO_OF_NOX * road,
            ratio=ratio,
        )
