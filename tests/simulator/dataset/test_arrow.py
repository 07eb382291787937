"""Readings as Arrow tables, held against the Parquet of the same selection."""

import datetime as dt
import sys
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from simulator.dataset.arrow import readings
from simulator.errors import SelectionError
from tests.simulator.conftest import START
from tests.simulator.dataset.conftest import WINDOW, options, write

_ASKED = {"devices": 30, "sector": ("agriculture", "energy"), "seed": 7, "interval": dt.timedelta(minutes=2)}
_WINDOW = [dt.datetime.fromtimestamp(ms / 1000, dt.UTC) for ms in WINDOW]


def test_tables_are_the_parquet_of_the_same_selection(tmp_path: Path) -> None:
    asked = options()
    write(tmp_path / "clean", options(selection=asked.selection.__class__(**{**vars(asked.selection), "faults": None})))
    tables = readings(start=_WINDOW[0], until=_WINDOW[1].isoformat(), **_ASKED)  # type: ignore[arg-type]
    assert len(tables) > 5
    for kind, table in tables.items():
        stored = pq.read_table(tmp_path / "clean" / "readings" / f"{kind}.parquet")
        assert table.column_names == stored.column_names
        for name in table.column_names:
            assert table[name].to_pylist() == stored[name].to_pylist(), (kind, name)


def test_fields_say_their_units_and_frames_need_one_call() -> None:
    (table,) = readings(devices=3, kind="soil_probe").values()
    assert table.schema.field("soil_temperature").metadata[b"unit"] == b"Cel"
    assert str(table.schema.field("ts").type) == "timestamp[ms, tz=UTC]"
    pandas, polars = table.to_pandas(), pl.from_arrow(table)
    assert isinstance(polars, pl.DataFrame)
    assert pandas["soil_moisture"].tolist() == polars["soil_moisture"].to_list()
    assert set(pandas["device"]) == {f"soil-probe-00000{number}" for number in (1, 2, 3)}


def test_faults_are_in_them() -> None:
    window = {"start": _WINDOW[0], "until": _WINDOW[0] + dt.timedelta(days=3)}
    clean, faulty = (
        readings(devices=60, kind=["site_meter"], seed=7, faults=faults, **window)["site_meter"]  # type: ignore[arg-type]
        for faults in ("none", "typical")
    )
    assert clean.num_rows == faulty.num_rows > 0
    assert clean != faulty


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"start": "2026-06-01T00:00:00"}, "start 2026-06-01T00:00:00: say which time it is"),
        ({"until": "noon"}, "until noon"),
        ({"start": dt.datetime.fromtimestamp(START / 1000 - 1e8, dt.UTC)}, "start: must not lie before"),
        ({"kind": "toaster"}, "toaster"),
    ],
)
def test_what_is_wrong_is_named(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(SelectionError, match=words):
        readings(**arguments)  # type: ignore[arg-type]


def test_without_pyarrow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"sensing-park\[arrow\]"):
        readings(devices=1)
