"""A few readings and events of every kind, whose bytes the models' version stands for."""

import hashlib

from tests.simulator.conftest import HOUR, MINUTE, lines_of, select

#: 2026-01-20T00:00 and 2026-03-06T16:00 local time.
_WINDOWS = ((1_768_838_400_000, HOUR), (1_772_784_000_000, 20 * MINUTE))


def digest() -> str:
    """What the default town's first cells publish in two short windows, and the rain of one day."""
    told = hashlib.blake2b(digest_size=16)
    for start, length in _WINDOWS:
        told.update(lines_of(select(seed=42, devices=132, events=True), start, start + length))
    return told.hexdigest()
