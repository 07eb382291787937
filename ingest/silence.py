"""Devices that have fallen silent, by the interval at which each has been sending itself.

The catalogue's interval says nothing of real hardware, nor of a town that has changed it. What a reading carries does:
between two of a device lie as many intervals as its numbers are apart. It is looked at with each report, so that a
message costs nothing.
"""

import time
from collections.abc import Callable, Mapping
from typing import Protocol

SILENT_INTERVALS = 3
UNKNOWN_S = 3600.0
"""A device of which only one reading is known may be silent for so long."""


class Track(Protocol):
    """What is asked of a device's sequence."""

    @property
    def expected(self) -> int:
        """The number after the highest."""

    @property
    def newest(self) -> int:
        """The greatest `ts`, in ms."""


class Device(Protocol):
    """What is asked of a device's entry."""

    @property
    def track(self) -> Track:
        """Its sequence."""


class _Heard:
    """What a device's last new reading was, and when it was seen."""

    __slots__ = ("at", "expected", "interval_s", "latest_s", "newest")

    def __init__(self, track: Track, at: float) -> None:
        self.expected = track.expected
        self.newest = track.newest
        self.at = at
        self.interval_s = UNKNOWN_S / SILENT_INTERVALS
        self.latest_s = 0.0

    def again(self, track: Track, at: float) -> None:
        """There are new readings. The longer one of the last two intervals counts.

        A counter that leaps, or a clock that is put right, spoils one of them.
        """
        numbers, ms = track.expected - self.expected, track.newest - self.newest
        if numbers > 0 and ms > 0:
            before, self.latest_s = self.latest_s, ms / numbers / 1000
            self.interval_s = max(before, self.latest_s)
        self.expected, self.newest, self.at = track.expected, track.newest, at


class Silence:
    """Remembers when each device was heard; as many entries as there are devices."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._heard: dict[str, _Heard] = {}

    def look(self, devices: Mapping[str, Device]) -> int:
        """How many have not been heard for three of their intervals; called regularly."""
        now, heard = self._clock(), self._heard
        silent = 0
        for topic, device in devices.items():
            track, known = device.track, heard.get(topic)
            if known is None:
                heard[topic] = _Heard(track, now)
            elif track.expected != known.expected:
                known.again(track, now)
            elif now - known.at > SILENT_INTERVALS * known.interval_s:
                silent += 1
        return silent
