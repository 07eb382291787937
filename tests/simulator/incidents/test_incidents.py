"""Incidents: what is sent differs from clean readings where the answer says, and nowhere else."""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from mqttlink import Address
from park.codecs import CODECS, DEFAULT_CONTENT_TYPE
from park.columns import Columns
from park.errors import DecodeError
from sectors import KINDS
from simulator.broker import GatewayOptions
from simulator.incidents.answer import answer
from simulator.incidents.cast import Cast, draw
from simulator.incidents.outage import Away
from simulator.incidents.replay import ReplayOptions, planned
from simulator.incidents.scenes import SCENES, Delivery, Outage
from simulator.incidents.staged import staged, torn_codec
from simulator.observed import Readings, readings_of
from simulator.state import TownState
from tests.simulator.conftest import HOUR, MINUTE, START, select

WINDOW = (START + 100 * HOUR, START + 100 * HOUR + 20 * MINUTE)
_JSON = CODECS[DEFAULT_CONTENT_TYPE]
every_incident = pytest.mark.parametrize(
    "name", [name for name, scene in SCENES.items() if not isinstance(scene.strike, Outage)]
)
#: These only come later.
_LATER = ("lost-gateway", "slow-uplink")

#: (device, ts, payload), and how often it is sent.
_Sent = Counter[tuple[int, int, bytes]]


def _cast(name: str, number: int = 3) -> Cast:
    options = ReplayOptions(
        name=name,
        town=select(),
        broker=GatewayOptions(address=Address(host="127.0.0.1", port=1, tls=False)),
        first_device=500,
        length_ms=WINDOW[1] - WINDOW[0],
        speed=1.0,
        number=number,
    )
    return draw(name, SCENES[name], planned(options), WINDOW, number)


def _sent(cast: Cast, windows: Iterator[tuple[int, int]] | None = None) -> _Sent:
    readings = staged(cast, cast.plan, TownState([cast.plan]))
    codec = torn_codec(_JSON, cast)
    return _payloads(readings, codec.encoder(KINDS[cast.scene.kind]), windows or iter([WINDOW]))


def _clean(cast: Cast) -> _Sent:
    return _payloads(readings_of(cast.plan.selection), _JSON.encoder(KINDS[cast.scene.kind]), iter([WINDOW]))


def _payloads(readings: Readings, write: Any, windows: Iterator[tuple[int, int]]) -> _Sent:
    found: _Sent = Counter()
    for window in windows:
        for columns in readings.columns(*window):
            found.update(_rows(columns, write(columns).split()))
    return found


def _rows(columns: Columns, payloads: list[bytes]) -> Iterator[tuple[int, int, bytes]]:
    return zip(columns.device.tolist(), columns.ts.tolist(), payloads, strict=True)


def _victims(cast: Cast) -> set[int]:
    return set(cast.hit.devices.tolist())


@every_incident
def test_only_victims_are_hit_and_only_then(name: str) -> None:
    cast = _cast(name)
    assert 0 < len(_victims(cast)) < len(cast.plan)
    assert WINDOW[0] < cast.hit.start_ms < cast.hit.end_ms < WINDOW[1]
    sent, clean = _sent(cast), _clean(cast)
    differs = {row[:2] for row in (sent - clean) + (clean - sent)}
    assert bool(differs) != (name in _LATER)
    assert {device for device, _ in differs} <= _victims(cast)
    ahead = HOUR if name == "clock-jump" else 0
    assert all(cast.hit.start_ms <= ts < cast.hit.end_ms + ahead for _, ts in differs)


@every_incident
def test_the_answer_tells_each_victim_and_its_first_moment(name: str) -> None:
    cast = _cast(name)
    told = {label["device"]: label for label in answer(cast, WINDOW[1])}
    kind = KINDS[cast.scene.kind]
    assert set(told) == {kind.device(device + 1) for device in _victims(cast)}
    clean, sent = _clean(cast), _sent(cast)
    for device in _victims(cast):
        label = told[kind.device(device + 1)]
        mine = sorted(ts for at, ts, _ in clean if at == device and cast.hit.start_ms <= ts < cast.hit.end_ms)
        if not isinstance(cast.scene.strike, Delivery) or name == "weak-radio":
            mine = sorted(row[1] for row in clean - sent if row[0] == device)
        assert (label["first_observable"], label["changed"]) == (mine[0], len(mine))
        assert (label["start"], label["end"]) == (cast.hit.start_ms, cast.hit.end_ms)


