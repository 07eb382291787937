"""`park store setup` against the real InfluxDB: what is missing is made, and a second run changes nothing."""

import json
import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ingest.errors import BadStoreUrl, Misconfigured, MissingSecret, Retryable, Unauthorized
from ingest.stores import parse_store_url, setup_of
from ingest.stores.influxdb.setup import Administration, administer
from ingest.stores.influxdb.url import TOKEN_VARIABLE, InfluxUrl
from tests.ingest.command import PARK, ROOT
from tests.servers import http
from tests.servers.influxdb2 import InfluxDB2

LINE = b"soil_probe,device=a x=1 1767225600000\n"
READERS = {"ingest", "verify", "grafana", "rollup"}


def setup(url: str, token: str, *options: str) -> "subprocess.CompletedProcess[str]":
    argv = [*PARK, "store", "setup", "--store", url, "--json", *options]
    environ = {**os.environ, TOKEN_VARIABLE: token}
    return subprocess.run(argv, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


def changes(done: "subprocess.CompletedProcess[str]") -> list[str]:
    assert done.returncode == 0, done.stderr
    summary: dict[str, Any] = json.loads(done.stdout)
    assert summary["changes"] == len(summary["done"])
    found: list[str] = summary["done"]
    return found


def address(server: InfluxDB2, bucket: str, org: str | None = None) -> str:
    return f"influxdb+{server.url}/{bucket}?org={org or server.org}"


def write(server: InfluxDB2, bucket: str, token: str) -> None:
    query = {"org": server.org, "bucket": bucket, "precision": "ms"}
    http.call(f"{server.url}/api/v2/write", method="POST", query=query, body=LINE, token=token)


def read(server: InfluxDB2, bucket: str, token: str) -> list[object]:
    return [row["x"] for row in http.influxql(server.url, "SELECT x FROM soil_probe", database=bucket, token=token)]


def kept(server: InfluxDB2, bucket: str) -> int:
    found = json.loads(http.call(f"{server.url}/api/v2/buckets", query={"name": bucket}, token=server.token))
    return sum(rule["everySeconds"] for rule in found["buckets"][0]["retentionRules"])


@pytest.mark.deadline(300)
def test_what_is_missing_is_made_once_and_each_token_may_do_its_own(influxdb: InfluxDB2, tmp_path: Path) -> None:
    bucket = f"{influxdb.new_bucket()}_more"
    url = address(influxdb, bucket)
    done = changes(setup(url, influxdb.token, "--tokens", str(tmp_path)))
    assert len(done) == 1 + len(READERS)
    files = {path.name: path for path in tmp_path.iterdir()}
    assert files.keys() == READERS
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o400}
    tokens = {name: path.read_text() for name, path in files.items()}
    for name in ("ingest", "rollup"):
        write(influxdb, bucket, tokens[name])
    for name in ("verify", "grafana", "rollup"):
        assert read(influxdb, bucket, tokens[name]) == [1]
    for name in ("verify", "grafana"):
        with pytest.raises(http.HttpError, match="403"):
            write(influxdb, bucket, tokens[name])

    assert changes(setup(url, influxdb.token, "--tokens", str(tmp_path))) == []
    assert {name: path.read_text() for name, path in files.items()} == tokens


@pytest.mark.deadline(300)
def test_a_token_that_the_database_does_not_know_is_made_anew(influxdb: InfluxDB2, tmp_path: Path) -> None:
    bucket = influxdb.new_bucket()
    (tmp_path / "verify").write_text("of another database")
    done = changes(setup(address(influxdb, bucket), influxdb.token, "--tokens", str(tmp_path)))
    assert len(done) == len(READERS)
    write(influxdb, bucket, (tmp_path / "ingest").read_text())
    assert read(influxdb, bucket, (tmp_path / "verify").read_text()) == [1]


def test_a_retention_is_changed_only_where_it_is_named_and_another(influxdb: InfluxDB2) -> None:
    bucket = influxdb.new_bucket(retention_s=86_400)
    url = InfluxUrl(endpoint=influxdb.url, bucket=bucket, org=influxdb.org)
    with Administration(url, influxdb.token) as administration:
        for wanted, done, seconds in (
            (None, 0, 86_400),
            (86_400, 0, 86_400),
            (604_800, 1, 604_800),
            (604_800, 0, 604_800),
            (0, 1, 0),
            (None, 0, 0),
        ):
            assert len(administration.ensure_bucket(wanted)) == done, wanted
            assert kept(influxdb, bucket) == seconds, wanted


def test_what_is_wrong_is_named(influxdb: InfluxDB2) -> None:
    bucket = influxdb.new_bucket()
    for endpoint, org, token, error, words in (
        (influxdb.url, influxdb.org, "wrong", Unauthorized, (bucket, "401")),
        (influxdb.url, "nobody", influxdb.token, Misconfigured, ("nobody",)),
        ("http://127.0.0.1:9", influxdb.org, influxdb.token, Retryable, ("127.0.0.1:9",)),
    ):
        url = InfluxUrl(endpoint=endpoint, bucket=f"{bucket}_2" if org == "nobody" else bucket, org=org)
        with Administration(url, token) as administration, pytest.raises(error) as caught:
            administration.ensure_bucket()
        assert all(word in str(caught.value) for word in words), str(caught.value)
    with pytest.raises(MissingSecret, match=TOKEN_VARIABLE):
        administer(url, {})
    with pytest.raises(BadStoreUrl, match=r"park\.duckdb.* no setting up"):
        setup_of(parse_store_url("duckdb:///somewhere/park.duckdb"))


@pytest.mark.deadline(300)
def test_errors_of_use_and_of_work_have_their_exit_codes(influxdb: InfluxDB2, tmp_path: Path) -> None:
    url = address(influxdb, influxdb.new_bucket())
    for token, options, code, word in (
        ("wrong", (), 1, "401"),
        (influxdb.token, ("--tokens", str(tmp_path / "none")), 2, "--tokens"),
    ):
        done = setup(url, token, *options)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        assert word in done.stderr
