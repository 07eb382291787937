"""Quality tests, reading by reading, held flag for flag to `ioos_qc`, which looks at whole series."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ioos_qc import qartod

from ingest.qartod import Courses, Verdict
from park.quality import Check, Flag, Limits

T0 = 1_767_225_600_000
STEP_S = 60
#: None of these lies on a multiple of 0.05, so that no value or step is exactly at a limit.
LIMITS = Limits(channel="x", low=-5.03, high=5.03, step=0.73, interval_ms=STEP_S * 1000.0, still_ms=(240_000, 480_000))
_Series = list[float | None]


@st.composite
def series(draw: st.DrawFn) -> _Series:
    """A walk in steps of 0.1, with spikes, leaps, flat stretches, values out of range, and gaps."""
    found: _Series = []
    value = draw(st.integers(-40, 40))
    for _ in range(draw(st.integers(2, 12))):
        what = draw(st.sampled_from(["walk", "walk", "flat", "spike", "leap", "out", "absent"]))
        if what == "walk":
            for step in draw(st.lists(st.integers(-7, 7), min_size=1, max_size=8)):
                value = max(-50, min(50, value + step))
                found.append(value / 10)
        elif what == "flat":
            found += [value / 10] * draw(st.integers(2, 12))
        elif what == "leap":
            value = draw(st.integers(-50, 50))
            found.append(value / 10)
        elif what == "absent":
            found += [None] * draw(st.integers(1, 3))
        else:
            far = draw(st.integers(8, 40)) * draw(st.sampled_from([-1, 1]))
            found.append((value + far) / 10 if what == "spike" else (60 + abs(far)) / 10)
    return found


def judged(values: _Series, *, good: bool) -> dict[int, list[Verdict]]:
    """What is said of each reading, by its number."""
    courses, found = Courses([LIMITS], good=good), dict[int, list[Verdict]]()
    last = -1
    for number, value in enumerate(values):
        ts = T0 + number * STEP_S * 1000
        for _, verdict in courses.take([value], ts, last):
            found.setdefault((verdict.ts - T0) // (STEP_S * 1000), []).append(verdict)
        last = ts
    return found


def oracle(values: _Series) -> list[int]:
    """The aggregate flag of each reading."""
    x = np.array([np.nan if value is None else value for value in values])
    t = np.array([T0 + number * STEP_S * 1000 for number in range(len(x))], dtype="datetime64[ms]")
    assert LIMITS.still_ms is not None
    suspect, fail = (ms // 1000 for ms in LIMITS.still_ms)
    rate = LIMITS.step / STEP_S
    flags = [
        qartod.gross_range_test(x, (LIMITS.low, LIMITS.high)),
        qartod.spike_test(x, suspect_threshold=LIMITS.step, fail_threshold=2 * LIMITS.step),
        qartod.rate_of_change_test(x, t, threshold=rate, fail_threshold=2 * rate),
        qartod.flat_line_test(x, t, suspect_threshold=suspect, fail_threshold=fail, tolerance=1e-6),
    ]
    return [int(flag) for flag in qartod.qartod_compare(flags)]


@settings(max_examples=150, deadline=None)
@given(series())
def test_every_flag_is_that_of_the_kept_implementation(values: _Series) -> None:
    assume(len(values) > 2)  # of shorter series it says that all is good
    wanted, found = oracle(values), judged(values, good=True)
    for number, flag in enumerate(wanted[:-1]):  # of the last it is not known yet whether it is a spike
        assert [int(verdict.flag) for verdict in found[number]] == [flag], (number, values)
    assert all(int(verdict.flag) == wanted[-1] for verdict in found.get(len(values) - 1, ()))


@settings(max_examples=150, deadline=None)
@given(series())
def test_what_is_told_without_the_good_ones_is_the_same_less_these(values: _Series) -> None:
    every = [one for some in judged(values, good=True).values() for one in some]
    few = [one for some in judged(values, good=False).values() for one in some]
    gone = [T0 + 60_000 * number for number, value in enumerate(values) if value is None]
    again = {ts for ts in gone if ts - 60_000 in gone}  # absence is told where it begins
    assert few == [one for one in every if one.flag is not Flag.GOOD and one.ts not in again]


def test_the_examples_of_the_manual() -> None:
    """Hand-computed: a value out of range, a spike, a step, a flat line; and what the first reading can be told of."""
    flat: _Series = [1.0] * 6
    (out,) = judged([0.0, 9.0, 0.1, 0.1, 0.1], good=False)[1]
    assert (out.flag, out.check) == (Flag.FAIL, Check.GROSS_RANGE)
    spiked = judged([0.0, 0.1, 0.8, 0.1, 0.0, 0.0], good=False)
    assert not spiked  # 0.7 from its neighbours: within the limit of 0.73
    spiked = judged([0.0, 0.0, 1.0, 0.0, 0.0, 0.0], good=False)
    assert [(number, one.flag, one.check) for number, some in spiked.items() for one in some] == [
        (2, Flag.SUSPECT, Check.RATE),
        (3, Flag.SUSPECT, Check.RATE),
    ]
    assert [(number, one.flag, one.check) for number, some in judged(flat, good=False).items() for one in some] == [
        (4, Flag.SUSPECT, Check.FLAT_LINE)  # the fifth reading: it has been so for more than 240 s
    ]
    assert judged([9.0], good=False)[0][0].flag is Flag.FAIL
    assert not judged([1.0], good=False)


def test_a_value_at_its_bound_may_stay_there() -> None:
    limits = Limits(channel="x", low=0.0, high=10.0, step=1.0, interval_ms=60_000.0, still_ms=(240_000, 480_000))
    for value, flagged in ((0.0, False), (10.0, False), (0.1, True)):
        courses, said = Courses([limits]), list[object]()
        for number in range(30):
            said += courses.take([value], T0 + number * 60_000, T0 + (number - 1) * 60_000)
        assert bool(said) is flagged
