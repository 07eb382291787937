"""What cold rooms tell: when a compressor fails, and a door is left open."""

import numpy as np

from park.happenings import Happenings, Spells, told_since, within
from sectors.logistics.catalogue import COMPRESSOR_FAILURE, DOOR_LEFT_OPEN
from sectors.logistics.pulses import Pulses
from sectors.logistics.room import LEFT_OPEN_S, RoomDay


def of_rooms(day: RoomDay, first_ms: int) -> list[Happenings]:
    """What happens in a day that begins at `first_ms`."""
    return [
        *told_since(COMPRESSOR_FAILURE, _spells(day.failure), day.per_cell, first_ms),
        *told_since(DOOR_LEFT_OPEN, _spells(day.doors, LEFT_OPEN_S), day.per_cell, first_ms),
    ]


def _spells(pulses: Pulses, least_s: float = 1.0) -> Spells:
    row, place = np.nonzero(pulses.length >= least_s)
    return within(row, 1000.0 * pulses.start[row, place], 1000.0 * pulses.end[row, place])
