"""What households run."""

import numpy as np
import pytest

from sectors.energy.appliances import SLOT_HOURS
from sectors.energy.habits import HABITS, awake
from sectors.energy.uses import Uses, uses
from simulator.streams import CounterStreams

STREAMS = CounterStreams(5)
HOMES = 400
DEVICE = 3 * np.arange(HOMES)
HOUR = np.broadcast_to(SLOT_HOURS, (HOMES, len(SLOT_HOURS)))


def day_of(day: int, *, doing: float = 1.0, device: np.ndarray = DEVICE) -> Uses:
    """A day on which three quarters of those up are at home."""
    count = len(device)
    return uses(
        STREAMS,
        device,
        np.full(count, day),
        up=0.72 * awake(HOUR[:count]),
        doing=np.full(count, doing),
        hour=HOUR[:count],
        heat=np.ones(count),
    )


def test_minutes_add_up_to_five_of_them() -> None:
    day = day_of(11)
    minutes, restless = day.drawn(1)
    fives, _ = day.drawn(5)
    assert minutes.min() >= 0
    assert (restless <= 0.1 * minutes + 1e-15).all()
    assert np.allclose(minutes[:, 1:].reshape(HOMES, 288, 5).sum(axis=2), fives[:, 1:], atol=1e-12)


def test_a_use_draws_its_power_for_its_share_of_the_time() -> None:
    day = day_of(11)
    kettles = np.flatnonzero((day.cycle > 2000) & (day.start > 0) & (day.start + day.length < 1440))
    steady = [use for use in kettles if HABITS_UNEVEN[day.which[use]] == 0][:200]
    for use in steady:
        assert alone(day, use).drawn(1)[0].sum() == pytest.approx(day.power[use] * day.length[use] / 60)


def alone(day: Uses, use: np.int64) -> Uses:
    """One use of a day."""
    parts = {name: getattr(day, name)[[use]] for name in ("which", "start", "length", "power", "cycle")}
    return Uses(streams=STREAMS, device=DEVICE[:1], day=day.day[:1], row=np.zeros(1, dtype=np.int64), **parts)


def test_what_is_on_draws_less_and_less() -> None:
    day = day_of(11, doing=0.0)
    inside = np.flatnonzero((day.start > 0) & (day.start + day.length < 1430) & (day.length > 8))
    for use in inside[:50]:
        first, last = np.ceil(day.start[use]), np.floor(day.start[use] + day.length[use])
        minutes = alone(day, use).drawn(1)[0][0, 1 + int(first) : 1 + int(last)]
        assert (np.diff(minutes) < 0).all()
        assert 0.75 < minutes[-1] / minutes[0] < 0.95


def test_a_household_goes_to_bed() -> None:
    day = day_of(11)
    kinds = np.repeat(np.arange(len(HABITS)), [habit.most for habit in HABITS])
    up = np.array([habit.awake for habit in HABITS])[kinds]
    people = np.flatnonzero(day.which < len(kinds))
    ends = (day.start + day.length)[people][up[day.which[people]]]
    assert (ends > 60 * 19.5).any()  # 23:30
    assert ends.max() < 60 * 21


HABITS_UNEVEN = np.concatenate([np.repeat([h.uneven for h in HABITS], [h.most for h in HABITS]), np.zeros(200)])


def test_habits_occur_as_often_as_they_should() -> None:
    found = np.concatenate([day_of(day).which for day in range(20, 30)])
    kinds = np.repeat(np.arange(len(HABITS)), [habit.most for habit in HABITS])
    counted = np.bincount(kinds[found[found < len(kinds)]], minlength=len(HABITS)) / (10 * HOMES)
    # Tastes spread: their mean is above one, and a habit has a most.
    for habit, often in zip(HABITS, counted, strict=True):
        assert 0.8 * habit.per_day < often < 1.35 * habit.per_day


def test_nobody_uses_anything_when_away_but_the_fridge_runs() -> None:
    day = day_of(11, doing=0.0)
    assert (day.which >= sum(habit.most for habit in HABITS)).all()
    assert (np.bincount(day.row, minlength=HOMES) > 20).all()


def test_a_fridge_runs_over_four_as_if_days_had_no_ends() -> None:
    late, early = day_of(11, doing=0.0), day_of(12, doing=0.0)
    over = late.start + late.length > 1440
    assert 0.3 < over.sum() / HOMES < 2
    begun = (early.start < 0) & (early.start + early.length > 0)
    ends = [sorted(zip(one.row[some], np.round(one.start[some] - shift, 6), strict=True)) for one, some, shift in (
        (late, over, 1440), (early, begun, 0))]  # fmt: skip
    assert ends[0] == ends[1]


def test_uses_end_before_four() -> None:
    day = day_of(11, doing=1.5)
    people = day.which < sum(habit.most for habit in HABITS)
    assert (day.start[people] >= 0).all()
    assert (day.start + day.length)[people].max() <= 1410


def test_a_home_is_the_same_beside_any_other() -> None:
    together, alone = day_of(11).drawn(1)[0], day_of(11, device=DEVICE[7:8]).drawn(1)[0]
    assert np.array_equal(together[7], alone[0])
