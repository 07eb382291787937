"""What loop detectors tell: jams."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from park.happenings import Happenings, Spells, held, told_since
from park.model import Ints
from sectors.transport.catalogue import JAM
from sectors.transport.plans import jams
from sectors.transport.traffic import Traffic

JAM_KMH = 20.0
#: Steps of the grid: breaks of a jam that are none, and what makes one.
_BREAK, _SHORTEST = 2, 3


def of_detectors(
    traffic: Traffic, links: Ints, per_cell: int, first_ms: int, *, told: Mapping[int, tuple[Traffic, int]]
) -> list[Happenings]:
    """What detectors tell of a day that begins at `first_ms`.

    Args:
        traffic: of C corridors.
        links: numbers of the links with detectors, by place; unit u stands at place u // 2 of direction u mod 2.
        per_cell: detectors of a corridor.
        first_ms: Unix milliseconds.
        told: row of each corridor whose signal obeys to its traffic, and the point of the grid where that begins;
            `traffic` is without orders.
    """
    unit = np.arange(per_cell)
    speed = traffic.speed[:, unit % 2, links[unit // 2]]
    found = held((speed < JAM_KMH).reshape(-1, speed.shape[-1]), _BREAK, _SHORTEST)
    for cell, (one, first) in told.items():
        slow = one.speed[0, unit % 2, links[unit // 2]] < JAM_KMH
        for row in (cell * per_cell + unit).tolist():
            mine = found.row == row
            own = jams(found.take(mine), slow[row % per_cell], first)
            parts = (found.take(~mine), replace(own, row=own.row + row))
            found = Spells(
                row=np.concatenate([part.row for part in parts]),
                begin=np.concatenate([part.begin for part in parts]),
                end=np.concatenate([part.end for part in parts]),
            )
    return told_since(JAM, found, per_cell, first_ms)
