"""The town as a drawing: lakes, sites with a tile for each sector, roads where buses and lorries drive, devices. Pure.

SVG and nothing else: it loads nothing. What names come from devices is escaped.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from dashboards.alerting.course import Firing
from dashboards.viewer.places import Box, Ground, Spot, around
from park.town import Lake

#: Points of the drawing to a kilometre.
_SCALE = 40.0
_DOT, _SICK = 4.0, 8.0


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A sector's ground at a site: its address, its title and its icon."""

    href: str
    title: str
    icon: str


@dataclass(frozen=True, kw_only=True)
class Track:
    """Where something drives: degrees, in order; it is at the last."""

    device: str
    site: str
    points: tuple[tuple[float, float], ...]


class Drawing:
    """A town's drawing: what stands still, and what changes.

    Args:
        spots: all devices, at least one.
        lakes: of the town.
        tiles: of each sector.
    """

    def __init__(self, spots: Sequence[Spot], lakes: Sequence[Lake], tiles: Mapping[str, Tile]) -> None:
        self._ground = Ground(spots)
        self._frame = self._ground.frame()
        self._spots, self._lakes, self._tiles = spots, lakes, tiles

    @property
    def magnified(self) -> float:
        """How many times sites are drawn larger than the distances between them."""
        return self._ground.magnified

    def still(self, tracks: Iterable[Track]) -> str:
        """What stands still: water, sites, roads, tiles and devices."""
        parts = [*self._water(), *self._sites(), *self._roads(tracks), *self._sectors(), *self._dots()]
        return self._svg("park-map-still", parts, 'role="group" aria-label="Map of the town"')

    def alive(self, tracks: Iterable[Track], fires: Iterable[Firing]) -> str:
        """What changes: buses and lorries, and devices that need attention."""
        levels = worst(fires)
        parts = [self._vehicle(track, levels.get(track.device, "")) for track in tracks if track.points]
        sick = [spot for spot in self._spots if spot.device in levels]
        sick.sort(key=lambda spot: _ORDER.index(levels[spot.device]), reverse=True)  # the worst on top
        parts += [self._dot(spot, levels[spot.device], _SICK) for spot in sick]
        return self._svg("park-map-alive", parts, 'aria-hidden="true"')

    def _svg(self, name: str, parts: Iterable[str], more: str) -> str:
        frame = self._frame
        wide, high = (frame.right - frame.left) * _SCALE, (frame.bottom - frame.top) * _SCALE
        return (
            f'<svg class="{name}" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high:.0f}" {more}>'
            f"{''.join(parts)}</svg>"
        )

    def _point(self, x: float, y: float) -> tuple[float, float]:
        return (x - self._frame.left) * _SCALE, (y - self._frame.top) * _SCALE

    def _water(self) -> list[str]:
        found = []
        for lake in self._lakes:
            x, y, radius = self._ground.lake(lake)
            x, y = self._point(x, y)
            found.append(f'<circle class="park-lake" cx="{x:.0f}" cy="{y:.0f}" r="{radius * _SCALE:.0f}"/>')
        return found

    def _sites(self) -> list[str]:
        found = []
        for site, box in self._ground.sites.items():
            found.append(_rectangle("park-site", self._on_paper(box.grown(0.35)), 14))
            x, y = self._point(box.left, box.top - 0.55)
            found.append(f'<text class="park-site-name" x="{x:.0f}" y="{y:.0f}">{escape(site)}</text>')
        return found

    def _on_paper(self, box: Box) -> Box:
        left, top = self._point(box.left, box.top)
        right, bottom = self._point(box.right, box.bottom)
        return Box(left=left, top=top, right=right, bottom=bottom)

    def _roads(self, tracks: Iterable[Track]) -> list[str]:
        found = []
        for track in tracks:
            if track.site in self._ground.sites and len(course := self._course(track)) > 1:
                line = " ".join(f"{x:.0f},{y:.0f}" for x, y in course)
                found.append(f'<polyline class="park-road" points="{line}"/>')
        return found

    def _course(self, track: Track) -> list[tuple[float, float]]:
        """A track within its site's box: beyond it the drawing has another scale."""
        box = self._ground.sites[track.site].grown(0.3)
        points = [self._ground.at(track.site, *point) for point in track.points]
        return [self._point(*point) for point in points if box.clamped(*point) == point]

    def _sectors(self) -> list[str]:
        grounds: dict[tuple[str, str], list[tuple[float, float]]] = {}
        for spot in self._spots:
            point = self._ground.at(spot.site, spot.latitude, spot.longitude)
            grounds.setdefault((spot.site, spot.sector), []).append(point)
        found = []
        for (site, sector), points in grounds.items():
            if (tile := self._tiles.get(sector)) is not None:
                found.append(self._tile(tile, site, len(points), self._on_paper(around(points, 0.4).grown(0.12))))
        return found

    def _tile(self, tile: Tile, site: str, count: int, box: Box) -> str:
        x, y = box.middle
        size = min(box.right - box.left, box.bottom - box.top) * 0.62
        said = escape(f"{tile.title} at {site}: {count} devices")
        where = f'x="{x:.0f}" y="{y:.0f}" style="font-size:{size:.0f}px" aria-hidden="true"'
        icon = f'<text class="material-icons" {where}>{escape(tile.icon)}</text>'
        return (
            f'<a class="park-tile" href="{escape(tile.href)}" aria-label="{said}"><title>{said}</title>'
            f"{_rectangle('', box, 8)}{icon}</a>"
        )

    def _dots(self) -> list[str]:
        return [self._dot(spot, "", _DOT) for spot in self._spots]

    def _dot(self, spot: Spot, level: str, radius: float) -> str:
        x, y = self._point(*self._ground.at(spot.site, spot.latitude, spot.longitude))
        return f'<circle class="park-spot {level}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}"/>'

    def _vehicle(self, track: Track, level: str) -> str:
        box = self._ground.sites.get(track.site)
        point = self._ground.at(track.site, *track.points[-1]) if box else (0.0, 0.0)
        if box is None or box.grown(0.3).clamped(*point) != point:
            return ""
        x, y = self._point(*point)
        return f'<rect class="park-vehicle {level}" x="{x - 5:.1f}" y="{y - 5:.1f}" width="10" height="10" rx="2.5"/>'


_ORDER = ("critical", "warning", "notice")


def worst(fires: Iterable[Firing]) -> dict[str, str]:
    """The most severe of what fires of each device."""
    found: dict[str, str] = {}
    for one in fires:
        device, level = one.labels.get("device", ""), one.rule.alert.severity.value
        if (device and _ORDER.index(level) < _ORDER.index(found.get(device, _ORDER[-1]))) or device not in found:
            found[device] = level
    found.pop("", None)
    return found


def _rectangle(name: str, box: Box, round_: int) -> str:
    return (
        f'<rect class="{name}" x="{box.left:.0f}" y="{box.top:.0f}" width="{box.right - box.left:.0f}" '
        f'height="{box.bottom - box.top:.0f}" rx="{round_}"/>'
    )
