"""Foreign text: whatever is in it, a terminal shows it and does nothing else."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from park.safe_text import escape_event, printable

#: Controls, formats (bidirectional and zero-width), surrogates, private, unassigned, separators of lines.
ACTIVE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b]0;owned\x07\x1b[2J", r"\x1b]0;owned\x07\x1b[2J"),
        ("\x9b31m", r"\x9b31m"),
        ("a\u202eb\u2066c\u200dd", r"a\u202eb\u2066c\u200dd"),
        ("one\ntwo\r\t\x7f", r"one\ntwo\r\t\x7f"),
        ("\u2028\ud800\U000e0041", r"\u2028\ud800\U000e0041"),
        ("蠡湖 20 °C", "蠡湖 20 °C"),
    ],
)
def test_what_acts_on_a_terminal_is_named_instead(raw: str, shown: str) -> None:
    assert printable(raw) == shown


@given(st.text(st.characters(exclude_categories=[])))
def test_nothing_active_is_left_of_any_text(text: str) -> None:
    shown = printable(text)
    assert not {unicodedata.category(one) for one in shown} & ACTIVE
    assert printable(shown) == shown
    shown.encode()


def test_lines_may_be_kept_and_length_bounded() -> None:
    assert printable("a\n\x1bb", keep="\n") == "a\n\\x1bb"
    assert printable("\x1b" * 100, limit=2) == r"\x1b\x1b..."


def test_a_log_line_is_escaped_in_every_value() -> None:
    event = {
        "event": "away\x1b[2J",
        "reason": ValueError("\x9b"),
        "list": ["\u202e"],
        "count": 3,
        "exception": "a\nb\x1b",
    }
    assert escape_event(None, "info", event) == {
        "event": r"away\x1b[2J",
        "reason": r"\x9b",
        "list": r"['\u202e']",
        "count": 3,
        "exception": "a\nb\\x1b",
    }
