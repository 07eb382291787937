"""Rules that every sector's catalogue keeps; a new sector is checked without a line here."""

import re
from dataclasses import replace

import pytest

from park.catalogue import Action, Channel, DeviceKind, Sector, ValueType
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


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "Open"}, "snake_case"),
        ({"parameters": (KINDS["soil_probe"].channels[0],) * 2}, "name of its own"),
        ({"parameters": KINDS["weather_station"].channels[:5]}, "at most 4"),
        ({"shows_s": -1.0}, "negative"),
        ({"refuses": ("Too wet",)}, "Too wet"),
    ],
)
def test_a_mistaken_action_is_refused(changes: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"name": "open", "description": "d"} | changes
    with pytest.raises(CatalogueError, match=message):
        Action(**arguments)  # type: ignore[arg-type]


def test_what_can_be_commanded_carries_its_whole_state() -> None:
    action = Action(name="open", description="d")
    with pytest.raises(CatalogueError, match=r"soil_probe.*carries_all"):
        replace(KINDS["soil_probe"], actions=(action,))
    with pytest.raises(CatalogueError, match="name of its own"):
        replace(KINDS["soil_probe"], actions=(action, action), carries_all=True)


@pytest.mark.parametrize("twin", [("depth",), ("level",), ("energy", "more_energy")])
def test_a_twin_has_one_channel_of_each_unit(twin: tuple[str, ...]) -> None:
    channels = tuple(
        Channel(name=name, unit=unit, description="d")
        for name, unit in (("level", "m"), ("energy", "kWh"), ("more_energy", "kWh"), ("water", "m3"))
    )
    kind = DeviceKind(name="tank", title="Tank", description="d", channels=channels, twin=("energy", "water"))
    with pytest.raises(CatalogueError, match="'tank': twin"):
        replace(kind, twin=twin)


def test_a_sectors_actions_are_numbered_through() -> None:
    open_, shut = Action(name="open", description="d"), Action(name="shut", description="d")
    kinds = [
        replace(KINDS["soil_probe"], name=name, actions=(open_, shut), carries_all=True) for name in ("gate", "lock")
    ]
    sector = Sector(name="other", title="Other", description="-", cell="-", kinds=tuple(kinds))
    assert sector.actions == {("gate", "open"): 0, ("gate", "shut"): 1, ("lock", "open"): 2, ("lock", "shut"): 3}
