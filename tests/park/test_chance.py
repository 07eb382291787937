import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from park.chance import binomial, dealt, leaves, many, poisson
from park.model import Floats, Ints

RNG = np.random.default_rng(2)


@given(
    total=hnp.arrays(np.int64, 3, elements=st.integers(0, 50_000)),
    expected=hnp.arrays(np.float64, (3, 45), elements=st.floats(0, 9)),
    seed=st.integers(0, 99),
)
def test_bins_get_the_whole_total_and_nothing_where_nothing_is_expected(
    total: Ints, expected: Floats, seed: int
) -> None:
    expected[:, 7] += 1.0
    parts = dealt(total, expected, np.random.default_rng(seed).standard_normal((3, leaves(45))))
    np.testing.assert_array_equal(parts.sum(axis=-1), total)
    assert parts.min() >= 0
    assert (parts[expected == 0] == 0).all()


def test_bins_are_poisson_counts() -> None:
    days, bins = 4000, 288
    total = RNG.poisson(2.0 * bins, days)
    parts = dealt(total, np.ones((days, bins)), RNG.standard_normal((days, leaves(bins))))
    assert abs((parts == 0).mean() - np.exp(-2.0)) < 0.004
    assert abs(parts.var() / parts.mean() - 1) < 0.04
    assert abs(np.corrcoef(parts[:, 0], parts[:, 1])[0, 1]) < 0.05


def test_counts_have_the_mean_and_spread_of_chance() -> None:
    z, u = RNG.standard_normal(100_000), RNG.uniform(size=100_000)
    large, small = many(np.full(z.shape, 900.0), z), poisson(np.full(u.shape, 1.3), u)
    assert abs(large.mean() - 900) < 1
    assert abs(large.var() / 900 - 1) < 0.03
    assert abs((small == 0).mean() - np.exp(-1.3)) < 0.01
    assert abs(small.var() / small.mean() - 1) < 0.03
    for n in (1, 2, 7):
        drawn = binomial(np.full(z.shape, n), np.full(z.shape, 0.5), z)
        assert drawn.max() <= n
        assert abs((drawn == 0).mean() - 0.5**n) < 0.015
