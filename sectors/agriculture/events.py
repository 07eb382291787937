"""What farms tell: when a valve is open, and when it freezes."""

from collections.abc import Mapping

import numpy as np

from park.happenings import BEFORE, Happenings, Spells, above, told_since, within
from park.model import Ints, WorldDay
from sectors.agriculture.catalogue import FROST, IRRIGATION
from sectors.agriculture.irrigation import Watering
from sectors.agriculture.runs import Run, spells_of


def frosts(world: WorldDay, site: Ints, since: Ints) -> Spells:
    """When it is below 0 Cel at the sites, (C,), of fields; `since`, (C,), is that of `Spells.began`."""
    return above(-world.temperature[site], np.nextafter(0.0, 1.0), since)


def of_stations(world: WorldDay, site: Ints, since: Ints) -> list[Happenings]:
    """What weather stations tell of a day."""
    first_ms, spells = int(world.times[0]), frosts(world, site, since)
    return told_since(FROST, spells, 1, first_ms, spells.began(first_ms, since))


def of_valves(day: Watering, runs: Mapping[int, Run], first_ms: int) -> list[Happenings]:
    """What irrigation valves tell of a day that begins at `first_ms`; some are told when by orders."""
    opens, lasts, volume = (part.reshape(-1) for part in (day.opens_s, day.open_s, day.volume))
    row = np.flatnonzero(lasts > 0)
    if not runs:
        spells = within(row, 1000 * opens[row], 1000 * (opens[row] + lasts[row]))
        return told_since(IRRIGATION, spells, day.flow.shape[1], first_ms, ends={"water_volume": volume[spells.row]})
    row = row[~np.isin(row, [*runs])]
    plain, told = within(row, 1000 * opens[row], 1000 * (opens[row] + lasts[row])), spells_of(runs)
    flowed = day.flow.reshape(-1)[told.row] * (told.end - np.maximum(told.begin, 0)) / 3_600_000
    left = [runs[row].left for row in told.row.tolist()]
    flowed += np.where(told.begin == BEFORE, [one.volume for one in left], 0.0)
    began = np.where(told.begin == BEFORE, [one.since for one in left], first_ms + told.begin)
    zones = day.flow.shape[1]
    return [
        *told_since(IRRIGATION, plain, zones, first_ms, ends={"water_volume": volume[plain.row]}),
        *told_since(IRRIGATION, told, zones, first_ms, began, ends={"water_volume": flowed}),
    ]
