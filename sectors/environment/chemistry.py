"""NO, NO2 and O3 in sunlight: an equilibrium that takes a minute, so it holds at every instant.

References:
    Leighton, P. A. (1961). Photochemistry of Air Pollution. Academic Press.
    Saunders, S. M. et al. (2003). Master Chemical Mechanism v3: photolysis J4. ACP 3, 161-180.
    Yarwood, G. et al. (2005). Carbon Bond mechanism CB05: k(NO + O3) = 3.0e-12 exp(-1500/T) cm3/molecule/s.
"""

import numpy as np

from park.model import Floats

#: ug/m3 of a ppb at 298.15 K and 1013.25 hPa.
NO_UG, NO2_UG, O3_UG, SO2_UG = 1.23, 1.88, 1.96, 2.62
_LEAST_O3 = 0.1  # ppb: below it the equilibrium says nothing of NO
_MOST_NO = 250.0  # ppb


def photolysis(elevation: Floats, ghi: Floats, ghi_clear: Floats) -> Floats:
    """J(NO2), 1/s: a clear sky's, dimmed as the irradiance is; 0 at night.

    Args:
        elevation: of the sun, deg.
        ghi: global irradiance, W/m2.
        ghi_clear: the same under a clear sky.
    """
    cosine = np.maximum(np.sin(np.radians(elevation)), 1e-3)
    clear = 0.01165 * cosine**0.244 * np.exp(-0.267 / cosine)
    return np.asarray(np.where(elevation > 0, clear * ghi / np.maximum(ghi_clear, 1.0), 0.0).clip(0, 0.02))


def titration(temperature: Floats) -> Floats:
    """K of NO + O3, 1/(ppb s), at 1013.25 hPa; `temperature` in Cel."""
    kelvin = temperature + 273.15
    return np.asarray(3.0e-12 * np.exp(-1500 / kelvin) * 2.46e10 * 298.15 / kelvin)


def no_beside(no2: Floats, o3: Floats, ratio: Floats) -> Floats:
    """NO that stands in equilibrium with NO2 and O3, ppb; `ratio` is J/k, ppb."""
    return np.asarray(np.minimum(ratio * no2 / np.maximum(o3, _LEAST_O3), _MOST_NO))


def split(nox: Floats, ox: Floats, ratio: Floats) -> tuple[Floats, Floats, Floats]:
    """NO, NO2 and O3, ppb, of what is conserved: NOx = NO + NO2, Ox = NO2 + O3; `ratio` is J/k, ppb."""
    total = nox + ox + ratio
    no2 = (total - np.sqrt(np.maximum(total**2 - 4 * nox * ox, 0.0))) / 2
    return np.maximum(nox - no2, 0.0), no2, np.maximum(ox - no2, 0.0)
