"""Units and numbers as people read them."""

import pytest

from dashboards.grafana.units import unit_id
from dashboards.viewer import numbers
from park import units
from park.pipeline import PIPELINE
from sectors import KINDS


@pytest.mark.parametrize(
    ("unit", "shown"),
    [
        ("Cel", "°C"),
        ("W/m2", "W/m²"),
        ("m3/m3", "m³/m³"),
        ("{veh}/h", "veh/h"),
        ("1", ""),
        ("us", "µs"),
        ("1/s", "1/s"),
    ],
)
def test_units_are_shown_as_people_write_them(unit: str, shown: str) -> None:
    assert units.symbol(unit) == shown


def test_every_unit_of_the_catalogue_is_readable_and_known_to_grafana() -> None:
    measured = [*KINDS.values()]
    channels = [c for kind in measured for c in kind.channels] + [c for own in PIPELINE.values() for c in own.fields]
    for unit in {channel.unit for channel in channels}:
        assert not set("{}[]") & set(units.symbol(unit)), unit
        assert unit_id(unit), unit


def test_the_increase_of_energy_in_an_hour_is_power() -> None:
    assert units.per("kWh", 3600) == "kW"
    assert units.per("m3", 3600) == "m3/h"
    assert units.per("1", 1) == "1/s"


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        (1234.5, 1, "1\u202f234.5"),
        (0.0312, None, "0.0312"),
        (-0.04, 1, "0.0"),
        (2_500_000, None, "2.50M"),
        (123_456, 0, "123k"),
        (True, None, "yes"),
        ("idle", None, "idle"),
        (float("nan"), 1, "–"),
    ],
)
def test_numbers_are_short(value: float | str, decimals: int | None, shown: str) -> None:
    assert numbers.text(value, decimals) == shown
