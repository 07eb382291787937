"""The JSON codec: what is written is read back exactly, and whatever else is rejected with its reason."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from park.catalogue import Behaviour, Channel, DeviceKind, ValueType
from park.codecs import CODECS, DEFAULT_CONTENT_TYPE
from park.columns import Columns
from park.errors import DecodeError
from park.rejection import Reason
from sectors import KINDS

KIND = DeviceKind(
    name="sample_kind",
    title="Sample",
    description="one channel of every type",
    channels=(
        Channel(name="level", unit="m", description="a float", low=-100, high=100, decimals=3),
        Channel(name="total", unit="1", description="an int", high=1e9, type=ValueType.INT),
        Channel(name="open", unit="1", description="a bool", type=ValueType.BOOL, behaviour=Behaviour.STATE),
        Channel(name="status", unit="1", description="a text", type=ValueType.TEXT, texts=("off", "on-1.2")),
    ),
)
TS = 1_767_225_600_000
JSON = CODECS[DEFAULT_CONTENT_TYPE]


@given(st.data())
def test_every_row_reads_back_as_the_value_that_was_meant(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 12))

    def column(low: int, high: int) -> Any:
        return np.array(data.draw(st.lists(st.integers(low, high), min_size=count, max_size=count)), dtype=np.int64)

    def mask() -> Any:
        return np.array(data.draw(st.lists(st.booleans(), min_size=count, max_size=count)), dtype=np.bool_)

    columns = Columns(
        kind=KIND,
        device=np.arange(count),
        ts=column(TS, TS + 10**9),
        seq=column(0, 2**40),
        values={
            "level": column(-100_000, 100_000),
            "total": column(0, 10**9),
            "open": column(0, 1),
            "status": column(0, 1),
        },
        present={"level": mask(), "status": mask()},
    )
    payloads = JSON.encoder(KIND)(columns).split()
    read = JSON.decoder(KIND)
    for row, payload in enumerate(payloads):
        expected: dict[str, Any] = {"ts": int(columns.ts[row]), "seq": int(columns.seq[row])}
        if columns.present["level"][row]:
            expected["level"] = columns.values["level"][row] / 1000
        expected["total"] = int(columns.values["total"][row])
        expected["open"] = bool(columns.values["open"][row])
        if columns.present["status"][row]:
            expected["status"] = ("off", "on-1.2")[columns.values["status"][row]]
        assert json.loads(payload) == expected
        decoded = read(payload)
        assert all(getattr(decoded, name) == value for name, value in expected.items())


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", Reason.MALFORMED),
        (b"{", Reason.MALFORMED),
        (b"\xff\xfe", Reason.MALFORMED),
        (b'{"ts":1767225600000,"seq":1,"level":NaN}', Reason.MALFORMED),
        (b'{"ts":1767225600000}', Reason.MALFORMED),
        (b"[" * 5000, Reason.WRONG_TYPE),
        (b"[]", Reason.WRONG_TYPE),
        (b'{"ts":1767225600000,"seq":1,"level":"high"}', Reason.WRONG_TYPE),
        (b'{"ts":1767225600000,"seq":1,"level":null}', Reason.WRONG_TYPE),
        (b'{"ts":1767225600000,"seq":1,"level":true}', Reason.WRONG_TYPE),
        (b'{"ts":1767225600000,"seq":1,"total":1.5}', Reason.WRONG_TYPE),
        (b'{"ts":1767225600000,"seq":1,"open":1}', Reason.WRONG_TYPE),
        (b'{"ts":1767225600000,"seq":1,"status":"two words"}', Reason.WRONG_TYPE),
        (b'{"ts":1767225600000,"seq":1,"status":"off\\n"}', Reason.WRONG_TYPE),
        (b'{"ts":1767225600000,"seq":-1}', Reason.WRONG_TYPE),
        (b'{"ts":1767225600000,"seq":1,"depth":1.0}', Reason.UNKNOWN_CHANNEL),
        (b'{"ts":1767225600,"seq":1,"level":1.0}', Reason.BAD_TIMESTAMP),
        (b'{"ts":"now","seq":1,"level":1.0}', Reason.BAD_TIMESTAMP),
    ],
)
def test_what_is_no_reading_is_rejected_with_its_reason(payload: bytes, reason: Reason) -> None:
    with pytest.raises(DecodeError) as caught:
        JSON.decoder(KIND)(payload)
    assert caught.value.reason is reason
    assert "sample_kind" in str(caught.value)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_reading_or_a_decode_error(payload: bytes) -> None:
    try:
        JSON.decoder(KIND)(payload)
    except DecodeError:
        return
    json.loads(payload)  # what the codec takes is JSON to anybody else as well


def test_a_float_channel_takes_a_whole_number() -> None:
    decoded: Any = JSON.decoder(KIND)(b'{"ts":1767225600000,"seq":1,"level":3}')
    assert isinstance(decoded.level, float)


def test_every_kind_of_the_catalogue_has_a_decoder_in_every_codec() -> None:
    for codec in CODECS.values():
        for kind in KINDS.values():
            with pytest.raises(DecodeError):
                codec.decoder(kind)(b"")
