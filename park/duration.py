"""Durations in text: `500ms`, `30s`, `10m`, `24h`, `7d`."""

import re
from fractions import Fraction

LONGEST_MS = 36_525 * 86_400_000
"""A century: what is longer is a slip, and would not fit where times are whole numbers of 64 bits."""

_DURATION = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)(ms|s|m|h|d)")
_UNIT_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def whole_ms(text: str) -> int | None:
    """A duration in whole milliseconds; None if it is none, has a fraction of them, or is longer than a century."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    exact = Fraction(match[1]) * _UNIT_MS[match[2]]  # a float has no 1.001 s
    return int(exact) if exact.denominator == 1 and exact <= LONGEST_MS else None
