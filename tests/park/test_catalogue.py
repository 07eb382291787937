"""Rules that every sector's catalogue keeps; a new sector is checked without a line here."""

import re

import pytest

from park.catalogue import Channel, DeviceKind, Sector, ValueType
from park.errors import CatalogueError
from sectors import KINDS, SECTOR_OF, SECTORS, _index

UCUM_LIKE = re.compile(r"[A-Za-z0-9%/{}.\[\]2-]+")


def test_the_three_founding_sectors_are_there() -> None:
    assert {"agriculture", "energy", "transport"} <= SECTORS.keys()


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_channel_says_what_it_is(kind: DeviceKind) -> None:
    assert kind.title
    assert kind.description
    for channel in kind.channels:
        assert channel.description, channel.name
        assert UCUM_LIKE.fullmatch(channel.unit), channel.unit


def test_a_quantity_has_one_unit_across_the_park() -> None:
    units: dict[str, set[str]] = {}
    for kind in KINDS.values():
        for channel in kind.channels:
            units.setdefault(channel.name, set()).add(channel.unit)
    assert {name: found for name, found in units.items() if len(found) > 1} == {}


def test_a_channel_name_has_one_type_across_the_park() -> None:
    types: dict[str, set[ValueType]] = {}
    for kind in KINDS.values():
        for channel in kind.channels:
            types.setdefault(channel.name, set()).add(channel.type)
    assert {name: found for name, found in types.items() if len(found) > 1} == {}


def test_the_soil_probe_is_the_benchmarks_payload() -> None:
    types = [channel.type for channel in KINDS["soil_probe"].channels]
    assert types == [ValueType.FLOAT] * 4


def test_two_sectors_with_a_kind_of_one_name_are_refused_by_name() -> None:
    kind = KINDS["soil_probe"]
    other = Sector(name="other", title="Other", description="-", cell="-", kinds=(kind,))
    with pytest.raises(CatalogueError, match=r"soil_probe.*agriculture.*other"):
        _index({"agriculture": SECTOR_OF["soil_probe"], "other": other})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "Temp"}, "snake_case"),
        ({"name": "ts"}, "reserved"),
        ({"low": 2.0, "high": 1.0}, "above"),
        ({"decimals": 7}, "decimals"),
        ({"type": ValueType.TEXT}, "texts"),
        ({"type": ValueType.TEXT, "texts": ("two words",)}, "two words"),
    ],
)
def test_a_mistaken_channel_is_refused(changes: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"name": "level", "unit": "m", "description": "d", "high": 1.0} | changes
    with pytest.raises(CatalogueError, match=message):
        Channel(**arguments)  # type: ignore[arg-type]
