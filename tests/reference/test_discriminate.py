"""The classifiers find out what is spoilt, and nothing where there is nothing; what the park has reached stays reached.

Every record, on several seeds: `python -m bench.credibility --subject discriminators`.
"""

import numpy as np
import pytest

from tests.reference import greensboro, records
from tests.reference.discriminate import Windows, cut, features, tell
from tests.reference.trials import TRIALS, Trial

KNOWN = {trial.name: trial for trial in TRIALS}
#: Cheap ones, of three intervals.
SEEN = ["home's power, 1 min", "car parks, 30 min", "hourly humidity"]
#: Where the park is taken for real.
REACHED = [
    "car parks, 30 min",
    "home's voltage, 1 min",
    "hourly temperature",
    "hourly humidity",
    "hourly wind",
    "hourly temperature in its climate",
]


@pytest.mark.parametrize("name", SEEN)
def test_a_spoilt_record_is_found_out(name: str) -> None:
    trial = KNOWN[name]
    assert tell(trial.real(), trial.spoilt, 42, trial.grain).auc > 0.95


def test_even_and_odd_weeks_of_a_home_are_not_told_apart() -> None:
    real = KNOWN["home's power, 1 min"].real()
    even = real.week % 2 == 0
    one, other = (Windows(values=real.values[keep], week=real.week[keep]) for keep in (even, ~even))
    assert tell(one, other, 42).auc < 0.65


@pytest.mark.parametrize("name", REACHED)
def test_the_park_is_taken_for_real(name: str) -> None:
    trial = KNOWN[name]
    control = tell(*trial.control(), 42, trial.grain).auc if trial.control else None
    assert tell(trial.real(), trial.park(42), 42, trial.grain).auc <= trial.allowed(control)


def test_the_park_in_greensboro_is_as_warm_as_the_record() -> None:
    months = np.repeat(np.arange(12), [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    for name, side in (("tmax", "max"), ("tmin", "min")):
        days = getattr(records.greensboro().temperature.reshape(-1, 24), side)(axis=1)
        real = np.array([days[months == month].mean() for month in range(12)])
        gap = real - np.array(getattr(greensboro.NORMALS, name))
        # The typical year is of single months of earlier decades: its January is a cold one.
        assert abs(gap.mean()) < 1.5, name
        assert np.abs(gap).max() < 5, name
        assert np.corrcoef(real, getattr(greensboro.NORMALS, name))[0, 1] > 0.97, name


def test_what_is_allowed() -> None:
    trial = TRIALS[0]
    assert [trial.allowed(control) for control in (None, 0.5, 0.7, 0.99)] == pytest.approx([0.8, 0.75, 0.8, 0.85])


def test_neither_size_nor_offset_tells() -> None:
    rng = np.random.default_rng(3)
    noise = rng.normal(size=(20, 100))
    for one, other in zip(features(noise).values(), features(40 + 7 * noise).values(), strict=True):
        np.testing.assert_allclose(one, other)


def test_windows_are_whole_and_leave_out_gaps() -> None:
    days = np.arange(12.0).reshape(6, 2)
    assert cut(days, 3).values.tolist() == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]
    gap = cut(days, 2, np.array([0, 1, 2, 4, 14, 15]))
    assert gap.values.tolist() == [[0, 1, 2, 3], [8, 9, 10, 11]]
    assert gap.week.tolist() == [0, 2]


def test_too_few_windows_say_nothing() -> None:
    few = Windows(values=np.zeros((59, 20)), week=np.arange(59))
    with pytest.raises(ValueError, match="59"):
        tell(few, few, 1)


def test_every_trial_has_a_mutant_of_its_own_shape() -> None:
    for trial in TRIALS:
        assert isinstance(trial, Trial)
        values = np.random.default_rng(1).normal(size=(3, 30))
        spoilt = trial.mutant[1](values)
        assert spoilt.shape == values.shape
        assert not np.array_equal(spoilt, values)
