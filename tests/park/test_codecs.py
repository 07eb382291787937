"""Every codec found: what is written is read back exactly, and whatever else is rejected with a reason."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from park.catalogue import Behaviour, Channel, DeviceKind, ValueType
from park.codecs import CODECS, DEFAULT_CONTENT_TYPE, Codec
from park.columns import Columns
from park.errors import DecodeError
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
RANGES = {"level": (-100_000, 100_000), "total": (0, 10**9), "open": (0, 1), "status": (0, 1)}

EVERY_CODEC = pytest.mark.parametrize("codec", CODECS.values(), ids=list(CODECS))


@st.composite
def columns(draw: st.DrawFn) -> Columns:
    count = draw(st.integers(1, 12))

    def column(low: int, high: int) -> Any:
        return np.array(draw(st.lists(st.integers(low, high), min_size=count, max_size=count)), dtype=np.int64)

    def mask() -> Any:
        return np.array(draw(st.lists(st.booleans(), min_size=count, max_size=count)), dtype=np.bool_)

    return Columns(
        kind=KIND,
        device=np.arange(count),
        ts=column(TS, TS + 10**9),
        seq=column(0, 2**40),
        values={name: column(*bounds) for name, bounds in RANGES.items()},
        present={name: mask() for name in ("level", "status", "open")},
    )


@EVERY_CODEC
@given(told=columns())
def test_every_row_reads_back_as_the_value_that_was_meant(codec: Codec, told: Columns) -> None:
    payloads = codec.encoder(KIND)(told).split()
    assert len(payloads) == len(told)
    read = codec.decoder(KIND)
    meant = {
        "level": [k / 1000 for k in told.values["level"].tolist()],
        "total": told.values["total"].tolist(),
        "open": [bool(k) for k in told.values["open"].tolist()],
        "status": [("off", "on-1.2")[k] for k in told.values["status"].tolist()],
    }
    for row, payload in enumerate(payloads):
        reading = read(payload)
        assert (reading.ts, reading.seq) == (told.ts[row], told.seq[row])
        for name, values in meant.items():
            value = getattr(reading, name)
            present = name not in told.present or told.present[name][row]
            assert (value is not msgspec.UNSET) == present
            if present:
                assert value == values[row]
                assert type(value) is type(values[row])


@EVERY_CODEC
@given(payload=st.binary(max_size=200) | st.text(max_size=80).map(str.encode))
def test_any_bytes_are_a_reading_or_a_decode_error(codec: Codec, payload: bytes) -> None:
    try:
        reading = codec.decoder(KIND)(payload)
    except DecodeError:
        return
    assert reading.ts > 0
    assert reading.seq >= 0


@EVERY_CODEC
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_the_catalogue_has_a_decoder_in_every_codec(codec: Codec, kind: str) -> None:
    with pytest.raises(DecodeError):
        codec.decoder(KINDS[kind])(b"")


def test_what_no_content_type_means_is_a_codec() -> None:
    assert DEFAULT_CONTENT_TYPE in CODECS
    assert {name: codec.content_type for name, codec in CODECS.items()} == {name: name for name in CODECS}
