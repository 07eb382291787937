"""The secrets that a deployment starts with, held against the real Mosquitto and InfluxDB."""

import importlib.util
import json
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.servers import http
from tests.servers.find import require
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.mosquitto import Mosquitto, run_mosquitto

SCRIPT = Path(__file__).parents[2] / "deploy" / "make_secrets.py"
SITES = ["yangshan", "xinwu"]
LINE = b"soil_probe,device=a x=1 1767225600000\n"


def _load() -> Any:
    spec = importlib.util.spec_from_file_location("make_secrets", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_secrets = _load()


def files_of(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in sorted(files)}


def make_files(folder: Path, sites: list[str]) -> dict[str, str]:
    make_secrets.make_files(make_secrets.Safe(folder=folder), sites)
    return files_of(folder)


@pytest.fixture
def secrets(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "secrets"
    folder.mkdir()
    return make_files(folder, SITES)


@contextmanager
def guarded_broker(folder: Path) -> Iterator[Mosquitto]:
    made = folder / "secrets" / "mosquitto"
    lines = ["allow_anonymous false", f"password_file {made / 'passwords'}", f"acl_file {made / 'acl'}"]
    with run_mosquitto(folder, config=lines) as broker:
        yield broker


def client(broker: Mosquitto, name: str, user: str, password: str, *options: str) -> str:
    argv = [str(require(name)), "-h", broker.host, "-p", str(broker.port), "-V", "5", "-q", "1"]
    login = ["-u", user, "-P", password]
    ended = subprocess.run([*argv, *login, *options], capture_output=True, text=True, timeout=30, check=False)
    return ended.stdout + ended.stderr


def test_each_secret_is_its_readers_alone(secrets: dict[str, str], tmp_path: Path) -> None:
    assert set(secrets) == {
        *("mosquitto/passwords", "mosquitto/acl", "influxdb/password", "influxdb/admin-token"),
        *("grafana/admin-password", "ingest/mqtt-password", "simulator/yangshan", "simulator/xinwu"),
    }
    for path in (tmp_path / "secrets").rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o400), path


def test_secrets_are_random_and_never_stored_plain_for_the_broker(secrets: dict[str, str], tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    plain = {name: text for name, text in secrets.items() if not name.startswith("mosquitto/")}
    assert len(set(plain.values())) == len(plain)
    assert not set(plain.values()) & set(make_files(other, SITES).values())
    assert all(len(text) >= 43 for text in plain.values())
    assert not any(text in secrets["mosquitto/passwords"] for text in plain.values())


def test_a_second_start_keeps_the_secrets_and_adds_a_new_site(secrets: dict[str, str], tmp_path: Path) -> None:
    again = make_files(tmp_path / "secrets", [*SITES, "binhu"])
    kept = {name for name in secrets if not name.startswith("mosquitto/")}
    assert {name: again[name] for name in kept} == {name: secrets[name] for name in kept}
    assert "simulator/binhu" in again
    assert "user binhu\n" in again["mosquitto/acl"]


def test_a_site_cannot_take_the_ingesters_name(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="'ingest'"):
        make_files(tmp_path, ["ingest"])


@pytest.mark.parametrize(
    ("topic", "allowed"),
    [
        ("park/agriculture/yangshan/soil_probe/soil-1/telemetry", True),
        ("park/energy/yangshan/meter/meter-1/state", True),
        ("park/gateways/yangshan/0/state", True),
        ("park/agriculture/xinwu/soil_probe/soil-1/telemetry", False),
        ("park/gateways/xinwu/0/state", False),
        ("$SYS/broker/uptime", False),
        ("elsewhere", False),
    ],
)
def test_a_gateway_writes_its_own_site_only(secrets: dict[str, str], tmp_path: Path, topic: str, allowed: bool) -> None:
    with guarded_broker(tmp_path) as broker:
        said = client(broker, "mosquitto_pub", "yangshan", secrets["simulator/yangshan"], "-t", topic, "-m", "x")
        assert said == "" if allowed else "Not authorized" in said


def test_a_gateway_reads_the_commands_of_its_site_only(secrets: dict[str, str], tmp_path: Path) -> None:
    acl = tmp_path / "secrets" / "mosquitto" / "acl"
    operator = "user ingest\ntopic write park/#\n"  # nobody commands yet: let the test do it
    acl.chmod(0o600)
    acl.write_text(f"{secrets['mosquitto/acl']}{operator}", encoding="utf-8")
    own, other = (f"park/agriculture/{site}/soil_probe/soil-1/command" for site in SITES)
    with guarded_broker(tmp_path) as broker:
        for topic in (other, own):
            client(
                *(broker, "mosquitto_pub", "ingest", secrets["ingest/mqtt-password"]),
                *("-r", "-t", topic, "-m", "on"),
            )
        heard = client(
            *(broker, "mosquitto_sub", "yangshan", secrets["simulator/yangshan"]),
            *("-v", "-t", "park/#", "-W", "1"),
        )
    assert f"{own} on" in heard
    assert other not in heard


def test_the_ingester_hears_everything_and_says_nothing(secrets: dict[str, str], tmp_path: Path) -> None:
    password = secrets["ingest/mqtt-password"]
    topic = "park/agriculture/xinwu/soil_probe/soil-1/telemetry"
    with guarded_broker(tmp_path) as broker:
        assert "Not authorized" in client(broker, "mosquitto_pub", "ingest", password, "-t", topic, "-m", "x")
        session = ("-i", "ingest", "-c", "-x", "60", "-t", "$share/ingest/park/+/+/+/+/telemetry")
        client(broker, "mosquitto_sub", "ingest", password, *session, "-E")
        client(broker, "mosquitto_pub", "xinwu", secrets["simulator/xinwu"], "-t", topic, "-m", "42")
        assert "42" in client(broker, "mosquitto_sub", "ingest", password, *session, "-C", "1", "-W", "10")


def test_nobody_enters_without_the_right_password(secrets: dict[str, str], tmp_path: Path) -> None:
    message = ("-t", "park/energy/xinwu/meter/m/telemetry", "-m", "x")
    with guarded_broker(tmp_path) as broker:
        for user, password in (
            ("xinwu", ""),
            ("xinwu", secrets["simulator/yangshan"]),
            ("nobody", "nothing"),
        ):
            assert "Not authorized" in client(broker, "mosquitto_pub", user, password, *message)
        argv = [str(require("mosquitto_pub")), "-p", str(broker.port), "-V", "5", *message]
        assert subprocess.run(argv, capture_output=True, timeout=30, check=False).returncode != 0


def test_store_tokens_can_do_no_more_than_their_owners_need(influxdb: InfluxDB2, tmp_path: Path) -> None:
    bucket = influxdb.new_bucket()
    safe = make_secrets.Safe(folder=tmp_path)
    safe.write("influxdb", "admin-token", influxdb.token)
    influx = make_secrets.Influx(url=influxdb.url, org=influxdb.org, bucket=bucket)
    influx.make_tokens(safe)
    made = files_of(tmp_path)
    ingest, grafana = made["ingest/store-token"], made["grafana/store-token"]

    def write(token: str, into: str) -> None:
        parameters = {"org": influxdb.org, "bucket": into, "precision": "ms"}
        http.call(f"{influxdb.url}/api/v2/write", method="POST", query=parameters, body=LINE, token=token)

    write(ingest, bucket)
    for token in (ingest, grafana):
        rows = http.influxql(influxdb.url, "SELECT x FROM soil_probe", database=bucket, token=token)
        assert [row["x"] for row in rows] == [1]
        assert json.loads(http.call(f"{influxdb.url}/api/v2/authorizations", token=token))["authorizations"] == []
    with pytest.raises(http.HttpError, match="403"):
        write(grafana, bucket)
    with pytest.raises(http.HttpError, match=r"40[134]"):
        write(ingest, influxdb.bucket)

    influx.make_tokens(safe)
    assert files_of(tmp_path) == made
    safe.write("grafana", "store-token", "of another database")
    influx.make_tokens(safe)
    renewed = files_of(tmp_path)["grafana/store-token"]
    assert http.influxql(influxdb.url, "SELECT x FROM soil_probe", database=bucket, token=renewed)
