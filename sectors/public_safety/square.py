"""What stays the same about a square: its zones, how busy it is, and which way its cameras look."""

from dataclasses import dataclass, fields

import numpy as np

from park.grid import devices
from park.model import Floats, Ints, Streams
from sectors.public_safety.catalogue import LINES, ZONES

#: Means over a year of the shares of people who are out and under way.
_OUT, _UNDER_WAY = 0.075, 0.055


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
        out, passing: (C,) visitors per day for a share of one of the people who are out, who are under way.
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
    visitors = 7500 * np.exp(0.9 * streams.uniform("square.visitors", cells))
    leisure = 0.15 + 0.25 * streams.uniform("square.leisure", cells)
    return Squares(
        cells=cells,
        area=area,
        weight=weight / _over_zones(weight)[:, None],
        dwell=60 * 5 ** streams.uniform("square.dwell", zone),
        road=0.3 + 2.2 * streams.uniform("square.road", zone),
        visitors=visitors,
        out=visitors * leisure / _OUT,
        passing=visitors * (1 - leisure) / _UNDER_WAY,
        holiday=np.where(
            streams.uniform("square.sights", cells) < 0.5,
            0.6 + 0.16 * streams.uniform("square.holiday", cells),
            1.28 + 0.2 * streams.uniform("square.holiday", cells),
        ),
        gate=0.35 + 0.3 * streams.uniform("square.gate", cells),
    )


def axes(streams: Streams, cells: Ints) -> Floats:
    """(C * (ZONES + LINES),) where each camera looks, degrees from north."""
    return 360.0 * streams.uniform("camera.axis", devices(cells, ZONES + LINES)).ravel()


def _over_zones(values: Floats) -> Floats:
    """The sum over zones in a fixed order, so that a cell's does not depend on its neighbours."""
    return np.asarray(values[:, 0] + values[:, 1] + values[:, 2] + values[:, 3])
