"""What squares tell: gatherings, fire alarms and calls."""

from dataclasses import replace

import numpy as np

from park.happenings import Happenings, Spells, joined, told, told_since, within
from park.model import Ints
from sectors.public_safety import fire
from sectors.public_safety.calls import Calls
from sectors.public_safety.catalogue import CALL, FIRE_ALARM, GATHERING
from sectors.public_safety.gathering import Gatherings

_HOUR_MS = 3_600_000.0


def of_zones(some: Gatherings, zones: int, first_ms: int) -> list[Happenings]:
    """What the cameras over the zones of squares tell of a day that begins at `first_ms`."""
    cell = np.flatnonzero(some.people > 0)
    row = (cell[:, None] * zones + np.arange(zones)).reshape(-1)
    cell = np.repeat(cell, zones)
    spells = within(row, _HOUR_MS * some.begin_h[cell], _HOUR_MS * some.end_h[cell])
    people = {"people": some.people[cell]}
    return told_since(GATHERING, spells, zones, first_ms, begins=people, ends=people)


def of_heads(day: fire.Heads, first_ms: int) -> list[Happenings]:
    """What fire detectors tell."""
    burns = fire.alarms(day)
    alarms = joined(_both(fire.nuisances(day), burns))
    heat = np.zeros(len(alarms))
    for row, begin, cell in zip(burns.row, burns.begin, burns.row // day.heads, strict=True):
        here = (alarms.row == row) & (alarms.begin <= begin) & (begin < alarms.end)
        heat[here] = day.incidents.growth[cell] * day.incidents.held_s[cell] ** 2
    return told_since(FIRE_ALARM, alarms, day.heads, first_ms, ends={"heat_release": heat})


def of_columns(day: Calls, per_cell: int) -> list[Happenings]:
    """What call points tell; a call bears the number that the register has then."""
    row, slot = np.nonzero(np.isfinite(day.begin))
    begin = np.rint(1000.0 * day.begin[row, slot]).astype(np.int64)
    wait = day.wait[row, slot]
    spells = Spells(row=row, begin=begin, end=begin + np.rint(1000.0 * (wait + day.talk[row, slot])).astype(np.int64))
    spells = replace(spells, end=np.minimum(spells.end, _next(spells) - 1))
    ends = {"answer_time": wait, "duration": (spells.end - spells.begin) / 1000.0}
    return told(CALL, spells, per_cell, day.before[row] + slot + 1, ends=ends)


def _next(spells: Spells) -> Ints:
    """(K,) when the next of the same row begins; never, if none does."""
    following = np.full(len(spells), np.iinfo(np.int64).max)
    same = spells.row[1:] == spells.row[:-1]
    following[:-1][same] = spells.begin[1:][same]
    return following


def _both(some: Spells, more: Spells) -> Spells:
    return Spells(
        row=np.concatenate([some.row, more.row]),
        begin=np.concatenate([some.begin, more.begin]),
        end=np.concatenate([some.end, more.end]),
    )
