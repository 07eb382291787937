"""docs/operating.md: its steps, on the real servers. Rotation of secrets is in test_secrets.py."""

import asyncio
import importlib.util
import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.rollups.forgotten import forgotten_until
from ingest.rollups.touch import Touches
from ingest.stores import open_store, parse_store_url
from ingest.stores.base import Store
from park.rollup import HOUR_MS
from sectors import EVENTS, KINDS
from tests.deploy.program import ROOT
from tests.servers import http
from tests.servers.find import require
from tests.servers.influxdb2 import InfluxDB2, run_influxdb2

MANUAL = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
OLD, NEW = 1_767_225_600_000, 4_000_000_000_000  # the second is ahead of every clock of today


def program(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, ROOT / "deploy" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def backup(volumes: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it as compose does, with a relative path nowhere."""
    backups = volumes.parent / "backups"
    backups.mkdir(exist_ok=True)
    asked = ["sh", str(ROOT / "deploy" / "backup.sh"), str(volumes), str(backups), *arguments]
    return subprocess.run(asked, capture_output=True, text=True, check=False, timeout=120)


def test_a_backup_brings_back_data_and_tokens_and_is_refused_where_it_would_not_be_whole(tmp_path: Path) -> None:
    volumes = tmp_path / "volumes"
    for name in ("influxdb", "secrets"):
        (volumes / name).mkdir(parents=True)
    (volumes / "secrets" / "token").write_text("secret", encoding="utf-8")
    (volumes / "secrets" / "token").chmod(0o400)
    with run_influxdb2(volumes / "influxdb") as server:
        server.write(b"soil_probe,device=a seq=7i %d\n" % OLD)
        running = backup(volumes, "save", "one")
        assert (running.returncode, "InfluxDB runs" in running.stderr) == (1, True)
        server.stop()
        assert backup(volumes, "save", "one").returncode == 0
        assert backup(volumes, "save", "one").returncode == 1
        assert backup(volumes, "list").stdout == "one\n"
        assert "there are data already" in backup(volumes, "restore", "one").stderr
        for volume in volumes.iterdir():
            shutil.rmtree(volume)
            volume.mkdir()
        archive = tmp_path / "backups" / "one.tar.gz"
        (tmp_path / "backups" / "cut.tar.gz").write_bytes(archive.read_bytes()[:-1000])
        cut = backup(volumes, "restore", "cut")
        assert (cut.returncode, "cut is damaged" in cut.stderr) == (1, True)
        assert not list(volumes.glob("*/*"))
        restored = backup(volumes, "restore", "one")
        assert restored.returncode == 0, restored.stderr
        server.start()
        assert [row["seq"] for row in server.influxql("SELECT seq FROM soil_probe")] == [7]
    assert (volumes / "secrets" / "token").stat().st_mode & 0o777 == 0o400


@pytest.mark.parametrize("arguments", [["save"], ["save", "../x"], ["restore", "absent"], ["delete", "x"]])
def test_a_backup_that_cannot_be_says_why(tmp_path: Path, arguments: list[str]) -> None:
    volumes = tmp_path / "volumes"
    volumes.mkdir()
    done = backup(volumes, *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("backup: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_bucket_as_text_is_written_into_another(tmp_path: Path) -> None:
    assert "influxd inspect export-lp --bucket-id ID --engine-path ENGINE --output-path park.lp" in MANUAL
    with run_influxdb2(tmp_path) as server:
        server.write(b"soil_probe,device=a x=0.25,seq=7i %d\nsoil_probe,device=b seq=8i %d\n" % (OLD, OLD))
        listed = http.call(f"{server.url}/api/v2/buckets", query={"name": server.bucket}, token=server.token)
        number = json.loads(listed)["buckets"][0]["id"]
        server.restart()  # it stays whole whether its cache is on the disk or in its log
        asked = [str(require("influxd")), "inspect", "export-lp", "--bucket-id", number]
        where = ["--engine-path", str(tmp_path / "engine"), "--output-path", str(tmp_path / "park.lp")]
        subprocess.run([*asked, *where], check=True, capture_output=True, timeout=60)
        copy = server.new_bucket()
        parameters = {"org": server.org, "bucket": copy, "precision": "ns"}
        lines = (tmp_path / "park.lp").read_bytes()
        http.call(f"{server.url}/api/v2/write", method="POST", query=parameters, body=lines, token=server.token)
        statement = "SELECT x, seq FROM soil_probe GROUP BY device"
        assert server.influxql(statement, bucket=copy) == server.influxql(statement) != []


def test_readings_are_forgotten_and_events_are_kept(
    influxdb: InfluxDB2, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket = influxdb.new_bucket()
    names = [*sorted(KINDS), *sorted(EVENTS.logs), "park_ingest"]
    lines = "".join(f"{name},device=a seq=1i {ts}\n" for name in names for ts in (OLD, NEW))
    influxdb.write(lines.encode(), bucket=bucket)
    (tmp_path / "token").write_text(influxdb.token + "\n", encoding="utf-8")
    monkeypatch.setenv("INFLUXDB_V2_TOKEN_FILE", str(tmp_path / "token"))
    forget = program("forget_readings").main
    assert forget(["--older-than", "30d", "--url", influxdb.url, "--bucket", bucket]) == 0
    assert "events are kept" in capsys.readouterr().out
    left = {name: len(influxdb.influxql(f'SELECT seq FROM "{name}"', bucket=bucket)) for name in names}
    assert left == {name: 2 if name in EVENTS.logs else 1 for name in names}
    url = f"influxdb+{influxdb.url}/{bucket}?org={influxdb.org}"
    environ = {"INFLUXDB_V2_TOKEN": influxdb.token}
    assert 29 < days_ago(asyncio.run(_forgotten(open_store(parse_store_url(url), environ)))) < 31
    assert forget(["--older-than", "soon", "--url", influxdb.url, "--bucket", bucket]) == 1
    assert "--older-than soon" in capsys.readouterr().err


def statements(*containing: str) -> list[str]:
    """The SQL of the manual's block that holds these words, and what stands inline after `IMPORT`."""
    blocks = re.findall(r"```sql\n(.*?)```", MANUAL, flags=re.DOTALL)
    (block,) = (block for block in blocks if all(word in block for word in containing))
    return [statement.strip() for statement in block.split(";") if statement.strip()]


@pytest.fixture
def park_file(tmp_path: Path) -> Path:
    folder = tmp_path / "from"
    folder.mkdir()
    with duckdb.connect(str(folder / "park.duckdb")) as connection:
        for name in ("soil_probe", "park_event"):
            connection.execute(f"CREATE TABLE {name} (device VARCHAR, ts BIGINT, seq BIGINT, PRIMARY KEY (device, ts))")
            connection.execute(f"INSERT INTO {name} VALUES ('a', {OLD}, 1), ('a', {NEW}, 2)")
    asyncio.run(_marked(folder / "park.duckdb"))
    return folder / "park.duckdb"


async def _marked(file: Path) -> None:
    """As the ingester marks the hour of the old reading."""
    store = open_store(parse_store_url(f"duckdb://{file}"), {})
    await store.write(Touches(store, "test").rows([("soil_probe", OLD)]))
    await store.close()


def rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[Any]:
    return connection.execute(f"SELECT * FROM {table} ORDER BY ts").fetchall()


def test_a_copy_and_an_export_of_duckdb_hold_all_rows_and_keys(park_file: Path, tmp_path: Path) -> None:
    copy = shutil.copy(park_file, tmp_path / "copy.duckdb")
    with duckdb.connect() as connection:
        for statement in statements("EXPORT DATABASE"):
            connection.execute(
                statement.replace("/backup/from", str(park_file.parent)).replace("/backup/to", str(tmp_path))
            )
    with duckdb.connect(str(copy)) as copied, duckdb.connect(str(tmp_path / "imported.duckdb")) as imported:
        (brought,) = re.findall(r"`(IMPORT DATABASE [^`;]*);`", MANUAL)
        imported.execute(brought.replace("/backup/to", str(tmp_path)))
        for table in ("soil_probe", "park_event"):
            assert rows(imported, table) == rows(copied, table) == [("a", OLD, 1), ("a", NEW, 2)]
            with pytest.raises(duckdb.ConstraintException):
                imported.execute(f"INSERT INTO {table} VALUES ('a', {OLD}, 3)")


def test_readings_are_forgotten_in_duckdb(park_file: Path) -> None:
    with duckdb.connect(str(park_file)) as connection:
        for statement in statements("DELETE FROM"):
            connection.execute(statement)
        assert rows(connection, "soil_probe") == [("a", NEW, 2)]
        assert len(rows(connection, "park_event")) == 2
    assert 85 < days_ago(asyncio.run(_forgotten(open_store(parse_store_url(f"duckdb://{park_file}"), {})))) < 95


async def _forgotten(store: Store) -> int:
    """Before which moment readings are gone, as who makes rollups sees it."""
    try:
        return await asyncio.to_thread(forgotten_until, store)
    finally:
        await store.close()


def days_ago(ts: int) -> float:
    assert ts % HOUR_MS == 0
    return (time.time() - ts / 1000) / 86_400


def test_the_commands_of_the_manual_name_services_and_options_that_exist() -> None:
    services = set(re.findall(r"docker compose run --rm (\w+)", MANUAL))
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    assert services
    assert all(f"\n  {service}:\n" in compose for service in services)
    tool = (ROOT / "deploy" / "make_secrets.py").read_text(encoding="utf-8")
    options = set(re.findall(r"--(?:renew|revoke)[a-z-]*", MANUAL))
    assert options == {"--renew", "--revoke", "--renew-admin"}
    assert all(f'"{option}"' in tool for option in options)
