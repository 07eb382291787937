"""What stays the same about a square: its zones, how busy it is, and which way its cameras look."""

from dataclasses import dataclass, fields

import numpy as np

from park.grid import devices
from park.model import Floats, Ints, Streams
from sectors.public_safety.catalogue import LINES, ZONES

#: Means over a year of what `visitors.expected` makes of the shares of people who are out, on foot and off work.
_OUT, _ON_FOOT, _OFF_WORK = 0.0595, 0.0364, 0.1227


@dataclass(frozen=True, kw_only=True, eq=False)
class Squares:
    """C squares.

    Attributes:
        cells: their numbers, (C,).
        area: (C, ZONES) m2 in view.
        weight: (C, ZONES) how the people spread over the zones on the whole; sums to one.
        dwell: (C, ZONES) median stay in a zone, s.
        road: (C, ZONES) vehicles in view in a mean hour.
        visitors: (C,) on a mean day.
        out, passing, errands: (C,) visitors per day for a share of one of the people who are out, who are on foot, who
            are at work and leave it for a while.
        late: (C,) how many times more of those who are out come before the bars close on a Friday than at other hours.
        holiday: (C,) visitors of a holiday over those whom the town's people would bring: where offices are shut or
            where sights are.
        gate: (C,) share of the visitors who come over the first line.
    """

    cells: Ints
    area: Floats
    weight: Floats
    dwell: Floats
    road: Floats
    visitors: Floats
    out: Floats
    passing: Floats
    errands: Floats
    late: Floats
    holiday: Floats
    gate: Floats

    def tiled(self, times: int) -> "Squares":
        """The same squares so many times, one after the other."""
        again = {field.name: np.concatenate([getattr(self, field.name)] * times) for field in fields(self)}
        return self if times == 1 else Squares(**again)


def squares(streams: Streams, cells: Ints) -> Squares:
    """The squares of these cells."""
    zone = devices(cells, ZONES)
    area = np.rint(110 + 220 * streams.uniform("square.area", zone))
    weight = area * np.exp(0.3 * streams.normal("square.weight", zone))
    visitors = 5700 * np.exp(0.9 * streams.uniform("square.visitors", cells))
    # From the least to the most of 21 streets of Auckland, but for a tenth at either end.
    leisure = 0.16 + 0.41 * streams.uniform("square.leisure", cells)
    errands = 0.08 + 0.14 * streams.uniform("square.errands", cells)
    return Squares(
        cells=cells,
        area=area,
        weight=weight / _over_zones(weight)[:, None],
        dwell=60 * 5 ** streams.uniform("square.dwell", zone),
        road=0.3 + 2.2 * streams.uniform("square.road", zone),
        visitors=visitors,
        out=visitors * leisure / _OUT,
        passing=visitors * (1 - leisure - errands) / _ON_FOOT,
        errands=visitors * errands / _OFF_WORK,
        late=3.0 * np.exp(0.7 * streams.normal("square.late", cells)),
        holiday=np.where(
            streams.uniform("square.sights", cells) < 0.5,
            0.6 + 0.16 * streams.uniform("square.holiday", cells),
            1.5 + 0.2 * streams.uniform("square.holiday", cells),
        ),
        gate=0.35 + 0.3 * streams.uniform("square.gate", cells),
    )


def axes(streams: Streams, cells: Ints) -> Floats:
    """(C * (ZONES + LINES),) where each camera looks, degrees from north."""
    return 360.0 * streams.uniform("camera.axis", devices(cells, ZONES + LINES)).ravel()


def _over_zones(values: Floats) -> Floats:
    """The sum over zones in a fixed order, so that a cell's does not depend on its neighbours."""
    return np.asarray(values[:, 0] + values[:, 1] + values[:, 2] + values[:, 3])
