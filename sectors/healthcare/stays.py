"""Who lies where, and for how long: each bed a renewal process of stays and vacancies.

A bed is free, somebody comes by the hours of an emergency department, stays for a log-normal time, and leaves in the
hours when people are sent home. At most one comes and one leaves in a day of a bed, so that a day has closed form.

References:
    National Health Commission of China, bulletin of 2023: beds used 79.4 % (public hospitals 86.0 %), mean stay 8.8 d.
    Lengths of stay in public data sets (azpro, azdrg112, los, medpar): CV 0.77-1.05, SD of the logarithm 0.70-0.89.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from park.days import Days
from park.grid import devices
from park.model import Bools, Carry, Floats, Ints, Streams

BEDS = 8
#: Median stay, h, and the standard deviation of its logarithm.
_MEDIAN_H, _SPREAD = 5.4 * 24, 0.76
_SHORTEST_H, _LONGEST_H = 14.0, 60 * 24.0
_OCCUPIED_AT_FIRST = 0.84
#: Chance that somebody comes to a free bed in a day.
_CHANCE, _CHANCE_FREE_DAY = 0.6, 0.45
_CLEANING_H = 1.0
#: Discharge, h after 04:00: mean, SD, earliest, latest.
_LEAVES = (10.2, 2.2, 5.0, 16.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Beds:
    """A day of B beds; hours are those since the first morning's 04:00.

    Attributes:
        number: (B,) of the beds in the town.
        first_h: (B, 1) at which the day begins.
        admitted: (B, 2) when the stay at 04:00 (or the last before) began, and that which begins in the day;
            infinite if none does.
        until: (B, 2) when each ends.
    """

    number: Ints
    first_h: Floats
    admitted: Floats
    until: Floats

    @property
    def comes(self) -> Bools:
        """(B,) whether a stay begins in the day."""
        return np.isfinite(self.admitted[:, 1])

    @property
    def leaves(self) -> Bools:
        """(B,) whether a stay ends in the day."""
        ends = self.until[:, :1]
        return np.asarray((ends >= self.first_h) & (ends < self.first_h + 24.0))[:, 0]

    def which(self, row: Ints, hour: Floats) -> tuple[Ints, Bools]:
        """(N,) place in flat (B, 2) arrays of the stay of a bed at an hour, and whether the bed is taken."""
        place = row * 2 + (hour >= self.admitted[:, 1].take(row))
        return place, np.asarray(hour < self.until.reshape(-1).take(place))


def begin(streams: Streams, number: Ints) -> Carry:
    """The stays that the first morning finds, of beds (C, BEDS)."""
    length = np.exp(np.log(_MEDIAN_H) + _SPREAD**2 + _SPREAD * streams.normal("healthcare.stay.first", number))
    length = np.minimum(length, _LONGEST_H)
    past = streams.uniform("healthcare.stay.age", number)
    taken = streams.uniform("healthcare.stay.taken", number) < _OCCUPIED_AT_FIRST
    day = np.ceil(length * (1 - past) / 24.0)
    until = np.where(taken, 24.0 * day + _leaving(streams, number, np.full(number.shape, -1)), -12.0)
    return {"admitted": np.where(taken, -length * past - 0.1, -60.0), "until": until}


def beds(streams: Streams, days: Days, carry: Carry) -> Beds:
    """The beds of some cells, flat; of the first day, then of the next."""
    number, index = devices(days.cells, BEDS).reshape(-1), np.repeat(days.index, BEDS)
    chance = np.where(np.repeat(days.of_day(lambda world: world.workday), BEDS), _CHANCE, _CHANCE_FREE_DAY)
    drawn = streams.uniform("healthcare.stay.comes", number, index)
    hour = 24.0 * index + np.interp(np.minimum(drawn / chance, 1.0), *_arrivals())
    ends = _end(streams, number, hour, index)
    lying = np.stack([carry["admitted"].reshape(-1), carry["until"].reshape(-1)])
    found = []
    # A bed that is taken is nobody else's: the one thing that goes from day to day.
    for coming in np.split(np.stack([np.where(drawn < chance, hour, -np.inf), ends]), len(days.worlds), axis=1):
        comes = coming[0] > lying[1] + _CLEANING_H
        found.append([lying, np.where(comes, coming, [[np.inf], [-np.inf]])])
        lying = np.where(comes, coming, lying)
    admitted, until = (part.T.copy() for part in np.concatenate(found, axis=-1).swapaxes(0, 1))
    return Beds(
        number=number, first_h=np.asarray(24.0 * index[:, None], dtype=np.float64), admitted=admitted, until=until
    )


def after(beds: Beds) -> tuple[Floats, Floats]:
    """(B,) `admitted` and `until` of who lies in each bed when the day ends, or lay there last."""
    comes = beds.comes
    return (
        np.where(comes, beds.admitted[:, 1], beds.admitted[:, 0]),
        np.where(comes, beds.until[:, 1], beds.until[:, 0]),
    )


def _end(streams: Streams, number: Ints, hour: Floats, day: Ints) -> Floats:
    length = _MEDIAN_H * np.exp(_SPREAD * streams.normal("healthcare.stay.length", number, day))
    length = np.clip(length, _SHORTEST_H, _LONGEST_H)
    last = np.maximum(np.rint((hour + length - _LEAVES[0]) / 24.0), day + 1)
    return 24.0 * last + _leaving(streams, number, day)


def _leaving(streams: Streams, number: Ints, day: Ints) -> Floats:
    mean, spread, earliest, latest = _LEAVES
    return np.clip(mean + spread * streams.normal("healthcare.stay.leaves", number, day), earliest, latest)


@cache
def _arrivals() -> tuple[Floats, Floats]:
    """Share of a day's arrivals by each hour since 04:00, and the hours; most come from 09 to 22 h."""
    weight = np.array([1, 1, 2, 3, 5, 7, 8, 8, 8, 7, 7, 7, 7, 7, 6, 6, 6, 5, 4, 3, 2, 2, 1, 1], dtype=np.float64)
    share = np.concatenate([[0.0], np.cumsum(weight)])
    return share / share[-1], np.linspace(0.0, 23.9, 25)
