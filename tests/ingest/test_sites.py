"""A session for each site, between the real Mosquitto and the real InfluxDB."""

import asyncio
import dataclasses
import fcntl
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingest.errors import BadOptions
from ingest.options import IngestOptions
from ingest.run import run
from ingest.session import LEAST_WAITING_BYTES, sessions_of, share_of
from ingest.stores.duckdb.url import DuckdbUrl
from ingest.stores.duckdb.write import DuckdbStore
from ingest.thread import OwnThread
from park.topics import GATEWAY_STATE_FILTER, TELEMETRY_FILTER, of_site
from park_cli.commands.ingest import app
from park_cli.errors import UsageError
from tests.ingest.command import ingesting_command
from tests.ingest.helpers import (
    Sent,
    influx_store,
    ingesting,
    open_session,
    options,
    payload,
    publish,
    readings,
    session_is_known,
    topic,
    until,
)
from tests.ingest.seen import await_count, count
from tests.mqttlink.paho_client import paho
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.mosquitto import Mosquitto, run_mosquitto
from tests.servers.process import free_port
from tests.servers.proxy import Proxy

SITES = ("north", "south")


def of(site: str, count: int) -> list[Sent]:
    return [Sent(topic=topic(site=site), payload=payload(seq)) for seq in range(count)]


def stored(server: InfluxDB2, bucket: str) -> dict[object, object]:
    rows = server.influxql("SELECT count(seq) FROM soil_probe GROUP BY site", bucket=bucket)
    return {row["site"]: row["count"] for row in rows}


def test_each_site_has_a_session_of_its_own_and_all_have_one_status(
    mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path
) -> None:
    bucket = influxdb.new_bucket()
    settings = options(mosquitto, tmp_path, bucket, sites=SITES)
    figures = [Sent(topic=f"park/gateways/{site}/0/stats", payload=b'{"ts":1767225600000,"sent":1}') for site in SITES]
    states = [Sent(topic=f"park/gateways/{site}/0/state", payload=b'{"state":"online"}') for site in SITES]

    async def main() -> None:
        async with ingesting(settings, influx_store(influxdb, bucket)) as running:
            await asyncio.to_thread(publish, mosquitto, of("elsewhere", 5) + of("north", 300) + of("south", 200))
            await asyncio.to_thread(publish, mosquitto, [Sent(topic=topic(site="south"), payload=b"junk")])
            await asyncio.to_thread(publish, mosquitto, figures + states)
            await running.settles(503)
            await until(lambda: sum(running.status.gateways.values()) == 2, what="both online")
        assert running.summary is not None
        assert (running.summary.received, running.summary.stored, running.summary.dead_lettered) == (503, 502, 1)
        assert running.summary.gaps == 0

    asyncio.run(main())
    assert stored(influxdb, bucket) == {"north": 300, "south": 200}
    assert all(session_is_known(mosquitto, f"{bucket}-{site}") for site in SITES)
    assert not session_is_known(mosquitto, bucket)


def test_a_site_fills_its_own_queue_alone(influxdb: InfluxDB2, tmp_path: Path) -> None:
    """With one session for all, whoever comes after the flood would be dropped, with PUBACK 0."""
    bucket = influxdb.new_bucket()
    with run_mosquitto(tmp_path, max_queued_messages=500, max_inflight_messages=20) as broker:
        for site in SITES:
            open_session(broker, f"{bucket}-{site}", of_site(TELEMETRY_FILTER, site))
        publish(broker, of("south", 3000))
        publish(broker, of("north", 500))

        async def main() -> None:
            settings = options(broker, tmp_path, bucket, sites=SITES)
            async with ingesting(settings, influx_store(influxdb, bucket)) as running:
                await running.settles(1000)

        asyncio.run(main())
    found = stored(influxdb, bucket)
    assert found["north"] == 500
    assert 500 <= int(str(found["south"])) < 3000


@pytest.mark.deadline(240)
def test_a_site_that_waits_for_the_store_holds_up_no_other(
    mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path
) -> None:
    """Rows of one site that the store refuses, each in its turn, while readings of another come."""
    bucket = influxdb.new_bucket()
    influxdb.write(b'soil_probe,device=old battery_voltage="low" 1767225600000\n', bucket=bucket)
    bad = [Sent(topic=topic(), payload=payload(n, battery_voltage=3.5, soil_moisture=0.3)) for n in range(2000)]
    settings = options(mosquitto, tmp_path, bucket, sites=SITES)

    async def main() -> None:
        async with ingesting(settings, influx_store(influxdb, bucket)) as running:
            await asyncio.to_thread(publish, mosquitto, bad)
            await asyncio.to_thread(publish, mosquitto, of("south", 50))
            await until(lambda: running.status.stored >= 50, what="the other site's stored", deadline_s=30)
            await running.settles(2050)

    asyncio.run(main())
    assert stored(influxdb, bucket)["south"] == 50


