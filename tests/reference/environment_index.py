"""The index of HJ 633-2026 on every whole concentration, beside the rule in fractions."""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil

import numpy as np

from park.model import Ints
from sectors.environment.aqi import DAILY, HOURLY, INDEX, individual
from tests.reference.bar import Figures

_TERMS = {"daily": DAILY, "hourly": HOURLY}
Tables = Mapping[tuple[str, str], Ints]


def tables(_seed: int, _days: int) -> Tables:
    """Term and pollutant to the index of 0, 1, 2, ... in the unit of its table."""
    return {
        (term, name): individual(np.arange(steps[-1] + 200), steps)
        for term, by_name in _TERMS.items()
        for name, steps in by_name.items()
    }


def by_the_letter(made: Tables) -> Figures:
    """How many are not what the rule says, and how many there are."""
    wrong = sum(
        int(index) != by_the_rule(value, _TERMS[term][name])
        for (term, name), indices in made.items()
        for value, index in enumerate(indices.tolist())
    )
    return {"wrong": float(wrong), "tried": float(sum(map(len, made.values())))}


def by_the_rule(value: int, steps: tuple[int, ...]) -> int:
    """The formula of HJ 633 in fractions, which round nothing."""
    for below, above, low, high in zip(steps, steps[1:], INDEX, INDEX[1:], strict=False):
        if value <= above:
            return ceil(low + Fraction((high - low) * (value - below), above - below))
    return INDEX[len(steps) - 1]
