"""A made-up kind with every type and behaviour, and the town's rows in real stores."""

import time
from collections.abc import Iterator

import duckdb
import pytest

from park.catalogue import Behaviour, Channel, DeviceKind, Sector, ValueType
from sectors import KINDS, SECTOR_OF, SECTORS
from tests.dashboards import town
from tests.servers.influxdb2 import InfluxDB2

SPAN_MS = 3 * 3_600_000
END = 1_767_236_400_000

MADE_UP = DeviceKind(
    name="made_up",
    title="Made-up thing",
    description="A thing of every type.",
    channels=(
        Channel(name="level", unit="m", description="A level.", low=-5, high=5, decimals=3),
        Channel(name="depth", unit="m", description="A depth.", low=0, high=5, decimals=2),
        Channel(name="share", unit="%", description="A share.", low=0, high=100, decimals=1),
        Channel(name="visits", unit="1", description="Visits.", high=1000, type=ValueType.INT),
        Channel(name="power", unit="kW", description="Power.", high=9, decimals=2),
        Channel(name="energy", unit="kWh", description="Energy.", high=1e6, decimals=3, behaviour=Behaviour.REGISTER),
        Channel(name="open", unit="1", description="Open.", type=ValueType.BOOL, behaviour=Behaviour.STATE),
        Channel(
            name="status",
            unit="1",
            description="Status.",
            type=ValueType.TEXT,
            behaviour=Behaviour.STATE,
            texts=("idle", "busy", "broken"),
        ),
    ),
)
SECTOR = Sector(
    name="made-up", title="Made up", description="A sector without panels.", cell="one thing", kinds=(MADE_UP,)
)


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Sector:
    """A sector that nobody has written panels for, in the catalogue for the length of a test."""
    monkeypatch.setitem(SECTORS, SECTOR.name, SECTOR)
    monkeypatch.setitem(KINDS, MADE_UP.name, MADE_UP)
    monkeypatch.setitem(SECTOR_OF, MADE_UP.name, SECTOR)
    return SECTOR


@pytest.fixture(scope="session")
def bucket(influxdb: InfluxDB2) -> str:
    """Three hours of the whole catalogue in an InfluxDB 2."""
    name = influxdb.new_bucket()
    influxdb.write(town.lines(town.rows(END - SPAN_MS, END)), bucket=name)
    return name


@pytest.fixture(scope="session")
def tables() -> Iterator[duckdb.DuckDBPyConnection]:
    """The same three hours in a DuckDB."""
    with duckdb.connect() as connection:
        town.fill(connection, town.rows(END - SPAN_MS, END))
        yield connection


@pytest.fixture
def now() -> int:
    """Unix milliseconds."""
    return int(time.time() * 1000)
