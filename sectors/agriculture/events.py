"""What farms tell: when a valve is open, and when it freezes."""

import numpy as np

from park.happenings import Happenings, Spells, above, told_since, within
from park.model import Ints, WorldDay
from sectors.agriculture.catalogue import FROST, IRRIGATION
from sectors.agriculture.irrigation import Watering


def frosts(world: WorldDay, site: Ints, since: Ints) -> Spells:
    """When it is below 0 Cel at the sites, (C,), of fields; `since`, (C,), is that of `Spells.began`."""
    return above(-world.temperature[site], np.nextafter(0.0, 1.0), since)


def of_stations(world: WorldDay, site: Ints, since: Ints) -> list[Happenings]:
    """What weather stations tell of a day."""
    first_ms, spells = int(world.times[0]), frosts(world, site, since)
    return told_since(FROST, spells, 1, first_ms, spells.began(first_ms, since))


def of_valves(day: Watering, first_ms: int) -> list[Happenings]:
    """What irrigation valves tell of a day that begins at `first_ms`."""
    opens, lasts, volume = (part.reshape(-1) for part in (day.opens_s, day.open_s, day.volume))
    row = np.flatnonzero(lasts > 0)
    runs = within(row, 1000 * opens[row], 1000 * (opens[row] + lasts[row]))
    return told_since(IRRIGATION, runs, day.flow.shape[1], first_ms, ends={"water_volume": volume[runs.row]})
