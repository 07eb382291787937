"""Where cells and devices stand."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from park.town import Lake, default_town
from sectors import SECTORS
from simulator.streams import CounterStreams
from simulator.world.places import TILE_KM, Places

TOWN = default_town(SECTORS)
CELLS = np.arange(400)


def km(latitude: np.ndarray, longitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return latitude * 111.2, longitude * 111.2 * np.cos(np.radians(31.5))


def places(sector: str, **changes: Any) -> Places:
    return Places(dataclasses.replace(TOWN, **changes), SECTORS[sector], CounterStreams(42))


def test_cells_of_a_site_lie_around_it_and_none_on_another() -> None:
    for name in ("energy", "transport", "agriculture"):
        sites = TOWN.sites_of(SECTORS[name])
        where = places(name).cells(CELLS)
        north, east = km(where.latitude, where.longitude)
        for row, site in enumerate(sites):
            mine = CELLS % len(sites) == row
            up, right = north[mine] - site.latitude * 111.2, east[mine] - km(np.zeros(1), np.array([site.longitude]))[1]
            assert np.hypot(up, right)[:4].max() < 8  # a few kilometres
            apart = np.maximum(np.abs(up[:, None] - up), np.abs(right[:, None] - right))
            assert apart[~np.eye(mine.sum(), dtype=bool)].min() > TILE_KM * 0.99


def test_sectors_of_a_site_do_not_share_a_tile() -> None:
    farms, grids = places("agriculture").cells(CELLS), places("energy").cells(CELLS)
    north = np.concatenate([farms.latitude, grids.latitude])
    site = np.concatenate([CELLS % 2 == 1, CELLS % 2 == 0])  # both sectors at huishan
    east = np.concatenate([farms.longitude, grids.longitude])
    up, right = km(north[site], east[site])
    apart = np.maximum(np.abs(up[:, None] - up), np.abs(right[:, None] - right))
    assert apart[~np.eye(len(up), dtype=bool)].min() > TILE_KM * 0.99


def test_devices_stand_on_their_cells_tile() -> None:
    here = places("agriculture")
    device = np.arange(600)
    where, middle = here.devices("soil_probe", device), here.cells(device // 6)
    up, right = km(where.latitude - middle.latitude, where.longitude - middle.longitude)
    assert np.abs(up).max() < TILE_KM / 2
    assert np.abs(right).max() < TILE_KM / 2
    assert np.ptp(up) > TILE_KM / 2


def test_a_place_depends_on_the_number_alone() -> None:
    all_at_once = places("transport").cells(CELLS)
    for cell in (0, 7, 301, 399):
        alone = places("transport").cells(np.array([cell]))
        assert alone.latitude[0] == all_at_once.latitude[cell]
        assert alone.longitude[0] == all_at_once.longitude[cell]


@pytest.mark.parametrize("sector", ["energy", "transport", "agriculture"])
def test_nothing_stands_on_the_lake(sector: str) -> None:
    where = places(sector).cells(np.arange(2000))
    for lake in TOWN.lakes:
        up, right = km(where.latitude - lake.latitude, where.longitude - lake.longitude)
        assert np.hypot(up, right).min() > lake.radius_km
    dry = places(sector, lakes=()).cells(np.arange(2000))
    assert not np.array_equal(dry.latitude, where.latitude)


def test_a_site_in_the_middle_of_a_lake_has_its_cells_on_the_shore() -> None:
    site = TOWN.sites_of(SECTORS["transport"])[0]
    lake = Lake(latitude=site.latitude, longitude=site.longitude, radius_km=20.0)
    where = places("transport", lakes=(lake,)).cells(np.arange(0, 40, 2))
    up, right = km(where.latitude - site.latitude, where.longitude - site.longitude)
    assert np.hypot(up, right).min() > 20


def test_a_huge_town_has_room() -> None:
    where = places("transport").cells(np.array([300_000, 2_000_000]))
    assert np.abs(where.latitude).max() < 90
