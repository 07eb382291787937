"""`park verify` of what another version of the models made."""

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from simulator.version import MODELS_VERSION
from tests.park_cli.command import park

pytestmark = pytest.mark.deadline(100)


def test_verify_says_so_and_exits_3(tmp_path: Path) -> None:
    store = f"duckdb://{tmp_path}/park.duckdb"
    made = park("demo", "--devices", "5", "--backfill", "10m", "--for", "1s", "--store", store, folder=tmp_path)
    assert made.code == 0, made.err
    with duckdb.connect(str(tmp_path / "park.duckdb")) as file:
        assert file.sql("SELECT DISTINCT models FROM park_device").fetchall() == [(MODELS_VERSION,)]
        assert file.sql("SELECT DISTINCT models FROM park_gateway").fetchall() == [(MODELS_VERSION,)]
        file.execute(f"UPDATE park_device SET models = {MODELS_VERSION + 1}")
        ((first,),) = file.sql("SELECT max(ts) FROM park_device").fetchall()
    moment = dt.datetime.fromtimestamp(first / 1000, dt.UTC).isoformat()
    done = park("verify", "--store", store, "--devices", "5", "--start", moment, folder=tmp_path)
    assert (done.code, done.clean, done.out) == (3, True, "")
    assert f"made by version {MODELS_VERSION + 1} of the models, and this is version {MODELS_VERSION}" in done.err
