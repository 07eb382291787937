"""NEWS2 as the chart has it, for one set of observations at a time, and as others have it (vitalscore, MIT): oracles
that share no code with the park.

Reference:
    Royal College of Physicians (2017). National Early Warning Score (NEWS) 2, chart 1. London.
"""

import numpy as np
from vitalscore.scores import score_news2

from park.model import Bools, Floats, Ints


def by_others(
    *,
    respiratory_rate: Floats,
    oxygen_saturation: Floats,
    second_scale: Bools,
    on_oxygen: Bools,
    systolic_pressure: Floats,
    heart_rate: Floats,
    alert: Bools,
    body_temperature: Floats,
) -> Ints:
    """(N,) scores by vitalscore."""
    rows = zip(
        *(respiratory_rate.tolist(), oxygen_saturation.tolist(), on_oxygen.tolist(), systolic_pressure.tolist()),
        *(heart_rate.tolist(), np.where(alert, "A", "C").tolist(), body_temperature.tolist()),
        strict=True,
    )
    found = (score_news2(*row, use_spo2_scale2=two) for row, two in zip(rows, second_scale.tolist(), strict=True))
    return np.array([one.total for one in found], dtype=np.int64)


def score(
    *,
    respiratory_rate: float,
    oxygen_saturation: float,
    second_scale: bool,
    on_oxygen: bool,
    systolic_pressure: float,
    pulse: float,
    alert: bool,
    body_temperature: float,
) -> int:
    """The aggregate score."""
    return (
        _respiration(respiratory_rate)
        + (_scale_2(oxygen_saturation, on_oxygen=on_oxygen) if second_scale else _scale_1(oxygen_saturation))
        + (2 if on_oxygen else 0)
        + _systolic(systolic_pressure)
        + _pulse(pulse)
        + (0 if alert else 3)
        + _temperature(round(body_temperature, 1))
    )


def _respiration(rate: float) -> int:
    if rate <= 8 or rate >= 25:
        return 3
    if rate >= 21:
        return 2
    return 1 if rate <= 11 else 0


def _scale_1(saturation: float) -> int:
    if saturation <= 91:
        return 3
    if saturation <= 93:
        return 2
    return 1 if saturation <= 95 else 0


def _scale_2(saturation: float, *, on_oxygen: bool) -> int:
    if saturation <= 83:
        return 3
    if saturation <= 85:
        return 2
    if saturation <= 87:
        return 1
    if saturation <= 92 or not on_oxygen:
        return 0
    if saturation <= 94:
        return 1
    return 2 if saturation <= 96 else 3


def _systolic(pressure: float) -> int:
    if pressure <= 90 or pressure >= 220:
        return 3
    if pressure <= 100:
        return 2
    return 1 if pressure <= 110 else 0


def _pulse(rate: float) -> int:
    if rate <= 40 or rate >= 131:
        return 3
    if rate >= 111:
        return 2
    return 1 if rate <= 50 or rate >= 91 else 0


def _temperature(celsius: float) -> int:
    if celsius <= 35.0:
        return 3
    if celsius >= 39.1:
        return 2
    return 1 if celsius <= 36.0 or celsius >= 38.1 else 0
