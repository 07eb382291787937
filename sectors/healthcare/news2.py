"""National Early Warning Score 2, to the letter.

Reference:
    Royal College of Physicians (2017). National Early Warning Score (NEWS) 2: Standardising the assessment of
    acute-illness severity in the NHS. London.
"""

import numpy as np

from park.model import Bools, Floats, Ints

#: Lower ends of the chart's bands, and the points of each band, the first being below the first end.
_RESPIRATION = ((9, 12, 21, 25), (3, 1, 0, 2, 3))
_SCALE_1 = ((92, 94, 96), (3, 2, 1, 0))
_SCALE_2 = ((84, 86, 88), (3, 2, 1, 0))
_SCALE_2_ON_OXYGEN = ((84, 86, 88, 93, 95, 97), (3, 2, 1, 0, 1, 2, 3))
_SYSTOLIC = ((91, 101, 111, 220), (3, 2, 1, 0, 3))
_PULSE = ((41, 51, 91, 111, 131), (3, 1, 0, 1, 2, 3))
_TENTHS_CEL = ((351, 361, 381, 391), (3, 1, 0, 1, 2))
_OXYGEN, _NOT_ALERT = 2, 3

Chart = tuple[tuple[int, ...], tuple[int, ...]]


def points(
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
    """(N, 7) points of each parameter, in the chart's order; their sum is the score.

    Rates per minute, saturation in %, pressure in mm[Hg], all whole; temperature in Cel to a tenth.
    """
    second = np.where(on_oxygen, _band(oxygen_saturation, _SCALE_2_ON_OXYGEN), _band(oxygen_saturation, _SCALE_2))
    return np.stack(
        [
            _band(respiratory_rate, _RESPIRATION),
            np.where(second_scale, second, _band(oxygen_saturation, _SCALE_1)),
            np.where(on_oxygen, _OXYGEN, 0),
            _band(systolic_pressure, _SYSTOLIC),
            _band(heart_rate, _PULSE),
            np.where(alert, 0, _NOT_ALERT),
            _band(np.rint(10.0 * body_temperature), _TENTHS_CEL),
        ],
        axis=-1,
    )


def _band(value: Floats, chart: Chart) -> Ints:
    ends, worth = chart
    return np.asarray(np.array(worth)[np.searchsorted(np.array(ends), value, side="right")])
