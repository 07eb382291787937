"""Where devices stand and drive, asked of a store: places as told every morning, positions as read."""

from collections.abc import Mapping, Sequence

from dashboards.places import moving, standing
from dashboards.sources.base import Curve, Value, Window
from dashboards.viewer.drawing import Track
from dashboards.viewer.places import Spot
from dashboards.viewer.windows import Reader
from park.topics import is_level
from sectors import KINDS

_PLACE_MS = 30 * 3_600_000  # places are told at every 04:00
_ROAD_MS, _STEP_MS = 3 * 3_600_000, 120_000
_STEMS = {kind.device_stem: name for name, kind in KINDS.items()}


async def spots(reader: Reader, now: int) -> list[Spot]:
    """Every device that has told its place, or been somewhere.

    Raises:
        SourceError: the store does not answer.
    """
    answer = await reader.within(standing(), Window(start=now - _PLACE_MS, until=now + 1))
    return [
        Spot(kind=_STEMS.get(tags["device"].rpartition("-")[0], ""), latitude=where[0], longitude=where[1], **tags)
        for tags, where in _pairs(answer)
        if all(map(is_level, tags.values()))
    ]


async def tracks(reader: Reader, now: int) -> list[Track]:
    """Where buses and lorries have driven in the last hours.

    Raises:
        SourceError: the store does not answer.
    """
    until = now // _STEP_MS * _STEP_MS + _STEP_MS
    window = Window(start=until - _ROAD_MS, until=until, interval=_STEP_MS)
    found = []
    for panel in moving():
        courses: dict[tuple[str, str], dict[str, Mapping[int, Value]]] = {}
        for curve in await reader.raw(panel, window):
            key = curve.tags["site"], curve.tags["device"]
            courses.setdefault(key, {})[curve.field] = dict(zip(curve.times, curve.values, strict=True))
        found += [_track(*key, course) for key, course in courses.items()]
    return found


def _track(site: str, device: str, course: Mapping[str, Mapping[int, Value]]) -> Track:
    north, east = course.get("latitude", {}), course.get("longitude", {})
    points = tuple((float(north[time]), float(east[time])) for time in sorted(north.keys() & east.keys()))
    return Track(device=device, site=site, points=points)


def _pairs(answer: Sequence[Curve]) -> list[tuple[dict[str, str], tuple[float, float]]]:
    """The tags of each device, and its latitude and longitude."""
    found: dict[tuple[str, ...], dict[str, float]] = {}
    tags: dict[tuple[str, ...], dict[str, str]] = {}
    for curve in answer:
        key = tuple(curve.tags[tag] for tag in ("sector", "site", "device"))
        found.setdefault(key, {})[curve.field] = float(curve.values[-1])
        tags[key] = dict(curve.tags)
    return [
        (tags[key], (where["latitude"], where["longitude"])) for key, where in sorted(found.items()) if len(where) == 2
    ]
