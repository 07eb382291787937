"""Servers shared by a test run, and a deadline on every test."""

import asyncio
import faulthandler
import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path
from types import FrameType
from typing import TextIO

import pytest
from hypothesis import settings

from ingest.stores import open_store, parse_store_url
from ingest.stores.base import Store
from tests.servers.influxdb2 import InfluxDB2, run_influxdb2
from tests.servers.mosquitto import Mosquitto, run_mosquitto

DEADLINE_S = 120.0
_stderr = pytest.StashKey[TextIO]()


@pytest.fixture(scope="session")
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """One Mosquitto for the whole run, open to anybody; tests keep apart by topics and client ids."""
    with run_mosquitto(tmp_path_factory.mktemp("mosquitto")) as broker:
        yield broker


@pytest.fixture(scope="session")
def influxdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB2]:
    """One InfluxDB 2 for the whole run; each test makes its own bucket with ``new_bucket()``."""
    with run_influxdb2(tmp_path_factory.mktemp("influxdb")) as server:
        yield server


def pytest_configure(config: pytest.Config) -> None:
    # A busy machine takes any time for an example; what hangs is ended by the deadline of its test.
    settings.register_profile("park", deadline=None)
    settings.load_profile("park")
    config.addinivalue_line("markers", f"deadline(seconds): fail a test that hangs; {DEADLINE_S:g} s unless given")
    # Captured later on; the tracebacks of a hang must reach the terminal.
    config.stash[_stderr] = os.fdopen(os.dup(2), "w")


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[_stderr].close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that hangs; if even the signal cannot reach it, end the run with every traceback."""
    marker = item.get_closest_marker("deadline")
    seconds = float(marker.args[0]) if marker else DEADLINE_S

    def expire(_number: int, _frame: FrameType | None) -> None:
        pytest.fail(f"no end within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    faulthandler.dump_traceback_later(seconds + 60.0, exit=True, file=item.config.stash[_stderr])
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(params=["influxdb", "duckdb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store of each kind in turn, empty."""
    if request.param == "influxdb":
        influxdb = request.getfixturevalue("influxdb")
        url, environ = influxdb.store_url(influxdb.new_bucket()), {"INFLUXDB_V2_TOKEN": influxdb.token}
    else:
        url, environ = f"duckdb://{tmp_path}/park.duckdb", {}
    store = open_store(parse_store_url(url), environ)
    yield store
    asyncio.run(store.close())
