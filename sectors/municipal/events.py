"""What a block's things tell: mains that burst, leaks behind meters, bins, and someone at a cabinet."""

import numpy as np

from park.event import EventType
from park.happenings import Happenings, Spells, told, told_since, within
from park.model import DAY_MS, Ints
from sectors.municipal.catalogue import (
    BIN_FIRE,
    BIN_OVERFULL,
    CABINET_VISIT,
    MAIN_BURST,
    WASTE_BIN,
    WATER_LEAK,
    WATER_METER,
)
from sectors.municipal.demand import leaks_of
from sectors.municipal.lighting import visits
from sectors.municipal.network import SLOT_DAYS, Bursts
from sectors.municipal.span import Span
from sectors.municipal.waste import Bins


def of_cabinets(span: Span) -> list[Happenings]:
    """When someone works there; spans are of one day, here and below."""
    begin, end = visits(span)
    row = np.flatnonzero(end)
    return told_since(CABINET_VISIT, within(row, begin[row], end[row]), 1, _first_ms(span))


def of_zones(span: Span) -> list[Happenings]:
    """Bursts of the mains."""
    first, last, _ = Bursts(setting=span.setting, cell=span.cells).of(span.day() // SLOT_DAYS)
    return _since_first_day(MAIN_BURST, span, 1, first, last)


def of_meters(span: Span) -> list[Happenings]:
    """What runs behind meters, from one 04:00 to another."""
    name = WATER_METER.name
    first, past, _ = leaks_of(span.setting.streams, span.number(name), span.day(name))
    return _since_first_day(WATER_LEAK, span, span.per_cell(name), first * DAY_MS, past * DAY_MS)


def of_bins(bins: Bins, morning: Ints, emptied: Ints) -> list[Happenings]:
    """Bins that do not shut, and that burn.

    Args:
        bins: of one day.
        morning: (rows,) their levels as the day begins.
        emptied: (rows,) how often each had been emptied by then; it is full once at most until it is the next time.
    """
    span, per_cell = bins.span, bins.span.per_cell(WASTE_BIN.name)
    row, begin, end = bins.overfull(morning)
    later = begin >= bins.round_ms[row]
    number = emptied[row] + (later & bins.emptied(morning)[row])
    begins, ends, burns = bins.fires
    row_burns = np.flatnonzero(burns)
    fires = within(row_burns, begins[row_burns], ends[row_burns])
    return [
        *told(BIN_OVERFULL, Spells(row=row, begin=begin, end=end), per_cell, number),
        *told_since(BIN_FIRE, fires, per_cell, _first_ms(span)),
    ]


def _since_first_day(event: EventType, span: Span, per_cell: int, first: Ints, last: Ints) -> list[Happenings]:
    """Of what lasts over days, known in milliseconds since the first day's beginning; 0 where there is none."""
    today = span.worlds[0].index * DAY_MS
    row = np.flatnonzero(last > first)
    spells = within(row, first[row] - today, last[row] - today)
    return told_since(event, spells, per_cell, _first_ms(span), _first_ms(span) - today + first[spells.row])


def _first_ms(span: Span) -> int:
    return int(span.worlds[0].times[0])
