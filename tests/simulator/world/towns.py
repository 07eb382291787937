"""Worlds for tests."""

import datetime as dt
from typing import Any

from simulator.streams import CounterStreams
from simulator.world import World

WUXI: dict[str, Any] = {
    "latitude": 31.49,
    "longitude": 120.31,
    "elevation_m": 5.0,
    "utc_offset_ms": 8 * 3_600_000,
    "country": "CN",
    "climate": "wuxi",
    "commissioned": dt.date(2026, 1, 1),
    "site_latitudes": (31.57, 31.68, 31.49, 31.53),
    "site_longitudes": (120.11, 120.30, 120.36, 120.28),
}


def world(seed: int = 42, **changes: Any) -> World:
    """The world of Wuxi, or of another place."""
    return World(CounterStreams(seed), **{**WUXI, **changes})
