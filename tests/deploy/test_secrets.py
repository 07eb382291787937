"""The secrets that a deployment starts with; the tokens against the real InfluxDB."""

import json
import stat
from pathlib import Path

import pytest

from tests.deploy.program import files_of, make_files, make_secrets
from tests.servers import http
from tests.servers.influxdb2 import InfluxDB2

SITES = ["yangshan", "xinwu"]
LINE = b"soil_probe,device=a x=1 1767225600000\n"


@pytest.fixture
def secrets(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "secrets"
    folder.mkdir()
    return make_files(folder, SITES)


def test_each_secret_is_its_readers_alone(secrets: dict[str, str], tmp_path: Path) -> None:
    sessions = [*(f"park-ingest-{number}" for number in range(4)), *(f"park-ingest-{site}" for site in SITES)]
    assert set(secrets) == {
        *("mosquitto/accounts.json", "influxdb/password", "influxdb/admin-token", "grafana/admin-password"),
        *("simulator/gw-yangshan-0", "simulator/gw-xinwu-0"),
        *(f"ingest/{name}" for name in ("park-ingest", "park-replay", *sessions)),
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
    assert not any(text in secrets["mosquitto/accounts.json"] for text in plain.values())


def names(files: dict[str, str]) -> set[str]:
    """The accounts that the broker is told."""
    return {client["username"] for client in json.loads(files["mosquitto/accounts.json"])["clients"]}


def test_a_second_start_keeps_the_secrets_and_adds_a_new_site(secrets: dict[str, str], tmp_path: Path) -> None:
    again = make_files(tmp_path / "secrets", [*SITES, "binhu"], shards=2)
    kept = {name for name in secrets if not name.startswith("mosquitto/")}
    assert {name: again[name] for name in kept} == {name: secrets[name] for name in kept}
    new = {"gw-binhu-0", "gw-binhu-1", "gw-yangshan-1", "gw-xinwu-1", "park-ingest-binhu"}
    assert names(again) - names(secrets) == new
    assert {name.rpartition("/")[2] for name in set(again) - set(secrets)} == new


def test_the_password_of_an_account_that_is_gone_is_removed(secrets: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    make_secrets.Safe(folder=folder).write("ingest", "store-token", "of the database")
    again = make_files(folder, ["xinwu"], members=1)
    gone = {f"park-ingest-{name}" for name in (1, 2, 3, "yangshan")} | {"gw-yangshan-0"}
    assert names(secrets) - names(again) == gone
    assert not any(name.rpartition("/")[2] in gone for name in again)
    assert again["ingest/store-token"] == "of the database"


def test_what_versions_before_the_accounts_used_is_removed(tmp_path: Path) -> None:
    safe = make_secrets.Safe(folder=tmp_path)
    former = [("mosquitto", "passwords"), ("mosquitto", "acl"), ("ingest", "mqtt-password"), ("simulator", "xinwu")]
    for owner, name in former:
        safe.write(owner, name, "old")
    assert not {f"{owner}/{name}" for owner, name in former} & set(make_files(tmp_path, SITES))


def test_every_account_is_bound_to_the_client_id_of_its_name(secrets: dict[str, str]) -> None:
    clients = json.loads(secrets["mosquitto/accounts.json"])["clients"]
    assert clients
    assert all(client["clientid"] == client["username"] for client in clients)


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
