"""Where things stand: the cells of a site lie around it, each on a tile of its own, and devices stand on their tile.

A site's land is a lattice of blocks of 4 x 4 tiles. A sector has the same tile of every block, by its place in the
site's list; its cells take the blocks from the site outwards. So no two cells share a tile, more cells never move
earlier ones, and tiles on a lake are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from park.catalogue import Sector
from park.model import Bools, Floats, Ints, Place, Streams
from park.town import Lake, Site, Town

TILE_KM = 0.7
_SIDE = 4
_BLOCK_KM = _SIDE * TILE_KM
_KM_PER_DEGREE = 111.2
_MARGIN_KM = 0.05  # kept free at a tile's edges
_FEW = 64


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """The tiles of a sector at a site, from the nearest block outwards.

    Attributes:
        north, east: of the tile in its block, km from the block's middle.
        turn, turns: which of every `turns` blocks are the sector's, where more sectors than tiles share a site.
    """

    site: Site
    north: float
    east: float
    turn: int
    turns: int
    lakes: tuple[Lake, ...]

    def tiles(self, count: int) -> tuple[Floats, Floats]:
        """Middles of the first `count` tiles, km north and east of the site."""
        reach = _FEW
        while True:
            north, east = _blocks(reach)
            north, east = north[self.turn :: self.turns] + self.north, east[self.turn :: self.turns] + self.east
            dry = self._dry(north, east)
            if dry.sum() >= count:
                return north[dry][:count], east[dry][:count]
            reach *= 4

    def _dry(self, north: Floats, east: Floats) -> Bools:
        dry = np.ones(north.shape, dtype=np.bool_)
        for lake in self.lakes:
            up = (lake.latitude - self.site.latitude) * _KM_PER_DEGREE
            right = (lake.longitude - self.site.longitude) * _east_km(self.site.latitude)
            dry &= np.hypot(north - up, east - right) > lake.radius_km + TILE_KM * 0.71
        return dry


class Places:
    """Implements `park.model.Places` for one sector of a town.

    Args:
        town: its sites and lakes.
        sector: whose cells.
        streams: the town's randomness.
    """

    def __init__(self, town: Town, sector: Sector, streams: Streams) -> None:
        self._sector = sector
        self._streams = streams
        self._sites = town.sites_of(sector)
        self._grounds = [_ground(site, sector.name, town.lakes) for site in self._sites]
        self._known = [ground.tiles(_FEW) for ground in self._grounds]

    def cells(self, cells: Ints) -> Place:
        """The middle of each cell's tile."""
        return self._place(cells, np.zeros(cells.shape), np.zeros(cells.shape))

    def devices(self, kind: str, device: Ints) -> Place:
        """Where each device stands, on its cell's tile."""
        per_cell = next(k.per_cell for k in self._sector.kinds if k.name == kind)
        room = TILE_KM - 2 * _MARGIN_KM
        name = f"world/place/{self._sector.name}/{kind}"
        north, east = (room * (self._streams.uniform(name, axis, device) - 0.5) for axis in (0, 1))
        return self._place(device // per_cell, north, east)

    def _place(self, cells: Ints, north: Floats, east: Floats) -> Place:
        sites = len(self._sites)
        row, rank = cells % sites, cells // sites
        latitude, longitude = np.empty(cells.shape), np.empty(cells.shape)
        for number, site in enumerate(self._sites):
            here = row == number
            if not here.any():
                continue
            up, right = self._tiles(number, int(rank[here].max()) + 1)
            latitude[here] = site.latitude + (up[rank[here]] + north[here]) / _KM_PER_DEGREE
            longitude[here] = site.longitude + (right[rank[here]] + east[here]) / _east_km(site.latitude)
        return Place(latitude=latitude, longitude=(longitude + 180) % 360 - 180)

    def _tiles(self, number: int, count: int) -> tuple[Floats, Floats]:
        if len(self._known[number][0]) < count:
            self._known[number] = self._grounds[number].tiles(max(count, 2 * len(self._known[number][0])))
        return self._known[number]


def places_of(town: Town, sectors: Sequence[Sector], streams: Streams) -> dict[str, Places]:
    """The places of every sector that has sites, by its name."""
    return {sector.name: Places(town, sector, streams) for sector in sectors if town.sites_of(sector)}


def _ground(site: Site, sector: str, lakes: tuple[Lake, ...]) -> _Ground:
    rank, tiles = site.sectors.index(sector), _SIDE * _SIDE
    # The middle tiles first: a site of few sectors is compact.
    order = sorted(range(tiles), key=lambda tile: (_off_middle(tile), tile))
    north, east = divmod(order[rank % tiles], _SIDE)
    return _Ground(
        site=site,
        north=(north - (_SIDE - 1) / 2) * TILE_KM,
        east=(east - (_SIDE - 1) / 2) * TILE_KM,
        turn=rank // tiles,
        turns=-(-len(site.sectors) // tiles),
        lakes=lakes,
    )


def _off_middle(tile: int) -> float:
    north, east = divmod(tile, _SIDE)
    middle = (_SIDE - 1) / 2
    return (north - middle) ** 2 + (east - middle) ** 2


def _east_km(latitude: float) -> float:
    """Kilometres of a degree of longitude."""
    return float(_KM_PER_DEGREE * np.cos(np.radians(latitude)))


def _blocks(count: int) -> tuple[Floats, Floats]:
    """Middles of at least `count` blocks from the nearest outwards, km north and east; a larger count only adds."""
    reach = int(np.ceil(np.sqrt(count / np.pi))) + 1
    north, east = (axis.ravel() for axis in np.mgrid[-reach : reach + 1, -reach : reach + 1])
    squared = north**2 + east**2
    # Within the circle every block is there, so that none comes in between when the circle grows.
    order = np.lexsort((east, north, squared))
    order = order[squared[order] <= reach**2]
    return north[order] * _BLOCK_KM, east[order] * _BLOCK_KM
