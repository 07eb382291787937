"""Few halls are walked in another way than many: to the bit with the same result."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sectors.municipal.room_steps import Steps

POINTS, HALLS = 145, 12


def some(seed: int, days: int) -> Steps:
    """Halls of winters and summers; at night their pumps are off."""
    make = np.random.default_rng(seed)
    shape = (POINTS, days * HALLS)
    off = make.uniform(size=(POINTS, 1)) < 0.4
    kept = make.uniform(0.8, 0.99, shape)
    return Steps(
        kept=kept,
        steady=(1.0 - kept) * make.uniform(-10.0, 38.0, shape),
        per_kw=make.uniform(0.01, 0.1, shape),
        feed=make.uniform(-10.0, 10.0, shape),
        target=np.where(make.uniform(size=shape) < 0.5, 20.0, 26.0),
        low=np.where(off, 0.0, -make.uniform(0.0, 14.0, shape)),
        high=np.where(off, 0.0, make.uniform(0.0, 14.0, shape)),
    )


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), days=st.integers(1, 3))
def test_a_few_halls_by_themselves_are_what_they_are_among_many(seed: int, days: int) -> None:
    steps, start = some(seed, days), np.linspace(5.0, 30.0, HALLS)
    cel, heat = steps.walk(start)
    for few in (slice(0, 5), slice(5, 12)):
        mine = np.concatenate([np.arange(HALLS)[few] + day * HALLS for day in range(days)])
        alone = replace(steps, **{name: part[:, mine] for name, part in vars(steps).items()}).walk(start[few])
        np.testing.assert_array_equal(alone[0], cel[:, mine])
        np.testing.assert_array_equal(alone[1], heat[:, mine])


def test_days_follow_one_another() -> None:
    steps, start = some(1, 2), np.full(HALLS, 18.0)
    cel, _ = steps.walk(start)
    np.testing.assert_array_equal(cel[0, :HALLS], start)
    np.testing.assert_array_equal(cel[0, HALLS:], cel[-1, :HALLS])
