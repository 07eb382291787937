"""The ingester between the real Mosquitto and the real InfluxDB."""

import asyncio
from pathlib import Path

from tests.ingest.helpers import T0, influx_store, ingesting, options, publish, readings
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.mosquitto import Mosquitto


def test_readings_reach_the_store_as_the_contract_says(
    mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path
) -> None:
    bucket = influxdb.new_bucket()

    async def main() -> None:
        async with ingesting(options(mosquitto, tmp_path, bucket), influx_store(influxdb, bucket)) as running:
            await asyncio.to_thread(publish, mosquitto, readings(300))
            await running.settles(300)
        assert running.summary is not None
        assert (running.summary.received, running.summary.stored) == (300, 300)
        assert (running.summary.gaps, running.summary.duplicates, running.summary.late) == (0, 0, 0)

    asyncio.run(main())
    rows = influxdb.influxql("SELECT * FROM soil_probe", bucket=bucket)
    assert [row["time"] for row in rows] == [T0 + 1000 * seq for seq in range(300)]
    assert rows[7] == {
        "name": "soil_probe",
        "time": T0 + 7000,
        "device": "soil-probe-000001",
        "sector": "agriculture",
        "site": "north",
        "seq": 7,
        "soil_moisture": 0.257,
    }
