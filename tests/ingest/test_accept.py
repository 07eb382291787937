"""Which times are accepted, and what InfluxDB is spared by it."""

import asyncio
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.accept import DAY_MS, Accept, Calendar, Weeks, week_of, weeks_outside
from ingest.decode import Decoder
from ingest.messages import PlainMessage
from ingest.stores.influxdb.line import line_renderer
from park.errors import DecodeError
from park.rejection import Reason, Rejection
from park_cli.accepted import accept_of, times_note
from park_cli.errors import UsageError
from tests.ingest.helpers import T0, Sent, influx_store, ingesting, new_batch, options, payload, publish, topic
from tests.servers.influxdb2 import run_influxdb2
from tests.servers.mosquitto import Mosquitto

WEEK_MS = 7 * DAY_MS
FOUR_WEEKS_MS = 4 * WEEK_MS
FIRST_MS = 946_684_800_000  # what a clock without a battery says
TIMES = st.integers(FIRST_MS, 4_102_444_800_000)


@given(times=st.lists(TIMES, max_size=80), now=TIMES, live_from=TIMES | st.just(0), most=st.integers(0, 5))
def test_a_site_has_so_many_weeks_and_no_more(times: list[int], now: int, live_from: int, most: int) -> None:
    calendar, weeks = Calendar(Accept(weeks=most)), Weeks()
    taken = {ts for ts in times if admits(calendar, weeks, ts, now, live_from)}
    near = {ts for ts in times if now - 400 * DAY_MS <= ts <= now + DAY_MS}
    assert near <= taken
    assert len({week_of(ts) for ts in taken - near}) <= 2 * most
    assert all(admits(calendar, weeks, ts, now, live_from) for ts in taken)


@given(sites=st.lists(st.lists(TIMES, max_size=20), max_size=8))
def test_all_sites_together_have_so_many_weeks_and_no_more(sites: list[list[int]]) -> None:
    calendar, now = Calendar(Accept(weeks=60, weeks_in_all=10)), T0
    taken = set()
    for times in sites:
        weeks = Weeks()
        taken |= {week_of(ts) for ts in times if not near(ts, now) and admits(calendar, weeks, ts, now, 0)}
    assert len(taken) <= 10


@given(first=TIMES, length=st.integers(1, 3000 * DAY_MS), now=TIMES)
def test_weeks_outside_are_those_of_its_days(first: int, length: int, now: int) -> None:
    days = [*range(first, first + length, DAY_MS), first + length - 1]
    beyond = {(ts > now, week_of(ts)) for ts in days if not near(ts, now)}
    assert 0 <= weeks_outside(Accept(), first, first + length, now) - len(beyond) <= 2


def near(ts: int, now: int) -> bool:
    return now - 400 * DAY_MS <= ts <= now + DAY_MS


def admits(calendar: Calendar, weeks: Weeks, ts: int, now: int, live_from: int) -> bool:
    try:
        calendar.admit(weeks, ts, now, live_from)
    except DecodeError as error:
        return error.reason is not Reason.BAD_TIMESTAMP
    return True


def decode(decoder: Decoder, name: str, data: bytes) -> object:
    return decoder.decode(PlainMessage(topic=name, payload=data), new_batch())


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (topic(), '{"ts":%d,"seq":1}'),
        (topic("another"), '{"ts":%d,"seq":1}'),
        ("park/gateways/north/0/stats", '{"ts":%d,"sent":1}'),
        (topic().replace("telemetry", "event"), '{"ts":%d,"id":"1","type":"place","phase":"state"}'),
    ],
)
def test_every_kind_of_message_uses_the_sites_weeks(name: str, data: str) -> None:
    """One shard is as dear as another, whatever brought it; and another site has its own."""
    decoder = Decoder(line_renderer, accept=Accept(weeks=3))
    for number in range(3):
        assert not isinstance(decode(decoder, topic(), payload(number, FIRST_MS + number * WEEK_MS)), Rejection)
    refused = decode(decoder, name, (data % (FIRST_MS + 9 * WEEK_MS)).encode())
    assert isinstance(refused, Rejection)
    assert refused.reason is Reason.BAD_TIMESTAMP, refused.detail
    assert not isinstance(decode(decoder, topic(site="south"), payload(1, FIRST_MS + 9 * WEEK_MS)), Rejection)
    assert not isinstance(decode(decoder, topic(), payload(4, FIRST_MS)), Rejection)


def test_a_refused_time_leaves_no_device_behind() -> None:
    decoder = Decoder(line_renderer, accept=Accept(weeks=0), max_devices=2)
    for number in range(5):
        assert isinstance(decode(decoder, topic(f"p-{number}"), payload(1, FIRST_MS)), Rejection)
    assert not decoder.sources
    assert not isinstance(decode(decoder, topic(), payload(1)), Rejection)


@pytest.mark.deadline(120)
def test_times_all_over_a_century_leave_influxdb_its_files(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """1,200 readings four weeks apart took it from 62 to 10,856 open files; what comes beside them is stored."""
    strange = [Sent(topic=topic(), payload=payload(n, FIRST_MS + n * FOUR_WEEKS_MS)) for n in range(1200)]
    honest = [Sent(topic=topic(site="south"), payload=payload(n)) for n in range(100)]

    async def main(server: psutil.Process) -> None:
        async with ingesting(options(mosquitto, tmp_path, "century"), store) as running:
            before = server.num_fds()
            await asyncio.to_thread(publish, mosquitto, strange + honest)
            await running.settles(1300)
            # 14 or 15 of them lie in the 400 days before now, if now is in this century.
            assert 60 <= running.status.stored - 100 <= 60 + 16
            assert running.status.reasons.keys() == {"bad-timestamp"}
            assert server.num_fds() - before < 80 * 9 + 60

    with run_influxdb2(tmp_path) as influxdb:
        bucket = influxdb.new_bucket()
        store = influx_store(influxdb, bucket)
        asyncio.run(main(psutil.Process(influxdb.pid)))
        (row,) = influxdb.influxql("SELECT count(seq) FROM soil_probe WHERE site = 'south'", bucket=bucket)
        assert row["count"] == 100


@pytest.mark.parametrize(
    ("text", "accept"),
    [
        ("400d,1d", Accept()),
        ("900d", Accept(back_ms=900 * DAY_MS)),
        ("36h, 2h", Accept(back_ms=36 * 3_600_000, ahead_ms=2 * 3_600_000)),
    ],
)
def test_accept_is_read(text: str, accept: Accept) -> None:
    assert accept_of(text) == accept


@pytest.mark.parametrize("text", ["", "400", "1d,2d,3d", "-1d", "1w", "400d,", "٣d"])
def test_what_is_no_accept_is_named(text: str) -> None:
    with pytest.raises(UsageError, match="--accept"):
        accept_of(text)


def test_a_simulation_is_told_what_the_ingester_would_not_take() -> None:
    day = DAY_MS
    assert times_note(T0 - 400 * day, T0, T0) is None
    assert times_note(T0 - 800 * day, None, T0) is None
    note = times_note(T0 - 2000 * day, T0 + day, T0)
    assert note is not None
    assert "--accept 2000d,1d" in note
    told = accept_of(note.rpartition(" ")[2])
    assert weeks_outside(told, T0 - 2000 * day, T0 + day, T0) == 0
    assert "--accept 1d,900d" in (times_note(T0, T0 + 900 * day, T0) or "")
