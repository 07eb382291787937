"""Car parks: what is fixed about each, drawn once. Most serve either offices or shops."""

from dataclasses import dataclass

import numpy as np

from park.grid import devices
from park.model import Floats, Ints, Streams

#: Spaces of the smallest car park, and the logarithm of how many times as many the largest has.
_FEWEST, _WIDER = 160.0, 2.4
#: Spread between car parks of when they fill, h, and of the logarithm of visitors' stays.
_TRADE_H, _STAYS = 0.4, 0.4
#: Hours about which shops begin to draw visitors and cease to, and their spreads between car parks; evening guests are
#: at most so many of all visitors.
_OPENS_H, _OPENS_SPREAD = 9.5, 0.7
_CLOSES_H, _CLOSES_SPREAD = 14.9, 1.2
_EVENING = 0.4


@dataclass(frozen=True, kw_only=True, eq=False)
class Lots:
    """(C, U) fixed properties of the car parks of C cells.

    Attributes:
        number: in the town.
        spaces: in all.
        residents: mean number of vehicles at 04:00.
        late: by how many hours people come later than elsewhere: trades begin at their own.
        opens, closes: hours between which shops draw most visitors on a workday.
        evening: share of the visitors who come for dinner, cinema or a match.
        stay: of visitors, over the mean car park's.
        users: (C, U, 2) vehicles that come on a mean day: commuters on a workday, visitors on any.
    """

    number: Ints
    spaces: Ints
    residents: Floats
    late: Floats
    opens: Floats
    closes: Floats
    evening: Floats
    stay: Floats
    users: Floats


def lots(streams: Streams, cells: Ints, units: int) -> Lots:
    """The car parks of these cells."""
    number = devices(cells, units)
    spaces = 20 * np.floor(_FEWEST / 20 * np.exp(_WIDER * streams.uniform("transport.lot.spaces", number)))
    chance = streams.uniform("transport.lot.offices", number)
    offices = 0.08 + 0.87 * chance * chance * (3 - 2 * chance)
    return Lots(
        number=number,
        spaces=spaces.astype(np.int64),
        residents=spaces * (0.03 + 0.12 * streams.uniform("transport.lot.residents", number)),
        late=np.clip(_TRADE_H * streams.normal("lot.trade", number), -1.0, 1.0),
        opens=_OPENS_H + _OPENS_SPREAD * np.clip(streams.normal("lot.opens", number), -2.0, 2.0),
        closes=_CLOSES_H + _CLOSES_SPREAD * np.clip(streams.normal("lot.closes", number), -2.0, 2.0),
        evening=_EVENING * streams.uniform("lot.evening", number) ** 2,
        stay=np.exp(_STAYS * streams.normal("lot.stay", number)),
        users=np.stack([0.8 * offices * spaces, (3.2 - 2.6 * offices) * spaces], axis=-1),
    )
