"""The other server that speaks InfluxDB's line protocol."""

from collections.abc import Iterator

import pytest

from tests.servers.influxdb1 import InfluxDB1, run_influxdb1


@pytest.fixture(scope="module")
def influxdb1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB1]:
    """One InfluxDB 1 for a module."""
    with run_influxdb1(tmp_path_factory.mktemp("influxdb1")) as server:
        yield server
