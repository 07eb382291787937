"""A dataset's files: what they hold, held against what makes them, and that they are the same bytes whenever made."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from park.catalogue import ValueType
from park.columns import Columns
from simulator.commands.outcomes import Outcomes
from simulator.dataset.parquet import ROWS_AT_ONCE, Tables
from simulator.faults.labels import labels
from simulator.observed import readings_of
from simulator.plan import Selection
from tests.simulator.dataset.conftest import WINDOW, options, selection, write

#: A kind's readings: (ts, device) to the values of its channels.
_Rows = dict[tuple[int, str], list[Any]]


def _query(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute(f"SET file_search_path = '{folder}'")
        return connection.execute(sql).fetchall()


def _stored(folder: Path, kind: str, source: str) -> _Rows:
    """What a query gives of a kind, which has all its columns."""
    rows = _query(folder, f"SELECT epoch_ms(ts), device, * EXCLUDE (ts, device, sector, site, seq) FROM {source}")
    assert len({row[:2] for row in rows}) == len(rows), kind
    return {(ts, device): values for ts, device, *values in rows}


def _made(asked: Selection) -> dict[str, _Rows]:
    """The same, of each kind, from the columns."""
    found: dict[str, _Rows] = {}
    for columns in readings_of(asked).columns(*WINDOW):
        told = [_told(columns, channel.name) for channel in columns.kind.channels]
        keys = zip(columns.ts.tolist(), columns.device.tolist(), strict=True)
        found[columns.kind.name] = {
            (ts, columns.kind.device(device + 1)): list(values)
            for (ts, device), values in zip(keys, zip(*told, strict=True), strict=True)
        }
    return found


def _told(columns: Columns, name: str) -> list[Any]:
    channel = columns.kind.channel[name]
    whole: list[Any] = columns.values[name].tolist()  # noqa: PD011
    if channel.type is ValueType.FLOAT:
        whole = columns.floats(channel).tolist()
    elif channel.type is ValueType.BOOL:
        whole = [one != 0 for one in whole]
    elif channel.type is ValueType.TEXT:
        whole = [channel.texts[one] for one in whole]
    mask = columns.present.get(name, np.ones(len(columns), dtype=np.bool_))
    return [one if there else None for one, there in zip(whole, mask.tolist(), strict=True)]


def test_readings_are_those_that_are_published(dataset: Path) -> None:
    made = _made(selection())
    assert {path.stem for path in (dataset / "readings").iterdir()} == set(made)
    for kind, rows in made.items():
        assert _stored(dataset, kind, f"'readings/{kind}.parquet'") == rows, kind


def test_readings_stand_in_order_of_time_and_device(dataset: Path) -> None:
    for path in (dataset / "readings").iterdir():
        rows = _query(dataset, f"SELECT ts, device FROM '{path}'")
        assert rows == sorted(rows), path


def test_with_its_twin_a_kind_is_clean(dataset: Path) -> None:
    clean = _made(replace(selection(), faults=None))
    assert len(list((dataset / "twin").iterdir())) > 3
    for path in (dataset / "twin").iterdir():
        kind, readings = path.stem, f"'readings/{path.name}'"
        whole = (
            f"(SELECT * FROM {readings} r ANTI JOIN 'twin/{path.name}' t USING (device, ts) "
            f"UNION ALL SELECT * FROM 'twin/{path.name}')"
        )
        assert _stored(dataset, kind, whole) == clean[kind], kind
        assert _stored(dataset, kind, readings) != clean[kind], kind


def test_a_twin_has_the_readings_that_its_labels_last_over(dataset: Path) -> None:
    for path in (dataset / "twin").iterdir():
        wanted = _query(
            dataset,
            f"SELECT DISTINCT device, r.ts FROM 'readings/{path.name}' r JOIN 'labels.parquet' l USING (device) "
            'WHERE r.ts >= l.start AND r.ts < l."end" ORDER BY ALL',
        )
        assert wanted == _query(dataset, f"SELECT device, ts FROM 'twin/{path.name}' ORDER BY ALL")


def test_labels_are_those_of_the_selection(dataset: Path) -> None:
    wanted = [label.as_dict() for label in labels(selection(), WINDOW, outcomes=Outcomes())]
    lines = (dataset / "labels.ndjson").read_text(encoding="utf-8").splitlines()
    assert len(wanted) > 10
    assert [json.loads(line) for line in lines] == wanted
    fields = ", ".join(
        f'epoch_ms("{name}")' if name in ("start", "end", "first_observable") else f'"{name}"' for name in wanted[0]
    )
    stored = _query(dataset, f"SELECT {fields} FROM 'labels.parquet' ORDER BY start, id")
    assert stored == [tuple(label.values()) for label in wanted]


def test_events_are_those_that_are_told(dataset: Path) -> None:
    readings = readings_of(selection())
    wanted = {
        (kind.device(number + 1), told.type.name, told.phase.value, ts, id_, json.dumps(told.row(at)))
        for told in readings.events.told(*WINDOW)
        if told.type.name != "place"
        for kind in [told.kind]
        for at, (number, ts, id_) in enumerate(zip(told.device.tolist(), told.ts.tolist(), told.ids(), strict=True))
    }
    stored = _query(dataset, "SELECT device, type, phase, epoch_ms(ts), id, values::VARCHAR FROM 'events.parquet'")
    assert len(stored) == len(wanted) > 0
    assert {(*row[:5], json.dumps(json.loads(row[5]))) for row in stored} == wanted


def test_devices_are_those_of_the_readings(dataset: Path) -> None:
    known = _query(dataset, "SELECT device, sector, site, kind FROM 'devices.parquet' ORDER BY ALL")
    parts = [
        f"SELECT DISTINCT device, sector, site, '{path.stem}' AS kind FROM '{path}'"
        for path in (dataset / "readings").iterdir()
    ]
    assert known == _query(dataset, f"{' UNION ALL '.join(parts)} ORDER BY ALL")
    (placed,) = _query(dataset, "SELECT count(latitude) FROM 'devices.parquet' WHERE abs(latitude - 31.5) < 1")
    assert placed == (len(known),)


def test_it_is_the_same_bytes_however_its_window_is_cut(dataset: Path, tmp_path: Path) -> None:
    write(tmp_path / "again", options(rows=777))
    first, again = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (dataset, tmp_path / "again")
    )
    assert first.keys() == again.keys()
    assert [str(name) for name, content in first.items() if again[name] != content] == []


def test_a_file_is_the_same_bytes_however_its_rows_come(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = {"ts": np.arange(2 * ROWS_AT_ONCE + 999), "x": rng.integers(-50, 50, 2 * ROWS_AT_ONCE + 999)}
    digests = set()
    for number, pieces in enumerate((1, 7, 300)):
        folder = tmp_path / str(number)
        folder.mkdir()
        tables = Tables(folder)
        cuts = np.sort(rng.integers(0, len(rows["ts"]), pieces - 1)).tolist()
        for first, last in zip([0, *cuts], [*cuts, len(rows["ts"])], strict=True):
            tables.add("some", {name: column[first:last] for name, column in rows.items()})
        tables.write(folder / "some.parquet", 'SELECT * FROM "some"', {"unit": "it's"}, of="some")
        tables.close()
        digests.add(hashlib.sha256((folder / "some.parquet").read_bytes()).hexdigest())
        assert np.array_equal(pd.read_parquet(folder / "some.parquet")["x"], rows["x"])
    assert len(digests) == 1


def test_digests_are_those_of_all_files(dataset: Path) -> None:
    lines = (dataset / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    told = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    files = {path for path in dataset.rglob("*") if path.is_file() and path.name != "SHA256SUMS"}
    assert set(told) == {path.relative_to(dataset).as_posix() for path in files}
    assert all(hashlib.sha256((dataset / name).read_bytes()).hexdigest() == digest for name, digest in told.items())


def test_pandas_and_polars_read_what_duckdb_reads(dataset: Path) -> None:
    for path in sorted((dataset / "readings").iterdir()):
        rows = _query(dataset, f"SELECT * FROM '{path}'")
        with duckdb.connect() as connection:
            names = [column[0] for column in connection.execute(f"SELECT * FROM '{path}'").description or ()]
        pandas, polars = pd.read_parquet(path), pl.read_parquet(path)
        assert list(pandas.columns) == polars.columns == names
        assert str(pandas["ts"].dt.tz) == str(polars["ts"].dtype.time_zone) == "UTC"  # type: ignore[attr-defined]
        for at, name in enumerate(names):
            told = [row[at] for row in rows]
            absent = [one is None for one in told]
            assert pandas[name].isna().tolist() == polars[name].is_null().to_list() == absent, (path, name)
            assert polars[name].drop_nulls().to_list() == pandas[name].dropna().tolist(), (path, name)
            assert pandas[name].dropna().tolist() == [one for one in told if one is not None], (path, name)


def test_a_file_says_its_units(dataset: Path) -> None:
    ((units,),) = _query(
        dataset,
        "SELECT decode(value) FROM parquet_kv_metadata('readings/soil_probe.parquet') WHERE decode(key) = 'units'",
    )
    catalogue = json.loads((dataset / "catalogue.json").read_text(encoding="utf-8"))
    channels = catalogue["soil_probe"]["channels"]
    assert json.loads(units) == {name: channel["unit"] for name, channel in channels.items()}
    assert channels["soil_temperature"]["unit"] == "Cel"


def test_the_datasheet_has_its_counts(dataset: Path) -> None:
    text = (dataset / "README.md").read_text(encoding="utf-8")
    for title in ("Motivation", "Composition", "Collection", "Preprocessing", "Uses", "Distribution", "Maintenance"):
        assert f"\n## {title}\n" in text
    assert "$" not in text
    for path in (dataset / "readings").iterdir():
        ((count,),) = _query(dataset, f"SELECT count(*) FROM '{path}'")
        assert f"| {path.stem} | " in text
        assert f"| {count:,} | " in text
    for fault, count in _query(dataset, "SELECT fault, count(*) FROM 'labels.parquet' GROUP BY fault"):
        assert f"| {fault} | {count} |" in text


@pytest.mark.parametrize("changes", [{"twin": False}, {"selection": replace(selection(), faults=None)}])
def test_without_twin_or_faults_there_is_no_twin(tmp_path: Path, changes: dict[str, Any]) -> None:
    written = write(tmp_path / "plain", options(window=(WINDOW[0], WINDOW[0] + 600_000), **changes))
    assert written.twin == 0
    assert not (tmp_path / "plain" / "twin").exists()
    assert "twin/" not in (tmp_path / "plain" / "README.md").read_text(encoding="utf-8")
    ((count,),) = _query(tmp_path / "plain", "SELECT count(*) FROM 'labels.parquet'")
    assert count == written.labels
    assert (count > 0) == (not changes.get("twin", True))
