"""park.toml: the default is valid, and a mistake is answered with its key."""

import pytest

from park.errors import TownError
from park.town import default_town, parse_town
from sectors import SECTORS

GOOD = """
[town]
latitude = 31.49
longitude = 120.31
"""


def test_the_default_town_gives_every_sector_a_site() -> None:
    town = default_town(SECTORS)
    for sector in SECTORS.values():
        assert town.sites_of(sector), sector.name
    assert town.settings.commissioned_ms == 1_767_196_800_000  # 2026-01-01T00:00+08:00


def test_a_sector_that_no_site_lists_brings_its_own() -> None:
    town = parse_town(GOOD, "park.toml", SECTORS)
    for sector in SECTORS.values():
        names = [site.name for site in town.sites_of(sector)]
        assert names == list(sector.sites or (f"{sector.name}-1",))


def test_an_unlisted_sector_may_bring_a_site_that_is_listed_for_others() -> None:
    sector = SECTORS["transport"]
    site = f'[[sites]]\nname = "{sector.sites[0]}"\nsectors = ["energy"]\nlatitude = 1\nlongitude = 2\n'
    town = parse_town(GOOD + site, "park.toml", SECTORS)
    assert [site.name for site in town.sites_of(sector)] == list(sector.sites)
    assert [site.name for site in town.sites_of(SECTORS["energy"])] == [sector.sites[0]]
    names = [site.name for site in town.sites]
    assert len(names) == len(set(names))


def test_a_town_observes_whole_cells_of_every_sector_unless_it_says_otherwise() -> None:
    for sectors in (SECTORS, dict(list(SECTORS.items())[:1])):
        cell = sum(kind.per_cell for sector in sectors.values() for kind in sector.kinds)
        assert parse_town(GOOD, "park.toml", sectors).devices == 2 * cell
    assert parse_town(GOOD + "devices = 7", "park.toml", SECTORS).devices == 7


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (GOOD + "latitud = 3", "town.latitud: no such key"),
        (GOOD.replace("31.49", "131.49"), "town.latitude"),
        (GOOD + "[kinds.soil_prob]\ninterval_s = 3", "kinds.soil_prob"),
        (GOOD + "[kinds.soil_probe]\ninterval = 3", "kinds.soil_probe.interval: no such key"),
        (GOOD + '[[sites]]\nname = "A B"\nsectors = ["energy"]\nlatitude = 1\nlongitude = 1', "sites.0.name"),
        (GOOD + '[[sites]]\nname = "a"\nsectors = ["enrgy"]\nlatitude = 1\nlongitude = 1', "no sector 'enrgy'"),
        (GOOD + 'utc_offset = "8"', "town.utc_offset: must look like"),
        ("[town]\nlatitude = 1", "town.longitude: is missing"),
        ("[town", "not TOML"),
    ],
)
def test_a_mistaken_key_is_named_with_its_file(text: str, key: str) -> None:
    with pytest.raises(TownError) as caught:
        parse_town(text, "my/park.toml", SECTORS)
    assert key in str(caught.value)
    assert "my/park.toml" in str(caught.value)
