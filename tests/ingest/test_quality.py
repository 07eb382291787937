"""Quality flags beside readings: in their batch, before the acknowledgement, the same however often readings come."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.accept import end_of_week, week_of
from ingest.batch import Batch
from ingest.decode import Decoder
from ingest.errors import BadOptions
from ingest.messages import PlainMessage
from ingest.run import run
from ingest.stores import Store
from ingest.stores.influxdb.line import line_renderer
from park.quality import QUALITY, Check, Flag, StoredFlags, limits
from sectors import KINDS
from tests.ingest.command import ingesting_command
from tests.ingest.helpers import Sent, new_batch, options, publish, topic
from tests.ingest.line_protocol import parse_line
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import wait_until

T0 = 1_767_225_600_000
EVERY_MS = 300_000
KIND = KINDS["soil_probe"]
#: Channel, time, flag and test: what a row says.
_Said = tuple[str, int, int, Any]


def reading(seq: int, moisture: float | None = 0.25, **changes: float) -> PlainMessage:
    """A probe's, whose other channels vary within their ranges; a spike of the moisture is one of more than half."""
    values = {one.name: round((one.low * 5 + one.high) / 6 + seq % 7 / 100, 2) for one in KIND.channels}
    values |= {"soil_moisture": moisture + seq % 5 / 1000} if moisture is not None else {}
    if moisture is None:
        del values["soil_moisture"]
    told = {"ts": T0 + seq * EVERY_MS, "seq": seq, **values, **changes}
    return PlainMessage(topic=topic(), payload=json.dumps(told).encode(), packet_id=1)


def take(decoder: Decoder, *messages: PlainMessage) -> Batch:
    batch = new_batch()
    decoder.take(messages, batch)
    assert not batch.rejections
    return batch


def said(rows: Sequence[Any]) -> list[_Said]:
    points = [parse_line(row) for row in rows]
    return [
        (dict(one.tags)["channel"], one.time, int(one.fields["flag"]), one.fields.get("test"))
        for one in points
        if one.measurement == QUALITY.name
    ]


def flagging(*messages: PlainMessage, stored: StoredFlags = StoredFlags.FLAGGED) -> list[_Said]:
    return said(take(Decoder(line_renderer, quality=stored), *messages).rows)


def at(seq: int) -> int:
    return T0 + seq * EVERY_MS


def test_good_readings_have_no_flags_unless_they_are_asked_for() -> None:
    good = [reading(seq) for seq in range(50)]
    assert not flagging(*good)
    told = flagging(*good, stored=StoredFlags.ALL)
    # Of the last it is not known yet whether it is a spike.
    assert len(told) == len(limits(KIND)) * 49
    assert {(flag, test) for _, _, flag, test in told} == {(Flag.GOOD, None)}


def test_without_flags_a_batch_is_what_it_was() -> None:
    messages = [reading(0), reading(1, moisture=77.0), reading(4)]
    plain, watched = (
        take(Decoder(line_renderer, quality=one), *messages) for one in (StoredFlags.NONE, StoredFlags.FLAGGED)
    )
    assert plain.rows == [row for row in watched.rows if not row.startswith(QUALITY.name.encode())]
    assert plain.rows == watched.rows[: len(plain.rows)]


def test_what_is_out_of_range_absent_or_left_out_is_told_at_its_own_time() -> None:
    told = flagging(reading(0), reading(1, moisture=77.0), reading(2, moisture=None), reading(6))
    assert set(told) == {
        ("soil_moisture", at(1), Flag.FAIL, Check.GROSS_RANGE),
        ("soil_moisture", at(2), Flag.MISSING, Check.MISSING),
        ("seq", at(3), Flag.MISSING, Check.GAP),
    }


def test_a_spike_is_told_with_the_next_reading() -> None:
    decoder = Decoder(line_renderer, quality=StoredFlags.FLAGGED)
    channel = KIND.channel["soil_moisture"]
    far = channel.low + 0.95 * (channel.high - channel.low)
    assert not said(take(decoder, reading(0), reading(1)).rows)
    first = take(decoder, reading(2, moisture=far))
    assert not said(first.rows)  # so far it may be a step
    told = said(take(decoder, reading(3), reading(4)).rows)
    assert ("soil_moisture", at(2), Flag.SUSPECT) in {one[:3] for one in told}


def test_a_flag_belongs_to_the_message_that_brought_it() -> None:
    batch = take(Decoder(line_renderer, quality=StoredFlags.FLAGGED), reading(0), reading(1, moisture=77.0), reading(2))
    assert batch.messages == batch.with_rows == 3
    flag = next(number for number, row in enumerate(batch.rows) if said([row]))
    assert batch.source(batch.message(flag)).payload == reading(1, moisture=77.0).payload
    assert len(batch.rows) == len(batch.payloads) == len(batch.origins)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 29), min_size=1, max_size=60))
