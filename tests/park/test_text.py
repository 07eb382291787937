"""The text engine writes what Python's own formatting would."""

from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from park.text import RowWriter, choice, number, padded

WHOLE = st.integers(-(2**62), 2**62)


def exact(k: int, decimals: int) -> str:
    return f"{Decimal(k).scaleb(-decimals):.{decimals}f}"


@given(st.lists(WHOLE, min_size=1, max_size=40), st.integers(0, 6))
def test_numbers_are_written_as_by_exact_decimal_arithmetic(ks: list[int], decimals: int) -> None:
    rows = number(np.array(ks, dtype=np.int64), decimals).split()
    assert [row.decode() for row in rows] == [exact(k, decimals) for k in ks]


@given(st.lists(st.integers(-(10**8), 10**8), min_size=1, max_size=40), st.integers(0, 6))
def test_the_written_text_parses_to_k_over_ten_to_the_d(ks: list[int], decimals: int) -> None:
    rows = number(np.array(ks, dtype=np.int64), decimals).split()
    assert [float(row) for row in rows] == [k / 10**decimals for k in ks]


@given(st.data())
def test_a_writer_lays_parts_out_from_left_to_right(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 20))
    ks = data.draw(st.lists(st.integers(-999, 99999), min_size=count, max_size=count))
    picks = data.draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    where = data.draw(st.lists(st.booleans(), min_size=count, max_size=count))
    texts = (b"a", b"bcd", b"")
    writer = RowWriter(count)
    writer.literal(b"<")
    writer.literal(b"-")
    writer.rows(number(np.array(ks), 1))
    writer.literal(b",", np.array(where))
    writer.rows(choice(np.array(picks), texts), np.array(where))
    rows = writer.done()
    expected = [
        b"<-" + exact(k, 1).encode() + (b"," + texts[pick] if there else b"")
        for k, pick, there in zip(ks, picks, where, strict=True)
    ]
    assert rows.split() == expected
    assert rows.join() == b"".join(expected)
    assert rows.lengths().tolist() == [len(text) for text in expected]


@given(st.integers(0, 2**62), st.lists(st.integers(0, 10_000), min_size=1, max_size=20))
def test_numbers_close_together_are_written_as_any_others(base: int, steps: list[int]) -> None:
    ks = [base + step for step in steps]
    assert number(np.array(ks)).split() == [b"%d" % k for k in ks]


@given(st.lists(st.integers(0, 10**8), min_size=1, max_size=20), st.integers(1, 7))
def test_padded_numbers_have_at_least_their_width(ks: list[int], width: int) -> None:
    rows = padded(np.array(ks), width)
    expected = [b"%0*d" % (width, k) for k in ks]
    assert rows.split() == expected
    assert [row.tobytes().rstrip(b"\0") for row in rows.left_aligned()] == expected


def test_rows_of_one_width_need_no_mask() -> None:
    assert number(np.array([1234, 5678])).keep is None
    rows = number(np.array([12, 5678]))
    assert rows.keep is not None
    assert rows.split() == [b"12", b"5678"]


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30), st.data())
def test_pieces_are_the_rows_from_one_cut_to_the_next(ks: list[int], data: st.DataObject) -> None:
    rows = number(np.array(ks))
    cuts = sorted({0, *data.draw(st.lists(st.integers(0, len(ks) - 1)))})
    expected = [b"".join(rows.split()[a:b]) for a, b in zip(cuts, [*cuts[1:], len(ks)], strict=True)]
    assert rows.cut(np.array(cuts)) == expected
