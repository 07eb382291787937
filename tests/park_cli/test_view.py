"""`park view`: the dashboards of a store that exists."""

import re
import signal
import urllib.request
from pathlib import Path

import duckdb

from tests.dashboards import town
from tests.dashboards.conftest import END
from tests.park_cli.command import park, running


def test_a_file_is_shown_until_ctrl_c(tmp_path: Path) -> None:
    path = tmp_path / "park.duckdb"
    with duckdb.connect(str(path)) as connection:
        town.fill(connection, town.rows(END - 600_000, END))
    with running("view", "--store", f"duckdb://{path}", folder=tmp_path) as viewer:
        viewer.await_text("Ctrl-C ends it")
        found = re.search(rb"http://127\.0\.0\.1:\d+/", viewer.seen)
        assert found is not None
        with urllib.request.urlopen(found[0].decode(), timeout=30) as answer:
            assert b"Wuxi sensing park" in answer.read()
        viewer.signal(signal.SIGINT)
        ended = viewer.end()
    assert ended.code == 0, ended.err
    assert ended.clean, ended.err


def test_a_file_that_there_is_not_is_an_error_of_use(tmp_path: Path) -> None:
    ended = park("view", "--store", f"duckdb://{tmp_path}/none.duckdb")
    assert ended.code == 2
    assert "there is no such file" in ended.err
    assert not list(tmp_path.iterdir())


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    path = tmp_path / "park.duckdb"
    with duckdb.connect(str(path)) as connection:
        town.fill(connection, town.rows(END - 600_000, END))
    with running("view", "--store", f"duckdb://{path}", folder=tmp_path) as viewer:
        viewer.await_text("Ctrl-C ends it")
        found = re.search(rb"http://127\.0\.0\.1:(\d+)/", viewer.seen)
        assert found is not None
        ended = park("view", "--store", f"duckdb://{path}", "--port", found[1].decode())
        assert ended.code == 1
        assert f"--port {found[1].decode()}" in ended.err
        viewer.signal(signal.SIGINT)
        viewer.end()
