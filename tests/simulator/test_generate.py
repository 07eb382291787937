"""The stream is a pure function of (seed, device, time), whatever is asked together with it."""

import json
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from park.town import default_town
from sectors import KINDS, SECTORS
from simulator.fleet import Fleet
from simulator.plan import make_plan
from tests.simulator.conftest import HOUR, MINUTE, START, lines_of, select

UNTIL = START + 2 * HOUR


@pytest.fixture(scope="module")
def whole() -> bytes:
    return lines_of(select(), START, UNTIL)


@settings(max_examples=12, deadline=None)
@given(st.integers(START + 1, UNTIL - 1))
def test_a_window_cut_anywhere_is_the_same_stream(whole: bytes, cut: int) -> None:
    assert lines_of(select(), START, cut) + lines_of(select(), cut, UNTIL) == whole


def test_lines_come_in_order_of_time(whole: bytes) -> None:
    times = [json.loads(line)["payload"]["ts"] for line in whole.splitlines()]
    assert times == sorted(times)
    assert times[0] >= START
    assert times[-1] < UNTIL


def test_every_selected_kind_reports_at_its_interval(whole: bytes) -> None:
    counts: dict[str, int] = defaultdict(int)
    devices: dict[str, set[str]] = defaultdict(set)
    for line in whole.splitlines():
        topic = json.loads(line)["topic"].split("/")
        counts[topic[3]] += 1
        devices[topic[3]].add(topic[4])
    assert sum(map(len, devices.values())) == 60
    town = default_town(SECTORS)
    for kind, count in counts.items():
        assert count == len(devices[kind]) * 2 * HOUR / town.interval_ms(KINDS[kind])


def test_more_devices_leave_the_others_bytes_unchanged(whole: bytes) -> None:
    more = set(lines_of(select(devices=90), START, UNTIL).splitlines())
    assert set(whole.splitlines()) < more


def test_another_sector_leaves_the_others_bytes_unchanged() -> None:
    kinds = tuple(kind.name for kind in SECTORS["energy"].kinds)
    alone = lines_of(select(kinds=kinds, devices=24), START, UNTIL).splitlines()
    together = lines_of(select(devices=320), START, UNTIL).splitlines()
    assert set(alone) <= set(together)


def test_two_hosts_share_a_town_without_gap_or_overlap() -> None:
    town = lines_of(select(devices=50), START, UNTIL).splitlines()
    first = lines_of(select(devices=20), START, UNTIL).splitlines()
    second = lines_of(select(devices=30, first_device=20), START, UNTIL).splitlines()
    assert sorted(first + second) == sorted(town)


def test_another_seed_is_another_town(whole: bytes) -> None:
    other = lines_of(select(seed=8), START, UNTIL)
    assert not set(whole.splitlines()) & set(other.splitlines())


def test_seq_counts_the_slots_since_commissioning_without_a_hole() -> None:
    slots: dict[str, list[int]] = defaultdict(list)
    for line in lines_of(select(interval_ms=1500), START, START + 5 * MINUTE).splitlines():
        reading = json.loads(line)
        slots[reading["topic"]].append(reading["payload"]["seq"])
    for seqs in slots.values():
        assert seqs == list(range(seqs[0], seqs[0] + 200))


def test_both_formats_agree_reading_for_reading() -> None:
    selection = select(devices=40)
    readings = [json.loads(line) for line in lines_of(selection, START, START + HOUR).splitlines()]
    rows = lines_of(selection, START, START + HOUR, "line").decode().splitlines()
    assert len(readings) == len(rows)
    for reading, row in zip(readings, rows, strict=True):
        series, fields, ts = row.split(" ")
        _, sector, site, kind, device, _ = reading["topic"].split("/")
        assert series == f"{kind},device={device},sector={sector},site={site}"
        assert int(ts) == reading["payload"].pop("ts")
        stored = {}
        for item in fields.split(","):
            name, text = item.split("=")
            stored[name] = json.loads(text.removesuffix("i") if text[0] != '"' else text)
        assert stored == reading["payload"]


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_clean_values_stay_within_the_catalogues_range(kind: object) -> None:
    fleet = Fleet(make_plan(select(kinds=(kind.name,), devices=12)))  # type: ignore[attr-defined]
    seen: set[str] = set()
    for day in (1, 60, 180, 250):
        start = fleet.commissioned_ms + day * 24 * HOUR
        for columns in fleet.columns(start, start + 24 * HOUR):
            for channel in columns.kind.channels:
                values = columns.values[channel.name][columns.present.get(channel.name, slice(None))]
                if not len(values):
                    continue  # such as the wait at a branch that is closed
                seen.add(channel.name)
                if channel.texts:
                    assert 0 <= values.min() <= values.max() < len(channel.texts)
                else:
                    assert channel.low <= values.min() / channel.scale, channel.name
                    assert values.max() / channel.scale <= channel.high, channel.name
    assert seen == set(kind.channel)  # type: ignore[attr-defined]
