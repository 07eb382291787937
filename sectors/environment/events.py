"""What waters tell: blooms of the bay, storms in the river."""

from park.days import Days
from park.happenings import Happenings, Spells, above, told_since
from park.model import Floats, Ints
from sectors.environment.catalogue import ALGAL_BLOOM, STORM_RUNOFF
from sectors.environment.lake import LakeDay
from sectors.environment.river import RiverDay, storm_of

BLOOM_UG_L = 40.0
STORM_MM = storm_of(5.0)


def blooms(day: LakeDay, since: Ints) -> Spells:
    """Of bays; `since`, (C,), is that of `Spells.began`, here and below."""
    return above(day.chlorophyll, BLOOM_UG_L, since)


def storms(day: RiverDay, since: Ints) -> Spells:
    """Of rivers."""
    return above(day.storm, STORM_MM, since)


def since(days: Days, series: Floats, limit: float, before: Ints) -> Ints:
    """(C,) when what lasts as the days end began, as of `Spells.left`; `series` are (D * C, GRID_POINTS)."""
    if not before.any() and not (series >= limit).any():  # as mostly
        return before
    rows = days.by_day(series, series[: len(before)])
    for world, row in zip(days.worlds, rows, strict=True):
        before = above(row, limit, before).left(int(world.times[0]), before)
    return before


def of_stations(
    lake: tuple[LakeDay, Ints], river: tuple[RiverDay, Ints], units: int, first_ms: int
) -> list[Happenings]:
    """What water stations tell: the first of a cell of the bay, the others of the river.

    Args:
        lake: bays through a day, and since when each has been in bloom.
        river: rivers, and since when each has been in storm.
        units: stations of a cell.
        first_ms: when the day begins, Unix milliseconds.
    """
    bloom, storm = blooms(*lake), storms(*river)
    found = told_since(ALGAL_BLOOM, bloom.of(0, units), units, first_ms, bloom.began(first_ms, lake[1]))
    for unit in range(1, units):
        found += told_since(STORM_RUNOFF, storm.of(unit, units), units, first_ms, storm.began(first_ms, river[1]))
    return found
