"""Counter-based randomness: the same for ever, well distributed, and indifferent to how it is asked for."""

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.streams import CounterStreams

MANY = 200_000
Draw = Callable[..., npt.NDArray[np.float64]]
COUNTERS = st.integers(-(2**62), 2**62)
KNOWN_UNIFORM = 0.31655065340264543
KNOWN_NORMAL = [-0.7731716333377389, -0.1593837957038858, -1.4602630258639289]


def kolmogorov(values: npt.NDArray[np.float64], cdf: Callable[[float], float]) -> float:
    """Kolmogorov's distance times the square root of the count; above 1.95 once in a thousand."""
    ordered = np.sort(values.ravel())
    expected = np.array([cdf(x) for x in ordered.tolist()])
    count = len(ordered)
    above = np.abs(np.arange(1, count + 1) / count - expected).max()
    below = np.abs(np.arange(count) / count - expected).max()
    return float(max(above, below) * math.sqrt(count))


def test_known_answers() -> None:
    # Stored data is verified by computing it anew: these values may never change.
    streams = CounterStreams(42)
    assert streams.uniform("known", 0).tolist() == KNOWN_UNIFORM
    assert streams.normal("known", np.array([-1, 0, 1]), 2**40).tolist() == KNOWN_NORMAL


@pytest.mark.parametrize("seed", [1, 2**62])
def test_uniform_is_uniform(seed: int) -> None:
    values = CounterStreams(seed).uniform("u", np.arange(20_000))
    assert values.min() >= 0
    assert values.max() < 1
    assert kolmogorov(values, lambda x: x) < 1.95


@pytest.mark.parametrize("counters", [np.arange(20_000), np.arange(20_000) * 60_000 + 1_767_225_600_000])
def test_normal_is_normal(counters: npt.NDArray[np.int64]) -> None:
    assert kolmogorov(CounterStreams(3).normal("n", counters), NormalDist().cdf) < 1.95


def test_normal_moments_and_tails() -> None:
    values = CounterStreams(4).normal("n", np.arange(4_000_000))
    assert abs(values.mean()) < 0.0025
    assert values.var() == pytest.approx(1, abs=0.004)
    assert (values**3).mean() == pytest.approx(0, abs=0.01)
    assert (values**4).mean() == pytest.approx(3, abs=0.03)
    for sigma in (1, 2, 3, 3.5, 4):
        beyond = 2 * NormalDist().cdf(-sigma)
        found = float((np.abs(values) > sigma).mean())
        assert found == pytest.approx(beyond, abs=5 * math.sqrt(beyond / len(values))), sigma
    assert np.abs(values).max() < 4.6


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (("x", 0), ("y", 0)),
        (("x", 0), ("x", 1)),
        (("x", 0), ("x", -1)),
        (("x",), ("x", 0)),
    ],
    ids=["names", "next counter", "counter before", "number of counters"],
)
def test_streams_are_independent(a: tuple[str, *tuple[int, ...]], b: tuple[str, *tuple[int, ...]]) -> None:
    streams, rows = CounterStreams(5), np.arange(MANY)
    for draw in (streams.uniform, streams.normal):
        assert abs(_correlation(draw(a[0], rows, *a[1:]), draw(b[0], rows, *b[1:]))) < 5 / math.sqrt(MANY)


def test_seeds_uses_and_neighbours_are_independent() -> None:
    rows = np.arange(MANY)
    one = CounterStreams(6)
    pairs = [
        (one.normal("x", rows), CounterStreams(7).normal("x", rows)),
        (one.normal("x", rows), one.uniform("x", rows)),
        (one.normal("x", rows), CounterStreams(6, "energy").normal("x", rows)),
        (CounterStreams(6, "energies").normal("x", rows), CounterStreams(6, "energy").normal("x", rows)),
        *[(one.normal("x", rows), one.normal("x", rows + step)) for step in (1, 2, 7, 60_000)],
        *[(np.abs(one.normal("x", rows)), np.abs(one.normal("x", rows + step))) for step in (1, 2)],
    ]
    for a, b in pairs:
        assert abs(_correlation(a, b)) < 5 / math.sqrt(MANY)


def test_swapped_counters_are_other_counters() -> None:
    rows = np.arange(1000)
    streams = CounterStreams(8)
    assert not np.any(streams.uniform("x", rows, rows + 1) == streams.uniform("x", rows + 1, rows))


@given(st.integers(0, 2**63 - 1), st.text(max_size=8), st.lists(st.tuples(COUNTERS, COUNTERS), min_size=1, max_size=40))
def test_a_value_does_not_depend_on_what_stands_beside_it(seed: int, name: str, pairs: list[tuple[int, int]]) -> None:
    streams = CounterStreams(seed)
    first, second = (np.array(part, dtype=np.int64) for part in zip(*pairs, strict=True))
    draws: tuple[Draw, ...] = (streams.uniform, streams.normal)
    for draw in draws:
        together = draw(name, first, second)
        alone = [float(draw(name, a, b)) for a, b in pairs]
        table = draw(name, first[:, None], second)
        strided = draw(name, np.repeat(first, 2)[::2], np.repeat(second, 3)[::3])
        again = getattr(CounterStreams(seed), draw.__name__)(name, first, second)
        assert together.tolist() == alone == np.diagonal(table).tolist() == strided.tolist() == again.tolist()


@given(st.lists(st.integers(1, 4), max_size=3))
def test_counters_broadcast(shape: list[int]) -> None:
    counters = [np.arange(n).reshape([n if i == j else 1 for j in range(len(shape))]) for i, n in enumerate(shape)]
    assert CounterStreams(1).normal("x", *counters).shape == tuple(shape)


def _correlation(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    return float(np.corrcoef(a, b)[0, 1])
