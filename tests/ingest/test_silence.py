"""Silent devices, by the interval at which each sends itself."""

from dataclasses import dataclass, field

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ingest.sequence import Tally, Track
from ingest.silence import SILENT_INTERVALS, UNKNOWN_S, Silence

LOOK_S = 10.0
START_MS = 1_767_225_600_000


@dataclass(kw_only=True)
class Device:
    track: Track = field(default_factory=lambda: Track(Tally()))

    def reads(self, seq: int, at_s: float) -> None:
        self.track.observe(seq, START_MS + round(at_s * 1000))


class Town:
    """Devices with one interval each; readings come when they are due, and a look every ten seconds."""

    def __init__(self, *intervals_s: float) -> None:
        self.now = 0.0
        self.silence = Silence(lambda: self.now)
        self.devices = {f"device-{number}": Device() for number in range(len(intervals_s))}
        self.intervals_s = intervals_s
        self.sent = [0] * len(intervals_s)
        self.off: set[int] = set()
        self.lost: set[tuple[int, int]] = set()

    def look(self) -> int:
        for number, (device, interval_s) in enumerate(zip(self.devices.values(), self.intervals_s, strict=True)):
            while self.sent[number] * interval_s <= self.now:
                seq = self.sent[number]
                self.sent[number] += 1
                if number not in self.off and (number, seq) not in self.lost:
                    device.reads(1000 + seq, seq * interval_s)
        silent = self.silence.look({name: one for name, one in self.devices.items() if one.track.newest >= 0})
        self.now += LOOK_S
        return silent


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([0.5, 1.0, 7.0, 10.0, 60.0, 300.0, 1200.0]), min_size=1, max_size=5), st.data())
def test_a_device_is_silent_after_three_of_its_own_intervals(intervals_s: list[float], data: st.DataObject) -> None:
    town = Town(*intervals_s)
    assert [town.look() for _ in range(400)] == [0] * 400  # over an hour, from the first reading on
    town.off = {data.draw(st.integers(0, len(intervals_s) - 1))}
    (number,) = town.off
    ends_s = town.now - LOOK_S
    while not town.look():
        assert town.now - ends_s < (SILENT_INTERVALS + 1) * intervals_s[number] + 2 * LOOK_S
    assert town.now - ends_s > SILENT_INTERVALS * intervals_s[number] - LOOK_S - intervals_s[number]
    town.off = set()
    for _ in range(200):
        silent = town.look()
    assert silent == 0


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(2, 60), max_size=20))
def test_lost_readings_make_no_interval_longer(lost: set[int]) -> None:
    assume(not any({seq, seq + 1} <= lost for seq in lost))
    town = Town(60.0)
    town.lost = {(0, seq) for seq in lost}
    assert not any(town.look() for _ in range(400))
    town.off = {0}
    for _ in range(30):
        silent = town.look()
    assert silent == 1


@pytest.mark.parametrize(("seq", "ms"), [(5_000_000, 0), (0, 0), (1024, 86_400_000), (1024, -86_400_000)])
def test_a_counter_that_leaps_and_a_clock_that_is_put_right_make_nobody_silent(seq: int, ms: int) -> None:
    device, now = Device(), 0.0
    silence = Silence(lambda: now)
    for number in range(48):
        now = number * 30.0
        if number % 2 == 0:
            late = number >= 24
            device.track.observe(
                (seq if late else 1000) + number // 2, START_MS + number * 30_000 + (ms if late else 0)
            )
        assert silence.look({"device": device}) == 0


def test_of_one_reading_no_interval_is_known() -> None:
    device, now = Device(), 0.0
    silence = Silence(lambda: now)
    device.reads(7, 0.0)
    for now in (0.0, UNKNOWN_S / 2, UNKNOWN_S - 1):  # noqa: B007 - the clock
        assert silence.look({"device": device}) == 0
    now = UNKNOWN_S + 1
    assert silence.look({"device": device}) == 1