def test_sites_share_the_memory_of_one_session() -> None:
    whole = IngestOptions.max_waiting_bytes
    for sites in (1, 2, 4, 6, 24):
        settings = dataclasses.replace(SETTINGS, sites=tuple(f"s-{number}" for number in range(sites)))
        assert whole * 0.99 < sites * share_of(settings).max_waiting_bytes <= whole
        assert sum(session.receive_max for session in sessions_of(settings)) <= max(20_000, sites * 1000)
    many = dataclasses.replace(SETTINGS, sites=tuple(f"s-{number}" for number in range(100)))
    assert share_of(many).max_waiting_bytes == LEAST_WAITING_BYTES
    assert share_of(SETTINGS).max_waiting_bytes == whole


SETTINGS = options(Mosquitto(port=1, folder=Path(), process=None), Path(), "park-ingest")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [{"processes": 2}, {"broker": dataclasses.replace(SETTINGS.broker, group="g")}],
)
def test_sessions_for_sites_are_held_by_one_process(changes: dict[str, object]) -> None:
    async def main() -> None:
        await run(dataclasses.replace(SETTINGS, sites=SITES, **changes), asyncio.Event())  # type: ignore[arg-type]

    with pytest.raises(BadOptions, match="one process"):
        asyncio.run(main())


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--site", "a", "--processes", "2"), "--processes"),
        (("--site", "a", "--group", "g"), "--group"),
        (("--site", "A"), "'A'"),
        (("--site", "a/b"), "'a/b'"),
        (("--site", "+"), "'+'"),
        (("--site", ""), "''"),
        (("--site", "a\n"), "--site"),
        (("--site", "a", "--site", "a"), "twice"),
        (("--site", "a", "--site", "b", "--retire"), "--retire"),
        (("--accept", "soon"), "--accept"),
    ],
)
def test_sites_that_cannot_be_are_an_error_of_use(words: tuple[str, ...], named: str) -> None:
    ended = CliRunner().invoke(app, words)
    assert isinstance(ended.exception, UsageError)
    assert named in str(ended.exception)


@pytest.mark.deadline(240)
def test_sessions_for_sites_take_the_place_of_one_for_all(
    mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path
) -> None:
    """What waits in the former session is stored, and it ends; nothing is missed in between; then one site leaves."""
    bucket = influxdb.new_bucket()
    open_session(mosquitto, bucket)
    publish(mosquitto, of("north", 100))
    common = ("--broker", mosquitto.url, "--store", influxdb.store_url(bucket), "--client-id", bucket)
    sites = [word for site in SITES for word in ("--site", site)]
    token = {"INFLUXDB_V2_TOKEN": influxdb.token}
    with ingesting_command(tmp_path, *common, *sites, environ=token) as command:
        command.logs("a former member is retired")
        publish(mosquitto, [Sent(topic=topic("another"), payload=payload(seq)) for seq in range(50)])
        await_count(influxdb, bucket, 150)
        command.finish()
    assert not session_is_known(mosquitto, bucket)
    publish(mosquitto, of("south", 30))
    with ingesting_command(tmp_path, *common, "--retire", "--site", "south", environ=token) as command:
        assert command.process.wait(30) == 0
    assert count(influxdb, bucket) == 180
    assert not session_is_known(mosquitto, f"{bucket}-south")
    assert session_is_known(mosquitto, f"{bucket}-north")


