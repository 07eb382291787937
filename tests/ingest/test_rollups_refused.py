"""What one device reports must not cost others their rollups."""

import asyncio
from pathlib import Path

import structlog.testing

from ingest.rollups.roll import Pace, Roller
from ingest.stores.base import Store
from park.rollup import STEPS
from tests.ingest.helpers import influx_store
from tests.ingest.rolling import BEGIN, HOUR_MS, Readings, Writer, stored, with_store
from tests.servers.influxdb2 import InfluxDB2


def test_a_sum_beyond_all_numbers_is_left_out_and_nobody_elses_bucket(influxdb: InfluxDB2, tmp_path: Path) -> None:
    """Each of the readings is a number that InfluxDB takes; what they come to is none."""
    huge: Readings = {("soil_probe", "d-1", BEGIN + 1000 * second): {"battery_voltage": 1e308} for second in range(3)}
    other: Readings = {("soil_probe", "d-2", BEGIN + 1000 * second): {"battery_voltage": 3.5} for second in range(3)}
    bucket = influxdb.new_bucket()

    async def work(store: Store) -> None:
        await Writer(store, tmp_path).write(huge | other)
        assert await Roller(store).once() == 1
        for step in STEPS:
            found = await asyncio.to_thread(stored, store, "soil_probe", step, BEGIN, BEGIN + HOUR_MS)
            told = {device: said for (device, _), said in found.items()}
            assert told["d-2"]["battery_voltage_sum"] == 10.5
            assert (told["d-1"]["battery_voltage_max"], told["d-1"]["battery_voltage_count"]) == (1e308, 3)
            assert "battery_voltage_sum" not in told["d-1"]

    with_store(lambda: influx_store(influxdb, bucket), work)


class Looking(Roller):
    """Sets `stop` after so many looks."""

    looks = 0

    async def begin(self) -> bool:
        self.looks += 1
        if self.looks > 5:
            self._stop.set()
        return await super().begin()


def test_a_store_that_refuses_is_told_of_once(influxdb: InfluxDB2) -> None:
    bucket = influxdb.new_bucket()

    async def work(store: Store) -> None:
        with structlog.testing.capture_logs() as logs:
            assert await Looking(store, pace=Pace(look_s=0.01)).run(asyncio.Event()) == 0
        assert [one["log_level"] for one in logs] == ["warning"]
        assert "401" in logs[0]["error"]

    with_store(lambda: influx_store(influxdb, bucket, token="no-token-of-it"), work)
