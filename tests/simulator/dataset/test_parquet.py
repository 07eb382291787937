"""Tables on disk: whatever their folder is called, and where there is none."""

import contextlib
from pathlib import Path

import duckdb
import numpy as np
import pytest

from simulator.dataset.parquet import Tables
from simulator.errors import DatasetError


@pytest.mark.parametrize("name", ["plain", "[1]", "a*b", "it's", 'a"b', "a;b", "[!a]*]", "蠡湖"])
def test_a_folder_may_be_called_anything(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir()
    lines = folder / "lines.ndjson"
    lines.write_text('{"a": 2}\n{"a": 1}\n', encoding="utf-8")
    with contextlib.closing(Tables(folder)) as tables:
        tables.add("b", {"x": np.arange(3)})
        tables.write(folder / "b.parquet", 'SELECT x FROM "b"', {"about": "it's"}, of="b")
        tables.write_lines(folder / "a.parquet", lines, {"a": "BIGINT"}, (), '"a"')
    with duckdb.connect() as connection:
        for column, wanted in (("a", [1, 2]), ("b", [0, 1, 2])):
            (folder / f"{column}.parquet").rename(tmp_path / f"{column}.parquet")
            found = connection.execute(f"SELECT * FROM '{tmp_path}/{column}.parquet'").fetchall()
            assert [value for (value,) in found] == wanted


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError):
        Tables(tmp_path / "absent")
    lines = tmp_path / "lines"
    lines.write_text("{", encoding="utf-8")
    with contextlib.closing(Tables(tmp_path)) as tables, pytest.raises(DatasetError):
        tables.write_lines(tmp_path / "a.parquet", lines, {"a": "BIGINT"}, (), '"a"')
