"""What passes before the sun within five minutes: clouds with edges, and edges that dazzle.

The grid says how much of the clear sky's irradiance a stretch of five minutes has. Within it the sun is hidden for one
part and free for the other, so long each that their mean is the stretch's: sums over the grid stay true. Free sun
beside a cloud is brighter than a clear sky, for the cloud's flank adds its light.

Reference: Gueymard, C. A. (2017). Cloud and albedo enhancement impacts on solar irradiance. Solar Energy 153, 755-765.
"""

import numpy as np

from park.model import Bools, Floats
from simulator.world.sky import hidden_share, parts

_LEAST_COVER, _MOST_COVER = 0.15, 0.93
_GLARE = 0.03, 0.50  # least, and spread of what an edge adds to a clear sky
_CERTAIN = 0.33  # a stretch that is nearly all sun or all shade is not divided
_CONTRAST = 0.15, 0.70
_EDGE = 0.20  # of a stretch: a minute from shade to sun


def index(
    mean: Floats,
    *,
    rising: Bools,
    cover: Floats,
    wetness: Floats,
    place: Floats,
    draws: tuple[Floats, Floats],
) -> Floats:
    """Irradiance as a share of the clear sky's at instants of stretches, (N,).

    Args:
        mean: of the stretch.
        rising: whether the next stretch is brighter, so that the sun comes out at the end.
        cover: fraction of the sky.
        wetness: 0 to 1.
        place: of the instant in its stretch, 0 to 1.
        draws: two uniforms of each stretch.
    """
    hidden = hidden_share(cover, wetness)
    free = 1 + _GLARE[0] + _GLARE[1] * draws[0] ** 4
    share = (mean - hidden) / (free - hidden)
    broken = (cover > _LEAST_COVER) & (cover < _MOST_COVER) & (np.abs(share - 0.5) < _CERTAIN)
    share = np.clip(share, 0, 1)
    # A veil of haze has less contrast than a cumulus.
    contrast = _CONTRAST[0] + _CONTRAST[1] * draws[1] ** 2
    within = np.where(rising, 1 - place, place)  # the sun's part comes first, or last
    width = np.minimum(_EDGE, 2 * np.minimum(share, 1 - share) + 1e-9)  # ramps about the edge, so that the mean stays
    sunny = np.clip((share - within) / width + 0.5, 0, 1)
    return np.asarray(np.where(broken, mean + contrast * (free - hidden) * (sunny - share), mean))


def split(ghi: Floats, elevation: Floats, normal: float) -> tuple[Floats, Floats, Floats]:
    """`ghi` with its direct normal and diffuse horizontal parts, W/m2."""
    dni, dhi = parts(ghi, elevation, normal)
    return ghi, dni, dhi
