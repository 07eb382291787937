"""`park ingest` as a user meets it: TLS on both sides, an absent broker, refusals, and secrets that stay secret."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from park.topics import TELEMETRY_FILTER
from tests.ingest.command import PARK, ingesting_command
from tests.ingest.helpers import open_session, readings, session_is_known, topic
from tests.ingest.seen import await_count, count, seqs
from tests.ingest.test_metrics import get
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.find import require
from tests.servers.influxdb2 import InfluxDB2, run_influxdb2
from tests.servers.mosquitto import Mosquitto, run_mosquitto
from tests.servers.process import Process, accepts, free_port, wait_until

CONNECTED = "connected to the broker"


def to_store(server: InfluxDB2, bucket: str) -> tuple[str, ...]:
    return ("--store", server.store_url(bucket), "--client-id", bucket)


def token(server: InfluxDB2) -> dict[str, str]:
    return {"INFLUXDB_V2_TOKEN": server.token}


def publish_by_client(broker: Mosquitto, count: int, *options: str) -> None:
    """By Mosquitto's own client, which knows TLS."""
    lines = b"".join(one.payload + b"\n" for one in readings(count))
    argv = [str(require("mosquitto_pub")), "-h", broker.host, "-p", str(broker.port), "-V", "5", "-q", "1", "-l"]
    subprocess.run([*argv, "-t", topic(), *options], input=lines, check=True, timeout=30)


def client_certificate(folder: Path, authority: Certificates) -> Certificates:
    """A certificate for a client, signed by the authority whose key lies beside its certificate."""
    made = Certificates(ca=authority.ca, certificate=folder / "client.pem", key=folder / "client.key")
    argv = [str(require("openssl")), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]
    signed_by = ["-CA", str(authority.ca), "-CAkey", str(authority.ca.with_name("ca.key"))]
    files = ["-keyout", str(made.key), "-out", str(made.certificate)]
    ends = ["-addext", "basicConstraints=critical,CA:FALSE"]
    subprocess.run([*argv, "-days", "1", "-subj", "/CN=ingester", *signed_by, *ends, *files], check=True, timeout=30)
    return made


def test_a_broker_with_tls_is_trusted_by_the_ca_file_and_by_nothing_else(influxdb: InfluxDB2, tmp_path: Path) -> None:
    bucket = influxdb.new_bucket()
    store = to_store(influxdb, bucket)
    with run_mosquitto(tmp_path, tls=True) as broker:
        ca = str(broker.ca_file)
        with ingesting_command(
            tmp_path, "--broker", broker.url, "--ca-file", ca, *store, environ=token(influxdb)
        ) as command:
            command.logs(CONNECTED)
            publish_by_client(broker, 50, "--cafile", ca)
            await_count(influxdb, bucket, 50)
            assert command.finish()["stored"] == 50
        with ingesting_command(tmp_path, "--broker", broker.url, *store, environ=token(influxdb)) as command:
            assert command.process.wait(30) == 1
            text = command.log.read_text()
        assert f"error: {broker.url} shows a certificate that is not trusted" in text
        assert "trying again" not in text


def test_mutual_tls(influxdb: InfluxDB2, tmp_path: Path) -> None:
    bucket = influxdb.new_bucket()
    config = ["require_certificate true", f"cafile {tmp_path / 'ca.pem'}"]
    with run_mosquitto(tmp_path, tls=True, config=config) as broker:
        ca = str(broker.ca_file)
        client = client_certificate(tmp_path, Certificates(ca=tmp_path / "ca.pem", certificate=tmp_path, key=tmp_path))
        shown = ("--cert-file", str(client.certificate), "--key-file", str(client.key))
        common = ("--broker", broker.url, "--ca-file", ca, *to_store(influxdb, bucket))
        with ingesting_command(tmp_path, *common, *shown, environ=token(influxdb)) as command:
            command.logs(CONNECTED)
            publish_by_client(broker, 50, "--cafile", ca, "--cert", shown[1], "--key", shown[3])
            await_count(influxdb, bucket, 50)
            assert command.finish()["stored"] == 50
        with ingesting_command(tmp_path, *common, environ=token(influxdb)) as command:
            assert command.process.wait(30) == 1
            text = command.log.read_text()
        assert f"error: {broker.url} refuses TLS with this client: " in text
        assert "it may want a certificate of it" in text
        assert CONNECTED not in text


