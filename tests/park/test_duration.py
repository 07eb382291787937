"""Durations in text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from park.duration import LONGEST_MS, whole_ms


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("0s", 0), ("500ms", 500), ("1.001s", 1001), ("0.1s", 100), ("1.5h", 5_400_000), ("7d", 604_800_000)],
)
def test_a_duration_is_exact(text: str, milliseconds: int) -> None:
    assert whole_ms(text) == milliseconds


@given(st.integers(0, 10**9))
def test_thousandths_of_a_second_are_whole(milliseconds: int) -> None:
    assert whole_ms(f"{milliseconds // 1000}.{milliseconds % 1000:03d}s") == milliseconds


@pytest.mark.parametrize(
    "text",
    ["", "5", "s", "-5s", "+5s", "1h30", "1h30m", "1 h", "1H", "1w", ".5s", "5.s", "1e3s", "1_0s", "∞", "nan s"],
)
def test_what_is_none(text: str) -> None:
    assert whole_ms(text) is None


@pytest.mark.parametrize("text", ["0.5ms", "1.0001s", "36526d", "9" * 15 + "d", "9" * 400 + "d", "\u0663d", "\uff11s"])
def test_what_has_no_whole_milliseconds_or_is_longer_than_a_century(text: str) -> None:
    assert whole_ms(text) is None


def test_a_century_is_the_longest() -> None:
    assert whole_ms("36525d") == LONGEST_MS
