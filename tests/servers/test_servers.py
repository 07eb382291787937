"""Each handle drives the real server: it answers, obeys its methods, and leaves nothing behind."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.servers.find import chromium, find, require, telegraf
from tests.servers.influxdb1 import run_influxdb1
from tests.servers.influxdb2 import InfluxDB2, run_influxdb2
from tests.servers.mosquitto import Mosquitto, run_mosquitto
from tests.servers.process import ServerError, accepts, free_port, wait_until
from tests.servers.victoria import run_victoria

LINE = b"soil_probe,device=soil-1,sector=agriculture,site=north soil_moisture=0.312,seq=42i 1767225600000\n"


def publish(broker: Mosquitto, topic: str, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    return _client("mosquitto_pub", broker, "-q", "1", "-t", topic, "-m", text, *options)


def subscribe(broker: Mosquitto, topic: str, *options: str) -> subprocess.CompletedProcess[str]:
    return _client("mosquitto_sub", broker, "-q", "1", "-t", topic, "-C", "1", "-W", "10", *options)


def _client(name: str, broker: Mosquitto, *options: str) -> subprocess.CompletedProcess[str]:
    argv = [str(require(name)), "-h", broker.host, "-p", str(broker.port), "-V", "5", *options]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)


def test_shared_mosquitto_carries_a_message(mosquitto: Mosquitto) -> None:
    assert publish(mosquitto, "servers/a", "hello", "-r").returncode == 0
    assert subscribe(mosquitto, "servers/a").stdout == "hello\n"


def test_mosquitto_keeps_the_queue_of_an_absent_session_over_a_restart(tmp_path: Path) -> None:
    session = ("-i", "keeper", "-c", "-x", "3600")
    with run_mosquitto(tmp_path, persistence=True) as broker:
        _client("mosquitto_sub", broker, "-q", "1", "-t", "queue", "-E", *session)
        publish(broker, "queue", "kept")
        pid = broker.pid
        broker.restart()
        assert broker.pid != pid
        assert subscribe(broker, "queue", *session).stdout == "kept\n"


def test_mosquitto_holds_users_to_their_password_and_acl(tmp_path: Path) -> None:
    acl = "user anna\ntopic readwrite a/#\n"
    with run_mosquitto(tmp_path, users={"anna": "secret one"}, acl=acl) as broker:
        login = ("-u", "anna", "-P", "secret one")
        assert publish(broker, "a/x", "mine", "-r", *login).returncode == 0
        assert subscribe(broker, "a/x", *login).stdout == "mine\n"
        assert publish(broker, "a/x", "nobody").returncode != 0
        assert publish(broker, "a/x", "wrong", "-u", "anna", "-P", "wrong").returncode != 0
        assert "Not authorized" in publish(broker, "b/x", "other", *login).stderr
        assert broker.url_for("anna") == f"mqtt://anna@127.0.0.1:{broker.port}"


def test_mosquitto_serves_tls_with_a_certificate_for_loopback(tmp_path: Path) -> None:
    with run_mosquitto(tmp_path, tls=True) as broker:
        assert broker.url.startswith("mqtts://")
        assert publish(broker, "t", "sealed", "-r", "--cafile", str(broker.ca_file)).returncode == 0
        assert subscribe(broker, "t", "--cafile", str(broker.ca_file)).stdout == "sealed\n"
        assert publish(broker, "t", "plain").returncode != 0


def test_killed_and_paused_mosquitto_answers_nobody(tmp_path: Path) -> None:
    with run_mosquitto(tmp_path) as broker:
        broker.pause()
        hung = [str(require("mosquitto_pub")), "-p", str(broker.port), "-t", "t", "-m", "x"]
        with pytest.raises(subprocess.TimeoutExpired):
            subprocess.run(hung, timeout=0.5, capture_output=True, check=False)
        broker.resume()
        assert publish(broker, "t", "x").returncode == 0
        broker.kill()
        assert not accepts(broker.port)
        broker.start()
        assert publish(broker, "t", "x").returncode == 0


def test_influxdb2_gives_each_test_its_bucket(influxdb: InfluxDB2) -> None:
    one, other = influxdb.new_bucket(), influxdb.new_bucket()
    influxdb.write(LINE, bucket=one)
    (row,) = influxdb.influxql("SELECT * FROM soil_probe", bucket=one)
    assert row["time"] == 1767225600000
    assert row["soil_moisture"] == 0.312
    assert row["site"] == "north"
    assert influxdb.influxql("SELECT * FROM soil_probe", bucket=other) == []
    assert influxdb.token not in repr(influxdb)


def test_influxdb2_keeps_an_accepted_write_over_a_kill(tmp_path: Path) -> None:
    with run_influxdb2(tmp_path) as server:
        server.write(LINE)
        server.kill()
        server.start()
        assert len(server.influxql("SELECT * FROM soil_probe")) == 1


def test_influxdb1_takes_v2_writes_and_influxql(tmp_path: Path) -> None:
    with run_influxdb1(tmp_path) as server:
        bucket = server.new_bucket()
        server.write(LINE, bucket=bucket)
        (row,) = server.influxql("SELECT soil_moisture FROM soil_probe", bucket=bucket)
        assert row["soil_moisture"] == 0.312


def test_victoria_takes_line_protocol(tmp_path: Path) -> None:
    with run_victoria(tmp_path) as server:
        server.write(LINE)
        (series,) = server.export('{__name__="soil_probe_soil_moisture"}')
        assert series["values"] == [0.312]
        assert series["timestamps"] == [1767225600000]


def test_telegraf_and_chromium_run() -> None:
    for program in (telegraf(), chromium()):
        answer = subprocess.run([program, "--version"], capture_output=True, timeout=60, check=False)
        assert answer.returncode == 0, answer.stderr


def test_a_failed_start_shows_the_log(tmp_path: Path) -> None:
    require("mosquitto")
    with (
        pytest.raises(ServerError, match="no_such_option"),
        run_mosquitto(tmp_path, config=["no_such_option true"]),
    ):
        pytest.fail("Mosquitto took an option that does not exist")


def test_servers_die_with_the_run_that_started_them(tmp_path: Path) -> None:
    require("mosquitto")
    script = """
        import os, pathlib, signal, sys
        from tests.servers.mosquitto import run_mosquitto
        with run_mosquitto(pathlib.Path(sys.argv[1])) as broker:
            print(broker.port, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    """
    root = Path(__file__).parents[2]
    argv = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)]
    ended = subprocess.run(argv, capture_output=True, text=True, cwd=root, timeout=60, check=False)
    port = int(ended.stdout)
    wait_until(lambda: not accepts(port), deadline=10, what="the orphaned broker's end")


def test_an_absent_server_skips_or_fails_as_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARK_REQUIRE_SERVERS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-server is not on PATH"):
        require("no-such-server")
    monkeypatch.setenv("PARK_REQUIRE_SERVERS", "1")
    with pytest.raises(pytest.fail.Exception, match="no-such-server is not on PATH"):
        require("no-such-server")


def test_servers_are_found_in_the_named_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "a-park-server"
    program.touch(mode=0o755)
    monkeypatch.setenv("PARK_SERVERS", str(tmp_path))
    assert find("a-park-server") == program
    assert os.access(program, os.X_OK)


def test_free_ports_stay_out_of_the_ephemeral_range() -> None:
    assert all(20_000 <= free_port() < 32_000 for _ in range(20))