@every_incident
def test_it_is_the_same_however_its_time_is_cut_and_another_draw_is_another(name: str) -> None:
    cast = _cast(name)
    cuts = [WINDOW[0], cast.hit.start_ms + 1, cast.hit.end_ms - 7, cast.hit.end_ms + 1, WINDOW[1]]
    assert _sent(cast, pairwise(cuts)) == _sent(_cast(name))
    others = [_cast(name, number) for number in range(4, 8)]
    assert {other.hit.start_ms for other in others} - {cast.hit.start_ms}


def test_a_storm_sends_twenty_times() -> None:
    cast = _cast("gateway-storm")
    times = Counter(_sent(cast).values())
    assert set(times) == {1, 20}


def test_a_silent_site_comes_back_with_all_it_had() -> None:
    cast = _cast("lost-gateway")
    assert _sent(cast) == _clean(cast)
    during = _sent(cast, iter([(cast.hit.start_ms, cast.hit.end_ms)]))
    assert during
    assert not {device for device, _, _ in during} & _victims(cast)
    back = _sent(cast, iter([(cast.hit.end_ms, cast.hit.end_ms + 1)]))
    assert {device for device, _, _ in back} == _victims(cast)
    assert min(ts for _, ts, _ in back) - cast.hit.start_ms < 10_000


def test_there_are_a_dozen() -> None:
    assert len(SCENES) >= 12


def test_a_weak_radio_loses_every_third_reading_and_no_more() -> None:
    cast = _cast("weak-radio")
    sent, clean = _sent(cast), _clean(cast)
    assert not sent - clean
    due = [row for row in clean if row[0] in _victims(cast) and cast.hit.start_ms <= row[1] < cast.hit.end_ms]
    assert len(clean - sent) == pytest.approx(len(due) / 3, rel=0.2)


def test_a_slow_uplink_loses_nothing_and_disorders_it() -> None:
    cast = _cast("slow-uplink")
    clean = _clean(cast)
    assert _sent(cast) == clean
    order = list(_sent(cast, pairwise(range(cast.hit.start_ms, cast.hit.end_ms + 1, 20_000))))
    one = next(iter(_victims(cast)))
    times = [ts for device, ts, _ in order if device == one]
    assert times != sorted(times)
    after = [ts for device, ts, _ in _sent(cast, iter([(cast.hit.end_ms, WINDOW[1])])) if device == one]
    assert min(after) < cast.hit.end_ms
    assert not {ts for ts in times if ts >= cast.hit.end_ms}


def test_the_answer_of_an_outage_is_the_part_and_when_it_really_was_away() -> None:
    cast = _cast("store-away")
    assert not _victims(cast)
    assert _sent(cast) == _clean(cast)
    away = Away(start_ms=WINDOW[0] + 1_000, gone_ms=WINDOW[0] + 3_000, end_ms=WINDOW[0] + 63_000)
    (label,) = answer(cast, WINDOW[1], away)
    assert (label["device"], label["fault"], label["start"], label["end"]) == (
        *("store", "away"),
        *(away.start_ms, away.end_ms),
    )
    assert label["first_observable"] == away.gone_ms
    assert label["changed"] == sum(away.gone_ms <= ts < away.end_ms for _, ts, _ in _clean(cast))
    assert not list(answer(cast, WINDOW[1]))


def test_a_wrong_clock_leaves_slots_and_values_right() -> None:
    cast = _cast("clock-jump")
    right, wrong = _clean(cast) - _sent(cast), _sent(cast) - _clean(cast)
    assert len(right) == len(wrong) > 0

    def known(rows: _Sent) -> set[tuple[int, str]]:
        told = ((device, json.loads(payload)) for device, _, payload in rows)
        return {
            (device, json.dumps({name: one for name, one in values.items() if name != "ts"})) for device, values in told
        }

    assert known(right) == known(wrong)
    assert {ts + HOUR for _, ts, _ in right} == {ts for _, ts, _ in wrong}


def test_a_poisoned_batch_cannot_be_read() -> None:
    cast = _cast("poisoned-batch")
    assert len(_victims(cast)) == 10
    read = _JSON.decoder(KINDS["waste_bin"])
    poison = _sent(cast) - _clean(cast)
    assert poison
    for _, _, payload in poison:
        with pytest.raises(DecodeError):
            read(payload)