def test_readings_that_come_again_or_late_say_nothing_else(order: list[int]) -> None:
    """After a series has been heard, any of it in any order changes no stored flag."""
    faulty = [reading(seq, moisture=77.0 if seq % 7 == 3 else None if seq % 11 == 5 else 0.3) for seq in range(30)]
    decoder = Decoder(line_renderer, quality=StoredFlags.FLAGGED)
    first = {one[:2]: one for one in said(take(decoder, *faulty).rows)}
    again = said(take(decoder, *(faulty[seq] for seq in order)).rows)
    assert all(first[one[:2]] == one for one in again)


def test_a_process_that_starts_anew_knows_no_neighbours_and_changes_no_flag_for_the_better() -> None:
    faulty = [reading(seq, moisture=77.0 if seq % 7 == 3 else 0.3) for seq in range(30)]
    whole = flagging(*faulty)
    assert whole == flagging(*faulty[:12]) + flagging(*faulty[12:])


def test_flags_are_stored_and_writing_them_again_changes_nothing(store: Store) -> None:
    messages = [reading(0), reading(1, moisture=77.0), reading(2, moisture=None), reading(6), reading(7)]
    for _ in range(2):
        batch = take(Decoder(store.render, quality=StoredFlags.ALL), *messages)
        asyncio.run(store.write(batch.rows))
    found = {
        (chunk.values["channel"][row], int(chunk.ts[row])): int(chunk.values["flag"][row])
        for chunk in store.scan(QUALITY, 0, 2**52)
        for row in range(len(chunk))
    }
    wanted = {one[:2]: one[2] for one in flagging(*messages, stored=StoredFlags.ALL)}
    assert found == wanted
    assert set(found.values()) == {Flag.GOOD, Flag.FAIL, Flag.MISSING}


def test_park_ingest_stores_them_with_the_readings(mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path) -> None:
    bucket = influxdb.new_bucket()
    store = ("--store", influxdb.store_url(bucket), "--client-id", bucket, "--quality", "flagged")
    sent = [Sent(topic=one.topic, payload=one.payload) for one in (reading(0), reading(1, moisture=77.0), reading(2))]
    token = {"INFLUXDB_V2_TOKEN": influxdb.token}
    with ingesting_command(tmp_path, "--broker", mosquitto.url, *store, environ=token) as command:
        command.logs("connected to the broker")
        publish(mosquitto, sent)

        def stored() -> bool:
            return len(influxdb.influxql("SELECT * FROM soil_probe", bucket=bucket)) == len(sent)

        wait_until(stored, deadline=30, what="the readings")
        # Whoever sees the last reading sees the flag: they are one write.
        rows = influxdb.influxql(f"SELECT * FROM {QUALITY.name}", bucket=bucket)
        summary = command.finish()
    assert [(row["time"], row["channel"], row["flag"], row["test"]) for row in rows] == [
        (at(1), "soil_moisture", 4, "gross_range"),
        (at(2), "soil_moisture", 4, "rate_of_change"),  # the way back
    ]
    row = rows[0]
    assert (row["device"], row["sector"], row["site"]) == ("soil-probe-000001", "agriculture", "north")
    assert (summary["received"], summary["stored"]) == (len(sent), len(sent))


def test_readings_that_are_shared_out_cannot_be_judged(mosquitto: Mosquitto, tmp_path: Path) -> None:
    shared = options(mosquitto, tmp_path, "shared", quality=StoredFlags.FLAGGED, processes=2)
    with pytest.raises(BadOptions, match="quality"):
        asyncio.run(run(shared, asyncio.Event()))


def test_limits_follow_from_the_catalogue() -> None:
    found = {one.channel: one for one in limits(KIND)}
    moisture = KIND.channel["soil_moisture"]
    assert (found["soil_moisture"].low, found["soil_moisture"].high) == (moisture.low, moisture.high)
    for kind in KINDS.values():
        for one in limits(kind):
            assert one.low < one.high
            assert one.step > 0


def test_a_gap_opens_no_week_that_no_reading_has() -> None:
    """InfluxDB opens a shard for each: a device that leaps in time and in its numbers could name any."""
    year_ms = 365 * 86_400_000
    weeks = set()
    for seq in range(3, 300):
        first = PlainMessage(topic=topic(), payload=json.dumps({"ts": T0 - 20 * year_ms, "seq": 0}).encode())
        then = PlainMessage(topic=topic(), payload=json.dumps({"ts": T0, "seq": seq}).encode())
        weeks |= {week_of(ts) for _, ts, _, _ in flagging(first, then)}
    assert weeks == {week_of(T0 - 20 * year_ms)}
    assert week_of(end_of_week(T0)) == week_of(T0) == week_of(end_of_week(T0) + 1) - 1
