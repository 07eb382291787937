"""The secrets that a deployment starts with; the tokens against the real InfluxDB."""

import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from park.errors import ParkError
from tests.deploy.program import files_of, make_files, make_secrets
from tests.servers import http
from tests.servers.influxdb2 import InfluxDB2, run_influxdb2

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
        "command/park-command",
        "control/control",
        "detector/detector",
    }
    make_secrets.Safe(folder=tmp_path / "secrets").write("verify", "store-token", "for a group")
    for path in (tmp_path / "secrets").rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        group = 0o050 if "verify" in path.parts else 0
        assert mode == (0o700 | group if path.is_dir() else 0o400 | (group & 0o040)), path


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


@dataclass(frozen=True, kw_only=True)
class Database:
    """A bucket of its own in the real InfluxDB, and the secrets that were made for it."""

    server: InfluxDB2
    bucket: str
    folder: Path
    influx: Any

    @property
    def safe(self) -> Any:
        return make_secrets.Safe(folder=self.folder)

    def token(self, owner: str) -> str:
        return files_of(self.folder)[f"{owner}/store-token"]

    def write(self, token: str, *, into: str | None = None) -> None:
        parameters = {"org": self.server.org, "bucket": into or self.bucket, "precision": "ms"}
        http.call(f"{self.server.url}/api/v2/write", method="POST", query=parameters, body=LINE, token=token)

    def read(self, token: str) -> list[object]:
        rows = http.influxql(self.server.url, "SELECT x FROM soil_probe", database=self.bucket, token=token)
        return [row["x"] for row in rows]

    def bucket_id(self) -> str:
        answer = http.call(f"{self.server.url}/api/v2/buckets", query={"name": self.bucket}, token=self.server.token)
        return str(json.loads(answer)["buckets"][0]["id"])


@pytest.fixture
def database(influxdb: InfluxDB2, tmp_path: Path) -> Database:
    bucket = influxdb.new_bucket()
    folder = tmp_path / "tokens"
    folder.mkdir()
    influx = make_secrets.Influx(url=influxdb.url, org=influxdb.org, bucket=bucket)
    made = Database(server=influxdb, bucket=bucket, folder=folder, influx=influx)
    made.safe.write("influxdb", "admin-token", influxdb.token)
    influx.make_tokens(made.safe)
    return made


def test_the_ingesters_token_writes_and_every_other_one_reads(database: Database) -> None:
    database.write(database.token("ingest"))
    for owner in ("grafana", "verify"):
        assert database.read(database.token(owner)) == [1]
        with pytest.raises(http.HttpError, match="403"):
            database.write(database.token(owner))
    with pytest.raises(http.HttpError, match="database not found"):
        database.read(database.token("ingest"))
    with pytest.raises(http.HttpError, match=r"40[134]"):
        database.write(database.token("ingest"), into=database.server.bucket)


@pytest.mark.parametrize("owner", ["ingest", "grafana", "verify"])
def test_no_token_of_a_reader_sees_or_makes_tokens_or_buckets_of_others(database: Database, owner: str) -> None:
    url, token = database.server.url, database.token(owner)
    assert json.loads(http.call(f"{url}/api/v2/authorizations", token=token))["authorizations"] == []
    seen = json.loads(http.call(f"{url}/api/v2/buckets", token=token))["buckets"]
    assert {bucket["name"] for bucket in seen} <= {database.bucket}
    for path, body in (
        ("buckets", {"name": "mine"}),
        ("authorizations", {"permissions": []}),
        ("users", {"name": "me"}),
    ):
        with pytest.raises(http.HttpError, match=r"40[0134]"):
            http.call(f"{url}/api/v2/{path}", method="POST", body=json.dumps(body).encode(), token=token)


def test_what_the_right_to_write_a_bucket_still_holds(database: Database) -> None:
    """InfluxDB 2 has no smaller right: SECURITY.md says so. When this fails, it has one, and it should be used."""
    url, token = f"{database.server.url}/api/v2/buckets/{database.bucket_id()}", database.token("ingest")
    retention = json.dumps({"retentionRules": [{"everySeconds": 3600, "shardGroupDurationSeconds": 3600}]}).encode()
    http.call(url, method="PATCH", body=retention, token=token)
    http.call(url, method="DELETE", token=token)
    with pytest.raises(http.HttpError, match="404"):
        http.call(url, token=database.server.token)


@pytest.mark.parametrize("owner", ["grafana", "verify"])
def test_a_reader_cannot_change_or_delete_the_bucket(database: Database, owner: str) -> None:
    url, token = f"{database.server.url}/api/v2/buckets/{database.bucket_id()}", database.token(owner)
    for method, body in (("PATCH", b'{"retentionRules":[{"type":"expire","everySeconds":3600}]}'), ("DELETE", None)):
        with pytest.raises(http.HttpError, match=r"40[134]"):
            http.call(url, method=method, body=body, token=token)


def test_a_second_start_keeps_the_tokens_that_the_database_knows(database: Database) -> None:
    made = files_of(database.folder)
    database.influx.make_tokens(database.safe)
    assert files_of(database.folder) == made
    database.write(database.token("ingest"))
    database.safe.write("grafana", "store-token", "of another database")
    database.influx.make_tokens(database.safe)
    assert database.read(database.token("grafana")) == [1]


def test_tokens_are_renewed_first_and_revoked_when_nobody_uses_the_old_ones(database: Database) -> None:
    old = {owner: database.token(owner) for owner in make_secrets.TOKENS}
    database.influx.make_tokens(database.safe, renew=True)
    new = {owner: database.token(owner) for owner in make_secrets.TOKENS}
    assert not set(old.values()) & set(new.values())
    for tokens in (old, new):
        database.write(tokens["ingest"])
        assert database.read(tokens["verify"]) == database.read(tokens["grafana"]) == [1]
    assert database.influx.revoke(database.safe) >= len(old)
    for owner, token in old.items():
        with pytest.raises(http.HttpError, match="401"):
            database.write(token) if owner == "ingest" else database.read(token)
    database.write(new["ingest"])
    assert database.read(new["verify"]) == database.read(new["grafana"]) == [1]
    assert database.influx.revoke(database.safe) == 0


def test_tokens_of_an_older_version_are_not_revoked_before_there_are_new_ones(database: Database) -> None:
    database.safe.remove("influxdb", "ingest-token-id")
    with pytest.raises(ParkError, match="--renew"):
        database.influx.revoke(database.safe)
    database.write(database.token("ingest"))


def test_a_new_admin_token_takes_the_old_ones_place(tmp_path: Path) -> None:
    with run_influxdb2(tmp_path) as server:
        safe = make_secrets.Safe(folder=tmp_path / "secrets")
        safe.folder.mkdir()
        safe.write("influxdb", "admin-token", server.token)
        influx = make_secrets.Influx(url=server.url, org=server.org, bucket=server.bucket)
        influx.make_tokens(safe)
        influx.renew_admin(safe)
        with pytest.raises(http.HttpError, match="401"):
            http.call(f"{server.url}/api/v2/buckets", token=server.token)
        influx.make_tokens(safe, renew=True)
        influx.revoke(safe)
        influx.renew_admin(safe)
        new = files_of(safe.folder)["influxdb/admin-token"]
        listed = json.loads(http.call(f"{server.url}/api/v2/authorizations", token=new))["authorizations"]
        assert len(listed) == 1 + len(make_secrets.TOKENS)
