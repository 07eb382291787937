"""The ingester between the real Mosquitto and the real InfluxDB."""

import asyncio
import json
import os
import subprocess
import time
from pathlib import Path

import pytest
import structlog

from ingest.deadletter import read_dead_letters
from ingest.stores.influxdb.url import InfluxUrl
from ingest.stores.influxdb.write import InfluxStore
from mqttlink import ConnectRefused
from park.codecs.json.event import encode_event
from park.event import PLACE, Event, Phase
from park.rejection import Reason
from tests.ingest.helpers import (
    T0,
    Sent,
    influx_store,
    ingesting,
    options,
    payload,
    publish,
    readings,
    topic,
    until,
)
from tests.ingest.seen import buried, count, nothing_waits, seqs
from tests.servers.influxdb2 import InfluxDB2, run_influxdb2
from tests.servers.mosquitto import Mosquitto, run_mosquitto
from tests.servers.process import free_port
from tests.servers.proxy import Proxy


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


def test_events_reach_the_log_of_their_type_and_unknown_ones_the_dead_letters(
    mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path
) -> None:
    bucket = influxdb.new_bucket()
    where = topic().replace("telemetry", "event")
    place = Event(type=PLACE, ts=T0, id="1", phase=Phase.STATE, values={"latitude": 31.5, "longitude": 120.25})
    told = Sent(topic=where, payload=encode_event(place))
    unknown = Sent(topic=where, payload=told.payload.replace(b"place", b"eclipse"))

    async def main() -> None:
        async with ingesting(options(mosquitto, tmp_path, bucket), influx_store(influxdb, bucket)) as running:
            await asyncio.to_thread(publish, mosquitto, [told, *readings(3), unknown, told])
            await running.settles(6)
        assert running.summary is not None
        assert (running.summary.stored, running.summary.dead_lettered, running.summary.duplicates) == (5, 1, 0)

    asyncio.run(main())
    rows = influxdb.influxql("SELECT * FROM park_device", bucket=bucket)
    tags = {"device": "soil-probe-000001", "sector": "agriculture", "site": "north", "type": "place"}
    fields = {"id": "1", "phase": "state", "latitude": 31.5, "longitude": 120.25}
    assert rows == [{"name": "park_device", "time": T0, **tags, **fields}]
    (letter,) = buried(tmp_path)
    assert (letter.reason, letter.topic, letter.payload) == (Reason.UNKNOWN_EVENT, where, unknown.payload)


def test_poison_is_set_aside_and_everything_around_it_is_stored(
    mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path
) -> None:
    bucket = influxdb.new_bucket()
    # A field of another type, in the way only a foreign writer could put it there.
    influxdb.write(b'soil_probe,device=old soil_temperature="cold" 1767225600000\n', bucket=bucket)
    messages = readings(500)
    messages[100] = Sent(topic=topic(), payload=b"{poison")
    messages[200] = Sent(topic=topic(), payload=payload(200, soil_temperature=3.5))
    messages[300] = Sent(topic=topic(), payload=payload(300, soil_temperature=4.5))

    async def main() -> None:
        async with ingesting(options(mosquitto, tmp_path, bucket), influx_store(influxdb, bucket)) as running:
            await asyncio.to_thread(publish, mosquitto, messages)
            await running.settles(500)
        summary = running.summary
        assert summary is not None
        assert (summary.received, summary.stored, summary.dead_lettered) == (500, 497, 3)

    asyncio.run(main())
    assert seqs(influxdb, bucket) == [seq for seq in range(500) if seq not in {100, 200, 300}]
    reasons = [(rejection.reason, rejection.payload) for rejection in buried(tmp_path)]
    assert sorted(reasons) == sorted(
        [
            (Reason.MALFORMED, messages[100].payload),
            (Reason.STORE_REFUSED, messages[200].payload),
            (Reason.STORE_REFUSED, messages[300].payload),
        ]
    )
    assert nothing_waits(mosquitto, bucket)


