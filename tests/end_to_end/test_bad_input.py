"""What is no reading is set aside with its reason, and nothing around it is held up or lost."""

import json
from pathlib import Path

import pytest

from ingest.deadletter import read_dead_letters
from park.rejection import Reason
from tests.end_to_end.chaos import await_that, chaos
from tests.end_to_end.fuzz import fuzz, fuzz_into
from tests.end_to_end.ledger import Load
from tests.end_to_end.park import run
from tests.ingest.helpers import Sent, payload, publish, topic
from tests.servers import http
from tests.servers.influxdb2 import InfluxDB2

BAD = [
    (topic(), b'{"ts": 1767225600000, "seq":', None, Reason.MALFORMED),
    (topic(), b"\xff\xfe\x00", None, Reason.MALFORMED),
    (topic(), b"", None, Reason.MALFORMED),
    ("park/agriculture/north/toaster/toaster-1/telemetry", payload(1), None, Reason.UNKNOWN_KIND),
    (topic(), payload(1, soil_moisture="wet"), None, Reason.WRONG_TYPE),
    (topic(), payload(1, mood=0.5), None, Reason.UNKNOWN_CHANNEL),
    (topic(), payload(1, ts=1_767_225_600), None, Reason.BAD_TIMESTAMP),
    ("park/agriculture/NORTH/soil_probe/soil-probe-1/telemetry", payload(1), None, Reason.BAD_TOPIC),
    (topic(), payload(1) + b" " * 70_000, None, Reason.OVERSIZE),
    (topic(), b"1;2;3", "text/csv [/bold]", Reason.UNKNOWN_CODEC),
]


@pytest.mark.deadline(180)
def test_each_bad_message_is_set_aside_with_its_reason(influxdb: InfluxDB2, tmp_path: Path) -> None:
    with chaos(tmp_path, Load(devices=400, seconds=8), influxdb=influxdb) as park:
        park.begin()
        sent = [Sent(topic=where, payload=data, content_type=codec) for where, data, codec, _ in BAD]
        publish(park.broker, sent)
        ledger = park.end()
        letters = [letter.rejection for letter in read_dead_letters(park.dead_letters)]
        listed = run(["dead-letters", "list", "--file", str(park.dead_letters)], tmp_path, environ={"COLUMNS": "250"})
    ledger.hold(dead_letters=len(BAD))
    kept = [(where, data if len(data) <= 65_536 else data[:4096], *rest) for where, data, *rest in BAD]
    assert [(letter.topic, letter.payload, letter.content_type, letter.reason) for letter in letters] == kept
    assert all(letter.detail for letter in letters)
    assert "text/csv [/bold]" in listed.stdout.decode()


@pytest.mark.deadline(180)
def test_one_poison_in_the_stream_can_be_looked_at_and_replayed(influxdb: InfluxDB2, tmp_path: Path) -> None:
    """The store refuses one reading as older than its retention, until the retention is put right."""
    old = 978_307_200_000
    poison = Sent(topic=topic("soil-probe-old"), payload=payload(7, ts=old), content_type="application/json")
    with chaos(tmp_path, Load(devices=400, seconds=10), influxdb=influxdb) as park:
        keep(influxdb, park.bucket, seconds=10 * 365 * 86_400)
        park.begin()
        publish(park.broker, [poison])
        await_that(lambda: park.metric("dead_lettered_total") == 1, what="poison")
        park.progress()
        file = ["--file", str(park.dead_letters)]
        listed = run(["dead-letters", "list", *file], tmp_path, environ={"COLUMNS": "250"}).stdout.decode()
        assert "store-refused" in listed
        assert poison.topic in listed
        shown = run(["dead-letters", "show", "1", *file], tmp_path)
        assert shown.stdout == poison.payload
        assert "retention" in shown.stderr.decode()
        assert poison.topic in shown.stderr.decode().splitlines()

        keep(influxdb, park.bucket, seconds=0)
        run(["dead-letters", "replay", "1", *file, "--broker", park.broker.url], tmp_path)
        ledger = park.end()
    ledger.hold(dead_letters=1)
    (row,) = influxdb.influxql("SELECT seq FROM soil_probe WHERE device = 'soil-probe-old'", bucket=park.bucket)
    assert (row["time"], row["seq"]) == (old, 7)


def keep(influxdb: InfluxDB2, bucket: str, *, seconds: int) -> None:
    """Set how long a bucket keeps its points; 0 is for ever."""
    found = json.loads(http.call(f"{influxdb.url}/api/v2/buckets", query={"name": bucket}, token=influxdb.token))
    rules = [{"type": "expire", "everySeconds": seconds}]
    url = f"{influxdb.url}/api/v2/buckets/{found['buckets'][0]['id']}"
    http.call(url, method="PATCH", body=json.dumps({"retentionRules": rules}).encode(), token=influxdb.token)


@pytest.mark.deadline(180)
def test_fuzzed_payloads_end_in_one_outcome_and_their_rows_please_the_store(influxdb: InfluxDB2) -> None:
    """A short form of the million in bench/soak."""
    outcome = fuzz(50_000, seed=7, keep=5000)
    assert outcome.stored + outcome.states + sum(outcome.reasons.values()) == 50_000
    assert outcome.states > 0
    assert set(outcome.reasons) == {reason.value for reason in Reason} - {Reason.TOO_MANY_DEVICES, Reason.STORE_REFUSED}
    assert len(outcome.rows) == 5000
    bucket = influxdb.new_bucket()
    influxdb.write(b"".join(outcome.rows), bucket=bucket)


def test_fuzzed_payloads_are_stored_by_duckdb_as_they_were_said(tmp_path: Path) -> None:
    outcome = fuzz_into(tmp_path / "park.duckdb", 5000, seed=7)
    assert outcome.stored + outcome.states + sum(outcome.reasons.values()) == 5000
    assert outcome.stored > 300
