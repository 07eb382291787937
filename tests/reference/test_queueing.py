"""The queue beside which docks are held, against another program's and against theory."""

import numpy as np
import pytest

from tests.reference.queueing import mean_wait, waits

ARRIVES = np.array([0.0, 4.0, 9.0, 11.0, 30.0, 31.0, 32.0, 33.0, 60.0, 61.0, 90.0, 91.0])
SERVES = np.array([10.0, 7.0, 3.0, 12.0, 5.0, 9.0, 2.0, 20.0, 1.0, 6.0, 40.0, 3.0])


@pytest.mark.parametrize(
    ("servers", "known"),
    [
        (1, [0, 6, 8, 9, 2, 6, 14, 15, 8, 8, 0, 39]),
        (2, [0, 0, 1, 0, 0, 0, 3, 4, 0, 0, 0, 0]),
        (3, [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]),
    ],
)
def test_waits_are_those_that_ciw_gives(servers: int, known: list[int]) -> None:
    # Ciw 3.2.7 is no dependency: its wheel lays a package `tests` beside ours.
    assert waits(ARRIVES, SERVES, servers).tolist() == known


@pytest.mark.parametrize(("servers", "rate"), [(1, 0.7), (2, 1.4)])
@pytest.mark.parametrize("spread", [0.0, 0.47, 1.0])
def test_mean_waits_are_those_of_theory(servers: int, rate: float, spread: float) -> None:
    rng = np.random.default_rng(servers)
    arrives = np.cumsum(rng.exponential(1.0 / rate, 100_000))
    serves = rng.exponential(1.0, len(arrives)) if spread == 1.0 else np.exp(spread * rng.normal(size=len(arrives)))
    serves /= serves.mean()
    # With one server the formula is Pollaczek's and Khinchine's, with more an approximation.
    assert waits(arrives, serves, servers).mean() == pytest.approx(
        mean_wait(rate, 1.0, servers, (1.0, float(serves.std()))), rel=0.08
    )


def test_published_erlang_c() -> None:
    # Two servers and a load of one: a third wait, for a unit each (Erlang 1917).
    assert mean_wait(1.0, 1.0, 2) == pytest.approx(1.0 / 3.0)
