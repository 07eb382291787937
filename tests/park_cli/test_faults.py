"""Faults from the command line: a demo with them is proved, and stays so only for who knows of them."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from tests.park_cli.command import park

_RULES = """
[faults.noise]
class = "noise"
per_year = 52
hours = [1000, 1300]
severity = [4, 6]

[faults.silent]
class = "dropout"
kinds = ["soil_probe"]
per_year = 52
hours = [1000, 1300]
"""
_WINDOW = ("--start", "2026-02-01T00:00:00+08:00", "--until", "2026-02-01T01:00:00+08:00")


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("faults") / "mine.toml"
    file.write_text(_RULES, encoding="utf-8")
    return file


def test_a_demo_with_faults_is_proved(rules: Path, tmp_path: Path) -> None:
    store = f"duckdb://{tmp_path}/park.duckdb"
    town = ("--devices", "40", "--sector", "agriculture", "--faults", str(rules))
    begun = time.time()
    ended = park("demo", *town, "--for", "3s", "--backfill", "40m", "--store", store, "--json")
    assert ended.code == 0, ended.err
    proof = json.loads(ended.out.splitlines()[-1])["verify"]
    assert proof["expected"] == proof["found"] > 0
    assert (proof["lost"], proof["altered"], proof["duplicated"]) == (0, 0, 0)

    window = [f"{datetime.fromtimestamp(begun - before, UTC):%Y-%m-%dT%H:%M:%SZ}" for before in (1800, 0)]
    asked = ("verify", "--store", store, *town[:4], "--start", window[0], "--until", window[1], "--json")
    knowing, ignorant = park(*asked, "--faults", str(rules)), park(*asked)
    assert knowing.code == 0, knowing.err
    told = json.loads(ignorant.out)
    assert (ignorant.code, told["lost"], told["duplicated"]) == (1, 0, 0)
    assert told["altered"] > 0


def test_labels_tell_what_was_wrong_and_can_be_scored(rules: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.ndjson"
    town = ("--devices", "40", "--sector", "agriculture", "--faults", str(rules))
    ended = park("labels", *town, *_WINDOW, "-o", str(labels))
    assert ended.code == 0, ended.err
    told = [json.loads(line) for line in labels.read_text(encoding="utf-8").splitlines()]
    assert {label["fault"] for label in told} == {"noise", "dropout"}
    assert all(label["end"] > label["start"] for label in told)
    table = tmp_path / "labels.parquet"
    assert park("labels", *town, *_WINDOW, "--format", "parquet", "-o", str(table)).code == 0
    with duckdb.connect() as connection:
        times = ", ".join(f'epoch_ms("{name}") AS "{name}"' for name in ("start", "end", "first_observable"))
        read = connection.sql(f"SELECT * REPLACE ({times}) FROM '{table}'")
        rows = [dict(zip(read.columns, row, strict=True)) for row in read.fetchall()]
    assert rows == told
    right = park("score", "--labels", str(labels), "--detections", str(labels), "--json")
    assert json.loads(right.out)["range_recall"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("labels", "--faults", "none"), "then nothing is wrong"),
        (("labels", "--faults", "absent.toml"), "give none, typical, delivery or a file"),
        (("labels", "--faults", "typical,typical"), "is named a second time"),
        (("generate", "--publish-labels"), "--publish-labels"),
        (("ingest", "--quality", "some"), "--quality"),
        (("ingest", "--quality", "flagged", "--processes", "2"), "--quality"),
        (("ingest", "--quality", "flagged", "--group", "a"), "--quality"),
        (("score", "--labels", "absent", "--detections", "absent"), "--labels absent"),
        (("verify", "--dead-letters", "absent"), "say with --ingest"),
        (("verify", "--reconnected"), "say with --ingest"),
    ],
)
def test_errors_of_use_exit_2_and_name_the_option(arguments: tuple[str, ...], words: str) -> None:
    ended = park(*arguments)
    assert (ended.code, ended.clean) == (2, True)
    assert words in ended.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "--ingest told: No such file"),
        ("", "neither the summary"),
        ("[]", "neither the summary"),
        ('{"duplicates": 1}', "says nothing of late, dead_lettered"),
        ("some { words", "neither a summary nor a metrics page"),
        ("[" * 100_000, "neither a summary nor a metrics page"),
    ],
)
def test_counters_that_cannot_be_read_are_told_before_the_work(tmp_path: Path, text: str | None, words: str) -> None:
    if text is not None:
        (tmp_path / "told").write_text(text, encoding="utf-8")
    ended = park("verify", "--ingest", "told", folder=tmp_path)
    assert (ended.code, ended.clean) == (2, True)
    assert words in ended.err


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "line 1 is no JSON"),
        ("[]", "no JSON object"),
        ('{"device": 3}', "names"),
        ('{"device": "a"}', "needs ts, or start and end"),
        ('{"device": "a", "start": 5, "end": 4}', "ends before it begins"),
        ('{"device": "a", "ts": "noon"}', "noon"),
    ],
)
def test_a_detection_that_cannot_be_read_is_named(tmp_path: Path, line: str, words: str) -> None:
    labels, said = tmp_path / "labels", tmp_path / "said"
    labels.write_text("", encoding="utf-8")
    said.write_text(line + "\n", encoding="utf-8")
    ended = park("score", "--labels", str(labels), "--detections", str(said))
    assert (ended.code, ended.clean) == (2, True)
    assert words in ended.err