def test_rows_that_are_refused_one_and_all_are_buried_together(
    mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path
) -> None:
    bucket = influxdb.new_bucket()
    influxdb.write(b'soil_probe,device=old soil_moisture="wet" 1767225600000\n', bucket=bucket)

    async def main() -> None:
        async with ingesting(options(mosquitto, tmp_path, bucket), influx_store(influxdb, bucket)) as running:
            await asyncio.to_thread(publish, mosquitto, readings(400))
            await running.settles(400)
            # Far fewer writes than the 800 that dividing down to each row would take.
            assert running.status.dead_lettered == 400

    asyncio.run(main())
    assert {rejection.reason for rejection in buried(tmp_path)} == {Reason.STORE_REFUSED}
    assert len(buried(tmp_path)) == 400


def test_rows_beyond_the_retention_are_buried_with_the_stores_reason(
    mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path
) -> None:
    bucket = influxdb.new_bucket(retention_s=3600)
    now = time.time_ns() // 1_000_000
    old = [Sent(topic=topic(), payload=payload(seq)) for seq in range(100)]
    new = [Sent(topic=topic("new"), payload=payload(seq, ts=now - seq)) for seq in range(100)]
    messages = [one for pair in zip(old, new, strict=True) for one in pair]

    async def main() -> None:
        async with ingesting(options(mosquitto, tmp_path, bucket), influx_store(influxdb, bucket)) as running:
            await asyncio.to_thread(publish, mosquitto, messages)
            await running.settles(200)
            await until(lambda: not running.status.troubles(), what="ready", deadline_s=10)
            assert running.status.retries == 0

    asyncio.run(main())
    assert count(influxdb, bucket) == 100
    assert sorted(rejection.payload for rejection in buried(tmp_path)) == sorted(one.payload for one in old)
    assert all("retention" in rejection.detail for rejection in buried(tmp_path))
    assert nothing_waits(mosquitto, bucket)


