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

_PEAK_SHARE = 0.087
_KM_PER_DEGREE = 111.2


@dataclass(frozen=True, kw_only=True, eq=False)
class Corridors:
    """Fixed properties of C corridors.

    Attributes:
        cells: (C,) their numbers.
        green_ratio: (C,) effective green over cycle for the corridor.
        offset_s: (C,) of the signal's cycle.
        vehicles: (C, 2) a nominal workday's vehicles per direction.
        shift_h: (C,) by which the rush hours come later than the town's.
        riders: (C,) demand for the bus line relative to the mean.
        latitude, longitude: (C, LINKS + 1) ends of the links.
        heading: (C, LINKS) of the inbound links, degrees clockwise from north.
    """

    cells: Ints
    green_ratio: Floats
    offset_s: Floats
    vehicles: Floats
    shift_h: Floats
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
    peak = 0.68 + 0.33 * uniform("transport.scale", cells[:, None], np.arange(2))
    latitude, longitude, heading = _polyline(setting, cells)
    return Corridors(
        cells=cells,
        green_ratio=green,
        offset_s=np.floor(120 * uniform("transport.offset", cells)),
        vehicles=peak * (SATURATION * green / _PEAK_SHARE)[:, None],
        shift_h=0.5 * (uniform("transport.shift", cells) - 0.5),
        riders=0.7 + 0.6 * uniform("transport.riders", cells),
        latitude=latitude,
        longitude=longitude,
        heading=heading,
    )


def _polyline(setting: Setting, cells: Ints) -> tuple[Floats, Floats, Floats]:
    """A road that bends gently from 6-9 km out towards the centre of the town."""
    streams = setting.streams
    bearing = 360.0 * streams.uniform("transport.bearing", cells)
    start_km = 6.0 + 3.0 * streams.uniform("transport.start", cells)
    bends = 14.0 * streams.normal("transport.bend", cells[:, None], np.arange(LINKS))
    heading = (bearing[:, None] + 180.0 + np.cumsum(bends, axis=1)) % 360.0
    north = _along(start_km * np.cos(np.radians(bearing)), LINK_KM * np.cos(np.radians(heading)))
    east = _along(start_km * np.sin(np.radians(bearing)), LINK_KM * np.sin(np.radians(heading)))
    latitude = setting.latitude + north / _KM_PER_DEGREE
    longitude = setting.longitude + east / (_KM_PER_DEGREE * np.cos(np.radians(setting.latitude)))
    return latitude, longitude, heading


def _along(start: Floats, parts: Floats) -> Floats:
    """Running positions from `start` (C,) over `parts` (C, LINKS): (C, LINKS + 1)."""
    return np.cumsum(np.concatenate([start[:, None], parts], axis=1), axis=1)