@pytest.mark.parametrize("sites", [(), SITES])
def test_what_is_retained_comes_once_however_often_the_line_is_cut(
    influxdb: InfluxDB2, tmp_path: Path, sites: tuple[str, ...]
) -> None:
    bucket = influxdb.new_bucket()
    state = "park/gateways/north/0/state"
    retained = {topic("junk"): b"{", state: b"{", topic("sound"): payload(1), "park/gateways/south/0/state": ONLINE}
    with run_mosquitto(tmp_path) as broker, Proxy(broker.port) as line:
        with paho(broker.port, "retains") as client:
            for name, data in retained.items():
                client.publish(name, data, retain=True)
        through = dataclasses.replace(broker, port=line.port)

        async def main() -> None:
            settings = options(through, tmp_path, bucket, sites=sites)
            async with ingesting(settings, influx_store(influxdb, bucket)) as running:
                await running.settles(3)
                # What comes after says that the broker has read the acknowledgements of what came before.
                await asyncio.to_thread(publish, broker, readings(1, first=2))
                await running.settles(4)
                for cut in range(1, 4):
                    await asyncio.to_thread(line.reset)
                    lost = cut * max(1, len(sites))
                    await until(lambda lost=lost: running.status.reconnects >= lost, what="lost")  # type: ignore[misc]
                    await until(lambda: running.status.connected, what="connected again")
                await asyncio.to_thread(publish, broker, readings(10, first=3))
                await running.settles(14)
                assert (running.status.received, running.status.dead_lettered, running.status.states) == (14, 2, 1)
                assert running.status.gateways == {("south", 0): True}

            # Births are remembered in the process alone, so a new one asks for them.
            async with ingesting(settings, influx_store(influxdb, bucket)) as again:
                await until(lambda: bool(again.status.gateways), what="the birth")
                await again.settles(1)
                assert again.status.gateways == {("south", 0): True}
                assert again.status.reasons == {"malformed-payload": 1}  # what is retained as a state

        asyncio.run(main())


ONLINE = b'{"state":"online"}'


def test_a_long_queue_is_no_lost_connection(influxdb: InfluxDB2, tmp_path: Path) -> None:
    """Mosquitto answers a subscription behind all that waits; a site with a full queue is connected all the same."""
    bucket = influxdb.new_bucket()
    with run_mosquitto(tmp_path) as broker:
        for site in SITES:
            open_session(broker, f"{bucket}-{site}", of_site(TELEMETRY_FILTER, site))
        publish(broker, of("south", 20_000))

        async def main() -> None:
            settings = options(broker, tmp_path, bucket, sites=SITES)
            async with ingesting(settings, influx_store(influxdb, bucket)) as running:
                assert running.status.received < 20_000
                await running.settles(20_000)
                assert running.status.connected

        asyncio.run(main())


def test_filters_of_a_site() -> None:
    assert of_site(TELEMETRY_FILTER, "north") == "park/+/north/+/+/telemetry"
    assert of_site(GATEWAY_STATE_FILTER, "north") == "park/gateways/north/+/state"


def test_a_session_without_its_password_is_named(tmp_path: Path) -> None:
    (tmp_path / "park-ingest-north").write_text("secret")
    words = ("--broker", f"mqtt://127.0.0.1:{free_port()}", "--store", f"duckdb:///{tmp_path}/x.duckdb")
    environ = {"PARK_MQTT_PASSWORD_DIR": str(tmp_path)}
    sites = [word for site in SITES for word in ("--site", site)]
    with ingesting_command(tmp_path, *words, *sites, environ=environ) as command:
        assert command.process.wait(20) == 2
        assert f"the password of park-ingest-south cannot be read, {tmp_path}" in command.log.read_text()


def test_sites_whose_dead_letters_wait_for_the_disk_hold_up_no_other_site(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Nor does a flood of them: however many sites wait, the store is written to."""
    junk = [f"junk-{number}" for number in range(34)]  # more than the loop has threads for whatever comes
    settings = options(mosquitto, tmp_path, "slow-disk", sites=("north", *junk), drain_s=20.0)
    store = DuckdbStore(DuckdbUrl(path=tmp_path / "park.duckdb"))

    bad = [Sent(topic=topic(site=site), payload=b"{") for site in junk]

    async def main() -> None:
        publishing = OwnThread("publish")
        async with ingesting(settings, store) as running:
            with settings.dead_letters.open("a+b") as held:
                fcntl.flock(held, fcntl.LOCK_EX)  # as a disk that does not answer
                await publishing.run(publish, mosquitto, bad)
                await until(lambda: running.status.received == len(junk), what="junk received")
                await asyncio.sleep(3 * settings.batch.linger_s)  # so that it is being written
                await publishing.run(publish, mosquitto, of("north", 50))
                await until(lambda: running.status.stored == 50, what="the other site's readings", deadline_s=10.0)
                assert running.status.dead_lettered == 0
            await until(lambda: running.status.dead_lettered == len(junk), what="dead letters")

    asyncio.run(main())