@pytest.mark.deadline(90)
def test_a_store_away_at_the_start_and_in_the_middle_loses_nothing(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with run_influxdb2(tmp_path) as server:
        bucket = server.new_bucket()
        server.stop()

        async def main() -> None:
            with structlog.testing.capture_logs() as logs:
                async with ingesting(options(mosquitto, tmp_path, bucket), influx_store(server, bucket)) as running:
                    await asyncio.to_thread(publish, mosquitto, readings(200))
                    await until(lambda: running.status.retries > 2, what="retries")
                    assert running.status.stored == 0
                    assert any("trying again" in trouble or "retry" in trouble for trouble in running.status.troubles())
                    await asyncio.to_thread(server.start)
                    await running.settles(200)
                    await until(lambda: not running.status.troubles(), what="ready", deadline_s=10)
                    await asyncio.to_thread(server.kill)
                    await asyncio.to_thread(publish, mosquitto, readings(200, first=200))
                    await until(lambda: bool(running.status.troubles()), what="trouble")
                    await asyncio.to_thread(server.start)
                    await running.settles(400)
                    await until(lambda: not running.status.troubles(), what="ready", deadline_s=10)
            assert running.summary is not None
            assert (running.summary.stored, running.summary.gaps) == (400, 0)
            assert len([log for log in logs if log["log_level"] == "error"]) == 2

        asyncio.run(main())
        assert seqs(server, bucket) == list(range(400))


def test_a_refused_token_holds_everything_until_it_is_right(
    mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path
) -> None:
    bucket = influxdb.new_bucket()
    token = influxdb.new_token(active=False)
    store = influx_store(influxdb, bucket, token=token.text)

    async def main() -> None:
        with structlog.testing.capture_logs() as logs:
            async with ingesting(options(mosquitto, tmp_path, bucket), store) as running:
                await asyncio.to_thread(publish, mosquitto, readings(50))
                await until(lambda: running.status.retries > 2, what="retries")
                assert any("INFLUXDB_V2_TOKEN" in trouble for trouble in running.status.troubles())
                assert (running.status.stored, running.status.dead_lettered) == (0, 0)
                await asyncio.to_thread(influxdb.set_active, token, active=True)
                await running.settles(50)
        errors = [log for log in logs if log["log_level"] == "error"]
        assert len(errors) == 1
        assert "holding" in errors[0]["event"]

    asyncio.run(main())
    assert seqs(influxdb, bucket) == list(range(50))


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    folder = tmp_path / "disk"
    folder.mkdir()
    argv = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(argv, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can only be mounted by root")
    return folder


def test_a_full_disk_holds_dead_letters_and_recovers(
    mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path, small_disk: Path
) -> None:
    bucket = influxdb.new_bucket()
    filler = small_disk / "filler"
    path = small_disk / "dead-letters.ndjson"
    poison = [Sent(topic=topic(f"d-{i}"), payload=b"{" + b"x" * 400) for i in range(20)]

    async def main() -> None:
        settings = options(mosquitto, tmp_path, bucket, dead_letters=path)
        async with ingesting(settings, influx_store(influxdb, bucket)) as running:
            await asyncio.to_thread(publish, mosquitto, poison[:5])
            await running.settles(5)
            filler.write_bytes(b"x" * (os.statvfs(small_disk).f_bavail * 4096))
            await asyncio.to_thread(publish, mosquitto, poison[5:])
            await asyncio.to_thread(publish, mosquitto, readings(10))
            # The reading is stored all the same; its acknowledgement waits for what came before it.
            await until(lambda: any("No space" in trouble for trouble in running.status.troubles()), what="trouble")
            await until(lambda: count(influxdb, bucket) == 10, what="stored")
            assert running.status.dead_lettered < 20
            filler.unlink()
            await running.settles(30)
            await until(lambda: not running.status.troubles(), what="ready", deadline_s=10)

    try:
        asyncio.run(main())
        assert sorted(letter.rejection.topic for letter in read_dead_letters(path)) == sorted(
            one.topic for one in poison
        )
    finally:
        subprocess.run(["umount", str(small_disk)], check=True)
    assert nothing_waits(mosquitto, bucket)


def test_repeats_are_duplicates_and_gaps_close_when_late_readings_come(
    mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path
) -> None:
    bucket = influxdb.new_bucket()
    all_ = readings(20)

    async def main() -> None:
        async with ingesting(options(mosquitto, tmp_path, bucket), influx_store(influxdb, bucket)) as running:
            await asyncio.to_thread(publish, mosquitto, [*all_[:5], *all_[8:], *all_[:3]])
            await running.settles(20)
            tally = running.status.tally
            assert (tally.gaps, tally.duplicates, tally.late) == (3, 3, 0)
            await asyncio.to_thread(publish, mosquitto, all_[5:7])
            await running.settles(22)
            assert (tally.gaps, tally.duplicates, tally.late) == (1, 3, 2)

    asyncio.run(main())
    assert seqs(influxdb, bucket) == [seq for seq in range(20) if seq != 7]


def test_latency_is_of_live_readings_only(mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path) -> None:
    bucket = influxdb.new_bucket()

    async def main() -> None:
        async with ingesting(options(mosquitto, tmp_path, bucket), influx_store(influxdb, bucket)) as running:
            await asyncio.to_thread(publish, mosquitto, readings(5))
            await running.settles(5)
            assert running.status.summary().latency_ms.p50 is None
            now = time.time_ns() // 1_000_000
            await asyncio.to_thread(publish, mosquitto, [Sent(topic=topic(), payload=payload(5, ts=now - 2000))])
            await running.settles(6)
        assert running.summary is not None
        latency = running.summary.latency_ms
        assert latency.max is not None
        assert 2000 <= latency.max < 20_000
        assert latency.p50 == pytest.approx(latency.max, rel=0.03)

    asyncio.run(main())


def test_a_site_says_when_its_live_readings_began(mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path) -> None:
    bucket = influxdb.new_bucket()
    site = f"s{bucket[-6:]}"
    now = time.time_ns() // 1_000_000
    live_from = now - 600_000
    state = json.dumps({"state": "online", "ts": now, "devices": 1, "live_from": live_from}).encode()

    def reading(seq: int, ts: int, where: str = site) -> Sent:
        return Sent(topic=topic(site=where), payload=payload(seq, ts=ts))

    async def main() -> None:
        async with ingesting(options(mosquitto, tmp_path, bucket), influx_store(influxdb, bucket)) as running:
            status = running.status
            await asyncio.to_thread(publish, mosquitto, [Sent(topic=f"park/gateways/{site}/0/state", payload=state)])
            await until(lambda: (site, 0) in status.gateways, what="the state")
            # History of a backfill a second before live readings begin, and live ones that an outage held up.
            recent = [reading(seq, live_from - 1000 + seq) for seq in range(1000)]
            held_up = [reading(1000, live_from), reading(1001, live_from + 1000)]
            await asyncio.to_thread(publish, mosquitto, [*recent, *held_up])
            await running.settles(1002)
            assert len(status.latency) == 2
            assert 599_000 < status.latency.max_ms < 660_000
            # A site that has not said so is judged by age; one that starts anew without saying so, too.
            await asyncio.to_thread(publish, mosquitto, [reading(0, live_from + 1, "elsewhere")])
            await running.settles(1003)
            again = Sent(topic=f"park/gateways/{site}/0/state", payload=b'{"state": "online"}')
            await asyncio.to_thread(publish, mosquitto, [again, reading(1002, live_from + 2000)])
            await running.settles(1004)
            assert len(status.latency) == 2

    asyncio.run(main())


def test_a_broker_that_refuses_for_good_ends_the_run(influxdb: InfluxDB2, tmp_path: Path) -> None:
    with run_mosquitto(tmp_path, users={"anna": "secret"}) as broker:

        async def main() -> None:
            async with ingesting(options(broker, tmp_path, "refused"), influx_store(influxdb, influxdb.bucket)):
                pass

        with pytest.raises(ConnectRefused, match="anonymous"):
            asyncio.run(main())


def test_the_broker_may_be_away_and_come_back(influxdb: InfluxDB2, tmp_path: Path) -> None:
    bucket = influxdb.new_bucket()
    with run_mosquitto(tmp_path, persistence=True) as broker:

        async def main() -> None:
            async with ingesting(options(broker, tmp_path, bucket), influx_store(influxdb, bucket)) as running:
                await asyncio.to_thread(publish, broker, readings(100))
                await running.settles(100)
                await asyncio.to_thread(broker.restart)
                await until(lambda: running.status.reconnects == 1 and running.status.connected, what="reconnected")
                await asyncio.to_thread(publish, broker, readings(100, first=100))
                await running.settles(200)
            assert running.summary is not None
            assert running.summary.gaps == 0

        asyncio.run(main())
    assert seqs(influxdb, bucket) == list(range(200))


def test_memory_is_bounded_whatever_the_broker_holds(mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path) -> None:
    """With the store away, reading stops at the limit; when it is back, all is stored."""
    bucket = influxdb.new_bucket()
    port = free_port()
    store = InfluxStore(InfluxUrl(endpoint=f"http://127.0.0.1:{port}", bucket=bucket, org="park"), influxdb.token)
    big = [Sent(topic=topic(), payload=payload(seq) + b" " * 60_000) for seq in range(100)]
    limit = 1_000_000

    async def main() -> None:
        settings = options(mosquitto, tmp_path, bucket, max_waiting_bytes=limit)
        async with ingesting(settings, store) as running:
            await asyncio.to_thread(publish, mosquitto, big)
            await until(lambda: running.status.retries > 3, what="retries")
            # One more read of the socket may be under way when reading stops.
            assert running.status.in_flight * 60_000 < limit + 400_000
            with Proxy(influxdb.port, port=port):
                await running.settles(100)

    asyncio.run(main())
    assert seqs(influxdb, bucket) == list(range(100))
