"""Devices that hold connections of their own, and lose them again and again: what is stored of them is proven."""

from pathlib import Path

import pytest

from tests.end_to_end.chain import Park
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.mosquitto import run_mosquitto

TOWN = ["--devices", "300", "--seed", "5"]
#: Over 04:00, where days change.
WINDOW = ["--start", "2026-01-03T03:30:00+08:00", "--until", "2026-01-03T05:00:00+08:00"]
CONNECT = ["--connect", "device", "--ramp-up", "2s", "--churn", "600", "--rewind", "3s", "--speed", "600"]


@pytest.mark.deadline(300)
def test_devices_that_are_thrown_out_again_and_again_lose_nothing(influxdb: InfluxDB2, tmp_path: Path) -> None:
    with run_mosquitto(tmp_path) as broker:
        park = Park(broker, influxdb, tmp_path)
        with park.ingesting():
            simulated = park.summary("simulate", "--broker", broker.url, *TOWN, *WINDOW, *CONNECT)
            found = park.summary("verify", "--store", park.store, *TOWN, *WINDOW, "--wait", "60s")
    assert simulated["reconnects"] > 20
    assert simulated["acknowledged"] == simulated["offered"] == found["expected"] > 8000
    for one in (found, found["events"]):
        assert (one["found"], one["lost"], one["duplicated"], one["altered"]) == (one["expected"], 0, 0, 0)