@contextmanager
def over_tls(server: InfluxDB2, certificates: Certificates) -> Iterator[str]:
    """The same InfluxDB, with its data, by https while the block runs; its address."""
    server.stop()
    port = free_port()
    argv = [*server.process.argv, "--tls-cert", str(certificates.certificate), "--tls-key", str(certificates.key)]
    argv[argv.index("--http-bind-address") + 1] = f"127.0.0.1:{port}"
    process = Process(argv=argv, log=server.folder / "tls.log", ready=lambda: accepts(port))
    process.start()
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        process.stop()
        server.start()


def test_a_store_with_tls_is_trusted_by_ssl_cert_file(mosquitto: Mosquitto, tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    with run_influxdb2(tmp_path) as server:
        bucket = server.new_bucket()
        with over_tls(server, certificates) as url:
            store = ("--store", f"influxdb+{url}/{bucket}?org={server.org}", "--client-id", bucket)
            broker = ("--broker", mosquitto.url)
            trusting = {**token(server), "SSL_CERT_FILE": str(certificates.ca)}
            with ingesting_command(tmp_path, *broker, *store, environ=token(server)) as command:
                assert "CERTIFICATE_VERIFY_FAILED" in command.logs("the store refuses all writes")["error"]
                command.logs(CONNECTED)
                publish_by_client(mosquitto, 20)
            health = free_port()
            metrics = ("--metrics-port", str(health))
            with ingesting_command(tmp_path, *broker, *store, *metrics, environ=trusting) as command:
                command.logs(CONNECTED)
                stored = "park_ingest_stored_total 20.0"
                wait_until(lambda: stored in get(health, "/metrics")[1], deadline=20, what="written")
                assert command.finish()["stored"] == 20
        assert seqs(server, bucket) == list(range(20))


def test_an_absent_broker_is_told_at_once_and_then_found(influxdb: InfluxDB2, tmp_path: Path) -> None:
    bucket = influxdb.new_bucket()
    with run_mosquitto(tmp_path) as broker:
        broker.stop()
        health = free_port()
        common = ("--broker", broker.url, "--metrics-port", str(health), *to_store(influxdb, bucket))
        with ingesting_command(tmp_path, *common, environ=token(influxdb)) as command:
            line = command.logs("the broker is away; trying again")
            assert str(broker.port) in line["error"]
            assert get(health, "/livez")[0] == 200
            status, text = get(health, "/readyz")
            assert (status, "the broker is not connected" in text) == (503, True)
            broker.start()
            command.logs(CONNECTED)
            assert len([one for one in command.logged() if "away" in one["event"]]) == 1
            publish_by_client(broker, 20)
            await_count(influxdb, bucket, 20)
            assert get(health, "/readyz") == (200, "ready\n")
            assert command.finish()["stored"] == 20


def test_a_wrong_password_ends_with_the_users_name_and_not_the_password(influxdb: InfluxDB2, tmp_path: Path) -> None:
    with run_mosquitto(tmp_path, users={"anna": "right-one"}) as broker:
        secrets = {"PARK_MQTT_PASSWORD": "hush-hush-password", **token(influxdb)}
        login = ("--broker", broker.url_for("anna"), *to_store(influxdb, influxdb.bucket))
        with ingesting_command(tmp_path, *login, environ=secrets) as command:
            assert command.process.wait(30) == 1
            text = command.log.read_text()
        assert "error: " in text
        assert "'anna'" in text
        assert "bad user name or password" in text or "not authorized" in text
        assert "hush-hush-password" not in text
        assert influxdb.token not in text


def test_no_secret_is_logged_nor_shown_by_the_process(influxdb: InfluxDB2, tmp_path: Path) -> None:
    """Debug logs over a refused token, a working login and an outage; and what anybody can read by `ps`."""
    with run_mosquitto(tmp_path, users={"anna": "hush-hush-password"}) as broker:
        secrets = {"PARK_MQTT_PASSWORD": "hush-hush-password", "INFLUXDB_V2_TOKEN": "hush-hush-token"}
        login = ("--broker", broker.url_for("anna"), *to_store(influxdb, influxdb.bucket))
        with ingesting_command(tmp_path, *login, environ=secrets) as command:
            command.logs(CONNECTED)
            command.logs("the store refuses all writes")
            broker.kill()
            command.logs("the broker is away")
            shown = Path(f"/proc/{command.process.pid}/cmdline").read_text()
            command.finish()
            assert "hush" not in command.log.read_text()
            assert "hush" not in shown


def test_a_parent_of_workers_is_ready_when_they_all_are(
    mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path
) -> None:
    bucket = influxdb.new_bucket()
    health = free_port()
    many = ("--processes", "2", "--metrics-port", str(health), "--broker", mosquitto.url)
    with ingesting_command(tmp_path, *many, *to_store(influxdb, bucket), environ=token(influxdb)) as command:
        wait_until(lambda: accepts(health), deadline=20, what="probes")
        wait_until(lambda: get(health, "/readyz") == (200, "ready\n"), deadline=20, what="ready")
        publish_by_client(mosquitto, 500)
        await_count(influxdb, bucket, 500)
        wait_until(lambda: "park_ingest_stored_total 500.0" in get(health, "/metrics")[1], deadline=10, what="counted")
        summary = command.finish()
        assert (summary["received"], summary["stored"], summary["gaps"]) == (500, 500, 0)
        connected = [line for line in command.logged() if CONNECTED in line["event"]]
        assert {f"{bucket}-0", f"{bucket}-1"} <= {line["client_id"] for line in connected}


@pytest.mark.deadline(240)
def test_a_member_of_a_group_leaves_for_good(influxdb: InfluxDB2, tmp_path: Path) -> None:
    """What waits in its session is stored, also when the broker is away at first; then it gets nothing more."""
    bucket = influxdb.new_bucket()
    with run_mosquitto(tmp_path, persistence=True, autosave_interval=1) as broker:
        for name in ("stays", "leaves"):
            open_session(broker, name, f"$share/both/{TELEMETRY_FILTER}")
        publish_by_client(broker, 100)
        broker.restart()
        common = ("--broker", broker.url, "--store", influxdb.store_url(bucket), "--group", "both", "--client-id")
        broker.stop()
        with ingesting_command(tmp_path, *common, "leaves", "--retire", environ=token(influxdb)) as command:
            command.logs("the broker is away")
            broker.start()
            assert command.process.wait(30) == 0
        assert count(influxdb, bucket) == 50
        assert not session_is_known(broker, "leaves")
        with ingesting_command(tmp_path, *common, "stays", environ=token(influxdb)) as command:
            await_count(influxdb, bucket, 100)
            assert command.finish()["stored"] == 50
    assert seqs(influxdb, bucket) == list(range(100))


@pytest.mark.parametrize("path", [".", "/dev/null", "/proc/dead.ndjson"])
def test_a_dead_letter_file_that_cannot_be_used_is_told_at_the_start(tmp_path: Path, path: str) -> None:
    argv = [*PARK, "ingest", "--broker", f"mqtt://127.0.0.1:{free_port()}", "--dead-letters", path]
    store = ["--store", f"duckdb://{tmp_path}/x.duckdb"]
    done = subprocess.run([*argv, *store], capture_output=True, cwd=tmp_path, timeout=60, check=False)
    assert done.returncode == 2
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith(f"error: dead letters: {path}")
    assert "--dead-letters" in line
