"""Where the town's things stand, from the stored places and positions, as points of a drawing. Pure.

A site's devices stand within some three kilometres, and sites are tens of kilometres apart. So the drawing magnifies
each site about its middle, as far as no two then overlap.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from park.town import Lake

_KM_PER_DEGREE = 111.2
_MOST = 5.0
_LEAST_KM = 1.0


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A device and where it stands, degrees."""

    device: str
    kind: str
    sector: str
    site: str
    latitude: float
    longitude: float


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle on the drawing, km from its corner at the upper left."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> tuple[float, float]:
        """Its middle."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def grown(self, by: float) -> "Box":
        """With so much more at every side."""
        return Box(left=self.left - by, top=self.top - by, right=self.right + by, bottom=self.bottom + by)

    def clamped(self, x: float, y: float) -> tuple[float, float]:
        """The nearest point within."""
        return min(max(x, self.left), self.right), min(max(y, self.top), self.bottom)


def around(points: Iterable[tuple[float, float]], least: float = 0.0) -> Box:
    """The smallest box around points, at least so wide and high."""
    xs, ys = zip(*points, strict=True)
    box = Box(left=min(xs), top=min(ys), right=max(xs), bottom=max(ys))
    (x, y), wide, high = box.middle, max(box.right - box.left, least) / 2, max(box.bottom - box.top, least) / 2
    return Box(left=x - wide, top=y - high, right=x + wide, bottom=y + high)


class Ground:
    """The town's ground: from degrees to km on the drawing, each site magnified.

    Args:
        spots: all devices, at least one.
    """

    def __init__(self, spots: Sequence[Spot]) -> None:
        self._north = max(spot.latitude for spot in spots)
        self._west = min(spot.longitude for spot in spots)
        self._east_km = _KM_PER_DEGREE * math.cos(math.radians(self._north))
        sites: dict[str, list[tuple[float, float]]] = {}
        for spot in spots:
            sites.setdefault(spot.site, []).append(self.flat(spot.latitude, spot.longitude))
        self._plain = {site: around(points, _LEAST_KM) for site, points in sites.items()}
        self.magnified = _magnified(list(self._plain.values()))
        self.sites = {site: self._grown(box) for site, box in self._plain.items()}

    def flat(self, latitude: float, longitude: float) -> tuple[float, float]:
        """A place on the drawing as it lies."""
        return (longitude - self._west) * self._east_km, (self._north - latitude) * _KM_PER_DEGREE

    def at(self, site: str, latitude: float, longitude: float) -> tuple[float, float]:
        """A place of a site on the drawing."""
        x, y = self.flat(latitude, longitude)
        middle_x, middle_y = self._plain[site].middle
        return middle_x + (x - middle_x) * self.magnified, middle_y + (y - middle_y) * self.magnified

    def lake(self, lake: Lake) -> tuple[float, float, float]:
        """Middle and radius of a lake on the drawing."""
        return (*self.flat(lake.latitude, lake.longitude), lake.radius_km)

    def frame(self) -> Box:
        """What the drawing shows."""
        corners = [(box.left, box.top) for box in self.sites.values()]
        corners += [(box.right, box.bottom) for box in self.sites.values()]
        return around(corners).grown(1.4)

    def _grown(self, box: Box) -> Box:
        x, y = box.middle
        wide, high = (box.right - box.left) / 2 * self.magnified, (box.bottom - box.top) / 2 * self.magnified
        return Box(left=x - wide, top=y - high, right=x + wide, bottom=y + high)


def _magnified(boxes: Sequence[Box]) -> float:
    """How much all may grow before two of them meet; a little room is left between."""
    factor = _MOST
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            (x, y), (u, v) = one.middle, other.middle
            wide = (one.right - one.left + other.right - other.left) / 2
            high = (one.bottom - one.top + other.bottom - other.top) / 2
            apart = max(abs(x - u) / wide, abs(y - v) / high)
            factor = min(factor, 0.86 * apart)
    return max(factor, 1.0)
