"""Water vapour in air.

Reference:
    Alduchov, O. A. & Eskridge, R. E. (1996). Improved Magnus form approximation of saturation vapor pressure.
    Journal of Applied Meteorology 35(4), 601-609.
"""

import numpy as np

from park.model import Floats

__all__ = ["saturation"]


def saturation(temperature: Floats) -> Floats:
    """Vapour pressure, hPa, of air that is saturated over water, at Cel."""
    return np.asarray(6.1094 * np.exp(17.625 * temperature / (temperature + 243.04)))
