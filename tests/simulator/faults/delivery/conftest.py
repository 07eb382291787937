"""Delivery faults that come often, and readings with them."""

from typing import Any

from simulator.faults.delivery.classes import CLASSES
from simulator.faults.delivery.delivered import Delivered
from simulator.faults.rules import Rules
from simulator.observed import readings_of
from simulator.plan import Selection
from tests.simulator.conftest import HOUR, START, select

#: Some days after the commissioning, across a 04:00.
WINDOW = (START - 8 * HOUR, START + 16 * HOUR)
KINDS = ("soil_probe", "weather_station")

_SIZES: dict[str, dict[str, Any]] = {
    "lost": {"share": 0.4},
    "duplicated": {"share": 0.4, "minutes": [1, 40]},
    "late": {"share": 0.4, "minutes": [1, 100]},
    "out_of_order": {"share": 0.4, "places": [1, 3]},
    "clock_offset": {"seconds": [-3000, 3000]},
    "clock_drift": {"seconds_per_day": [-1400, 1400]},
    "malformed": {"share": 0.3},
    "oversize": {"share": 0.1},
}


def rule(name: str, **changes: Any) -> dict[str, Any]:
    """A rule of a class that befalls a device each week."""
    return {"class": name, "per_year": 52, "hours": [8, 24]} | _SIZES.get(name, {}) | changes


def rules(*names: str, **changes: Any) -> Rules:
    """A rule of each of these classes, of all if none is named."""
    tables = {name.replace("_", "-"): rule(name, **changes) for name in names or CLASSES}
    return Rules.model_validate({"delivery": tables})


def selection_of(faults: Rules | None, **changes: Any) -> Selection:
    """Two kinds of devices at the same sites, which report every ten minutes."""
    return select(**{"devices": 60, "kinds": KINDS, "interval_ms": 600_000, "faults": faults} | changes)


def delivered(selection: Selection) -> Delivered:
    """The readings of a selection with delivery faults."""
    readings = readings_of(selection)
    assert isinstance(readings, Delivered)
    return readings
