"""What loop detectors tell: jams."""

import numpy as np

from park.happenings import Happenings, held, told_since
from park.model import Ints
from sectors.transport.catalogue import JAM
from sectors.transport.traffic import Traffic

JAM_KMH = 20.0
#: Steps of the grid: breaks of a jam that are none, and what makes one.
_BREAK, _SHORTEST = 2, 3


def of_detectors(traffic: Traffic, links: Ints, per_cell: int, first_ms: int) -> list[Happenings]:
    """What detectors tell of a day that begins at `first_ms`.

    Args:
        traffic: of C corridors.
        links: numbers of the links with detectors, by place; unit u stands at place u // 2 of direction u mod 2.
        per_cell: detectors of a corridor.
        first_ms: Unix milliseconds.
    """
    unit = np.arange(per_cell)
    speed = traffic.speed[:, unit % 2, links[unit // 2]]
    jams = held((speed < JAM_KMH).reshape(-1, speed.shape[-1]), _BREAK, _SHORTEST)
    return told_since(JAM, jams, per_cell, first_ms)
