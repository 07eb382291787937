"""Clouds, and the irradiance that they let through.

References:
    Kasten, F. & Czeplak, G. (1980). Solar and terrestrial radiation dependent on the amount and type
        of cloud. Solar Energy 24(2), 177-189.
    Erbs, D., Klein, S. & Duffie, J. (1982). Estimation of the diffuse radiation fraction for hourly,
        daily and monthly-average global radiation. Solar Energy 28(4), 293-302.
"""

import numpy as np

from park.model import Floats
from simulator.world.fields import probability
from simulator.world.sun import Sun, sine_of_apparent

_OVERCAST = 0.25  # of clear-sky irradiance under eight oktas (Kasten & Czeplak 1980)
_NIMBOSTRATUS = 0.16  # the same under a raining sky
_THIN = 0.15  # what a cloud that covers little lets through besides
_EDGE = 0.053  # what the bright edges of broken cloud add to a sun that stands between them
_BESIDE = 0.04  # by how much it is brighter near the clouds than far from them
_UNEVEN = 0.55  # spread of the logarithm of what an overcast lets through: its thickness waxes and wanes
_GIVEN_BACK = 2.2  # fitted to the mean of the thickness over gaps below the share, within 3 %
_SOFTNESS = 0.16  # width of a cloud's edge, as a share of the sky


def oktas(latent: Floats) -> Floats:
    """Cover of the sky in eighths, as a fraction, of a latent normal: mostly clear or overcast."""
    return np.asarray(np.rint(8 * probability(latent)) / 8)


def hidden_share(cover: Floats, rain: Floats) -> Floats:
    """What is left of the clear sky's irradiance behind a cloud; a broken one is thinner than an overcast."""
    thick = _OVERCAST + (_NIMBOSTRATUS - _OVERCAST) * rain
    return np.asarray(thick + _THIN * (1 - cover))


def transmission(cover: Floats, gap: Floats, rain: Floats) -> Floats:
    """Global irradiance as a share of the clear sky's.

    On average 1 - 0.75 cover^3.4 (Kasten & Czeplak 1980), divided into moments when the sun stands
    between the clouds and moments when it does not.

    Args:
        cover: fraction of the sky.
        gap: standard normal; the higher, the freer the sun, and the thinner an overcast.
        rain: 0 to 1, whether the cloud rains.
    """
    overcast = _OVERCAST + (_NIMBOSTRATUS - _OVERCAST) * rain
    mean = 1 - (1 - overcast) * cover**3.4
    share = cover**2
    free = 1 + 4 * _EDGE * cover * (1 - cover)
    beside = 1 - _BESIDE * cover * gap
    hidden = (mean - (1 - share) * free) / np.maximum(share, 1e-3)
    uneven = _UNEVEN * cover**2
    # Where the sky is not overcast, the sun is hidden under the thicker half alone: what that takes is given back.
    thick = np.exp(uneven * gap - uneven**2 / 2) * (1 + _GIVEN_BACK * uneven * (1 - share))
    hidden = np.clip(hidden, 0.6 * overcast, free) * thick
    hidden = np.minimum(hidden, free)
    shade = np.clip((share - probability(gap)) / _SOFTNESS + 0.5, 0, 1)
    # Exactly clear and exactly overcast skies have no edges.
    shade = np.where(cover <= 0, 0.0, np.where(cover >= 1, 1.0, shade))
    return np.asarray(free * beside + (hidden - free * beside) * shade)


def split(ghi: Floats, sun: Sun) -> tuple[Floats, Floats]:
    """Direct normal and diffuse horizontal irradiance, W/m2, that make up `ghi` (Erbs et al. 1982).

    Within 3 degrees of the horizon all is diffuse.
    """
    return parts(ghi, sun.elevation, sun.extraterrestrial)


def parts(ghi: Floats, elevation: Floats, normal: Floats | float) -> tuple[Floats, Floats]:
    """The same of the sun's elevation, degrees, and the irradiance normal to the beam outside the air, W/m2."""
    sine = sine_of_apparent(elevation)
    kt = np.clip(ghi / np.maximum(normal * sine, 1e-3), 0, 1)
    middle = 0.9511 + kt * (-0.1604 + kt * (4.388 + kt * (-16.638 + kt * 12.336)))
    share = np.where(kt <= 0.22, 1 - 0.09 * kt, np.where(kt <= 0.8, middle, 0.165))
    share = np.where(elevation < 3, 1.0, share)
    dhi = share * ghi
    return np.asarray((ghi - dhi) / np.maximum(sine, 0.05)), np.asarray(dhi)


def illuminance(elevation: Floats, ghi: Floats, cover: Floats) -> Floats:
    """On a horizontal plane, lx: daylight at 117 lm/W (Perez et al. 1990), twilight below it, stars at last.

    Clear twilight is 740 * 10^(0.39 h) lx at an elevation h of -6 to 0 degrees: 351 lx at sunset, 3.4 at its civil end.

    Args:
        elevation: of the sun, degrees.
        ghi: W/m2.
        cover: fraction of the sky.
    """
    twilight = 740 * 10 ** (0.39 * np.minimum(elevation, 0)) * (1 - (1 - _OVERCAST) * cover**3.4)
    return np.asarray(np.maximum(np.maximum(117 * ghi, twilight), 0.002))
