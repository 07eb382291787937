"""The corridors: what is fixed about each road, drawn once per cell.

A corridor has two carriageways of twelve links. Direction 0 runs into town, 1 out of it; a link's number
counts along its own direction. Both meet the signal after the eighth inbound link.
"""

from dataclasses import dataclass, fields

import numpy as np

from park.model import Floats, Ints, Setting

LINKS = 12
LINK_KM = 0.5
LANES = 2
FREE_KMH = 60.0
CAPACITY = 3600.0
JAM_PER_KM = 290.0
SATURATION = 3800.0
#: Last link before the signal, per direction.
JUNCTION = (7, 3)
#: Length of a queued vehicle as a loop sees it, m.
EFFECTIVE_LENGTH_M = 6.5

#: Vehicles of a workday's busiest hour and direction, of a mean day's.
_PEAK_SHARE = 0.0895
#: Flow of that hour, of the signal's capacity: the least used road, and by how much the busiest exceeds it.
_LEAST_USED, _MORE_USED = 0.89, 0.10
#: Degrees by which a road turns from link to link: all one way, so that it stays about its place, and by chance.
_TURN, _BEND = 12.0, 10.0
_KM_PER_DEGREE = 111.2


@dataclass(frozen=True, kw_only=True, eq=False)
class Corridors:
    """Fixed properties of C corridors.

    Attributes:
        cells: (C,) their numbers.
        green_ratio: (C,) effective green over cycle for the corridor.
        offset_s: (C,) of the signal's cycle.
        vehicles: (C, 2) a mean day's vehicles per direction.
        riders: (C,) demand for the bus line relative to the mean.
        latitude, longitude: (C, LINKS + 1) ends of the links.
        heading: (C, LINKS) of the inbound links, degrees clockwise from north.
    """

    cells: Ints
    green_ratio: Floats
    offset_s: Floats
    vehicles: Floats
    riders: Floats
    latitude: Floats
    longitude: Floats
    heading: Floats

    def __len__(self) -> int:
        return len(self.cells)

    def take(self, rows: slice) -> "Corridors":
        """Some of them."""
        return Corridors(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def corridors(setting: Setting, cells: Ints) -> Corridors:
    """The corridors of these cells."""
    uniform = setting.streams.uniform
    green = np.round(0.48 + 0.12 * uniform("transport.green", cells), 2)
    peak = _LEAST_USED + _MORE_USED * uniform("transport.scale", cells[:, None], np.arange(2))
    latitude, longitude, heading = _polyline(setting, cells)
    return Corridors(
        cells=cells,
        green_ratio=green,
        offset_s=np.floor(120 * uniform("transport.offset", cells)),
        vehicles=peak * (SATURATION * green / _PEAK_SHARE)[:, None],
        riders=0.7 + 0.6 * uniform("transport.riders", cells),
        latitude=latitude,
        longitude=longitude,
        heading=heading,
    )


def _polyline(setting: Setting, cells: Ints) -> tuple[Floats, Floats, Floats]:
    """A road that bends gently about its cell's place: latitude and longitude of the ends, and headings."""
    streams, middle = setting.streams, setting.places.cells(cells)
    bearing = 360.0 * streams.uniform("transport.bearing", cells)
    hand = np.where(streams.uniform("transport.hand", cells) < 0.5, -_TURN, _TURN)
    bends = hand[:, None] + _BEND * streams.normal("transport.bend", cells[:, None], np.arange(LINKS))
    heading = (bearing[:, None] + np.cumsum(bends, axis=1)) % 360.0
    north, east = (_about(LINK_KM * part(np.radians(heading))) for part in (np.cos, np.sin))
    latitude = middle.latitude[:, None] + north / _KM_PER_DEGREE
    longitude = middle.longitude[:, None] + east / (_KM_PER_DEGREE * np.cos(np.radians(middle.latitude)))[:, None]
    return latitude, longitude, heading


def _about(parts: Floats) -> Floats:
    """Running positions over `parts` (C, LINKS) whose mean is zero: (C, LINKS + 1)."""
    ends = np.cumsum(np.concatenate([np.zeros((len(parts), 1)), parts], axis=1), axis=1)
    return np.asarray(ends - ends.mean(axis=1, keepdims=True))
