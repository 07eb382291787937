"""The ingester as a process, that is killed and ended, between the real Mosquitto and the real InfluxDB."""

import asyncio
import json
import signal
from pathlib import Path

from tests.ingest.helpers import open_session, publish, readings
from tests.ingest.process import start
from tests.ingest.seen import await_count, count, nothing_waits, seqs
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.mosquitto import Mosquitto


def test_killed_at_any_moment_and_started_again_nothing_is_lost(
    mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path
) -> None:
    bucket = influxdb.new_bucket()
    total = 6000
    open_session(mosquitto, bucket)

    async def main() -> None:
        publishing = asyncio.create_task(asyncio.to_thread(publish, mosquitto, readings(total)))
        for share in (0.1, 0.5):
            child = start(mosquitto, influxdb, bucket, tmp_path)
            await asyncio.to_thread(await_count, influxdb, bucket, round(share * total))
            child.kill()
            child.communicate()
        await publishing
        child = start(mosquitto, influxdb, bucket, tmp_path)
        # One more than a killed process can have left stored: this one is up and at work. Mosquitto may deliver it
        # before what has waited and is stored already, but hardly the next, which comes when that was written.
        for more in (total, total + 1):
            await asyncio.to_thread(publish, mosquitto, readings(1, first=more))
            await asyncio.to_thread(await_count, influxdb, bucket, more + 1)
        child.send_signal(signal.SIGTERM)
        out, _ = child.communicate(timeout=60)
        assert child.returncode == 0
        summary = json.loads(out.splitlines()[-1])
        assert summary["received"] == summary["stored"] + summary["dead_lettered"]

    asyncio.run(main())
    assert seqs(influxdb, bucket) == list(range(total + 2))
    assert nothing_waits(mosquitto, bucket)


def test_sigterm_drains_and_the_next_start_resumes(mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path) -> None:
    bucket = influxdb.new_bucket()
    open_session(mosquitto, bucket)
    publish(mosquitto, readings(3000))
    child = start(mosquitto, influxdb, bucket, tmp_path)
    await_count(influxdb, bucket, 1)
    child.send_signal(signal.SIGTERM)
    out, _ = child.communicate(timeout=60)
    summary = json.loads(out.splitlines()[-1])
    assert child.returncode == 0
    # All that was received is settled, and nothing that was acknowledged is missing.
    assert summary["received"] == summary["stored"] == count(influxdb, bucket)
    child = start(mosquitto, influxdb, bucket, tmp_path)
    await_count(influxdb, bucket, 3000)
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=60)
    assert seqs(influxdb, bucket) == list(range(3000))
    rows = influxdb.influxql("SELECT last(stored) FROM park_ingest GROUP BY instance", bucket=bucket)
    assert rows[0]["instance"] == bucket
