"""What passes before the sun within five minutes: clouds with edges, and edges that dazzle.

The grid says how much of the clear sky's irradiance there is every five minutes. Under broken cloud the sun is hidden
for one part of a stretch and free for the other, so long each that their mean is that of the line between both ends:
sums over the grid stay true. Free sun beside a cloud is brighter than a clear sky, for the cloud's flank adds its
light. Beside that, no cloud is even: its light flickers from minute to minute.

Reference: Gueymard, C. A. (2017). Cloud and albedo enhancement impacts on solar irradiance. Solar Energy 153, 755-765.
"""

from dataclasses import dataclass

import numpy as np

from park.model import Floats
from simulator.world.sky import hidden_share, parts

_LEAST_COVER, _MOST_COVER = 0.10, 0.97
_GLARE = 0.06, 0.37  # least, and spread of what an edge adds to a clear sky
_CERTAIN = 0.42  # a stretch that is nearly all sun or all shade is not divided
_CONTRAST = 0.15, 0.75
_EDGE = 0.20  # of a stretch: a minute from shade to sun
_FLICKER = 0.0012, 0.055  # of what there is, under a clear sky and the most that cloud adds


@dataclass(frozen=True, kw_only=True, eq=False)
class Stretch:
    """Five minutes of sky, (N,) each.

    Attributes:
        left, right: share of the clear sky's irradiance at both ends.
        cover: fraction of the sky.
        wetness: 0 to 1.
        draws: two uniforms of each.
    """

    left: Floats
    right: Floats
    cover: Floats
    wetness: Floats
    draws: tuple[Floats, Floats]


def index(stretch: Stretch, place: Floats, flicker: Floats, ragged: Floats) -> Floats:
    """Irradiance as a share of the clear sky's at instants of stretches, (N,).

    Args:
        stretch: of each instant.
        place: in it, 0 to 1.
        flicker: standard normal of the minute.
        ragged: standard normal of the hours: the higher, the more broken is what clouds there are.
    """
    cover, draws = stretch.cover, stretch.draws
    line = stretch.left + (stretch.right - stretch.left) * place
    hidden = hidden_share(cover, stretch.wetness)
    free = 1 + _GLARE[0] + _GLARE[1] * draws[0] ** 4
    share = ((stretch.left + stretch.right) / 2 - hidden) / (free - hidden)
    broken = (cover > _LEAST_COVER) & (cover < _MOST_COVER) & (np.abs(share - 0.5) < _CERTAIN)
    share = np.clip(share, 0, 1)
    # A veil of haze has less contrast than a cumulus.
    torn = np.clip(0.5 + 0.45 * ragged, 0, 1)
    contrast = (_CONTRAST[0] + _CONTRAST[1] * draws[1] ** 2) * np.minimum(1.4 * torn, 1)
    # The sun's part comes last where it brightens, first where it darkens.
    within = np.where(stretch.right > stretch.left, 1 - place, place)
    width = np.minimum(_EDGE, 2 * np.minimum(share, 1 - share) + 1e-9)  # ramps about the edge, so that the mean stays
    sunny = np.clip((share - within) / width + 0.5, 0, 1)
    level = np.where(broken, line + contrast * (free - hidden) * (sunny - share), line)
    uneven = _FLICKER[0] + _FLICKER[1] * (0.1 + torn) * cover * np.clip(1.5 * (1.25 - line), 0.1, 1)
    return np.asarray(np.maximum(level * (1 + uneven * flicker), 0.02))


def split(ghi: Floats, elevation: Floats, normal: float) -> tuple[Floats, Floats, Floats]:
    """`ghi` with its direct normal and diffuse horizontal parts, W/m2."""
    dni, dhi = parts(ghi, elevation, normal)
    return ghi, dni, dhi
