"""How large a channel is and how much it moves, from clean readings of a few devices: the scale of its local sigma."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import sqrt

import numpy as np

from park.catalogue import Channel, DeviceKind, Sector
from park.columns import Columns
from park.model import DAY_MS, Floats
from park.town import Town
from sectors import SECTOR_OF
from simulator.faults.sigma import Scale
from simulator.fleet import Fleet
from simulator.plan import Group, Plan, Selection

#: Days after the season's first that are looked at, of two weeks: rain and stale air come every few days.
_DAYS = range(1, 15, 2)
_CELLS = 2
_MOST_DEVICES = 8
#: Rarer on either side than this are what stands out: one value in 400, beyond 2.81 sigma of a normal distribution.
_RARE, _RARE_SIGMA = 0.0025, 2.807
#: Of the devices that are looked at, so many move less: a severity is to mean much at nearly all of a kind.
_MOST = 0.9
#: Where values end, as at nothing, their distance from there is no sigma; it is at least so much of the other side's.
_SIDE = 0.5


class SampledScales:
    """The scales of a selection's kinds, from clean readings of a few devices on a few days of its town, by season.

    Sigmas are those of its livelier devices, never below the channel's resolution. A sector's season is made when it is
    first asked for, in a town that was commissioned at its middle, for nothing has to be carried to there.
    """

    def __init__(self, selection: Selection) -> None:
        self._selection = replace(selection, faults=None, events=False, interval_ms=None)
        self._known: dict[tuple[int, str], Mapping[tuple[str, str], Scale]] = {}

    def __call__(self, kind: DeviceKind, channel: Channel, at_ms: int) -> Scale:
        """The scale of a channel in the quarter of the year in which a moment lies."""
        local = dt.datetime.fromtimestamp((at_ms + self._selection.town.settings.utc_offset_ms) / 1000, dt.UTC)
        quarter, sector = (local.month - 1) // 3, SECTOR_OF[kind.name]
        if (quarter, sector.name) not in self._known:
            self._known[quarter, sector.name] = self._sampled(quarter, sector)
        return self._known[quarter, sector.name][kind.name, channel.name]

    def _sampled(self, quarter: int, sector: Sector) -> Mapping[tuple[str, str], Scale]:
        groups = tuple(
            Group(kind=kind, sector=sector, device=np.arange(min(_MOST_DEVICES, _CELLS * kind.per_cell)))
            for kind in self._selection.selected_kinds()
            if SECTOR_OF[kind.name] is sector
        )
        selection = replace(self._selection, town=_commissioned(self._selection.town, 3 * quarter + 2))
        fleet = Fleet(Plan(selection=selection, groups=groups))
        first = fleet.world.day_start_ms(fleet.day_of(fleet.commissioned_ms))
        days = [fleet.columns(first + day * DAY_MS, first + (day + 1) * DAY_MS) for day in _DAYS]
        return {
            (parts[0].kind.name, channel.name): _scale(channel, parts)
            for parts in zip(*days, strict=True)
            for channel in parts[0].kind.channels
        }


def _commissioned(town: Town, month: int) -> Town:
    """The town, had it been commissioned on the first of a month of its year."""
    date = dt.date(town.settings.commissioned.year, month, 1)
    return replace(town, settings=town.settings.model_copy(update={"commissioned": date}))


def _scale(channel: Channel, days: tuple[Columns, ...]) -> Scale:
    devices = np.unique(np.concatenate([day.device for day in days])).tolist()
    told = [[one for day in days if len(one := _told(channel, day, device)) > 1] for device in devices]
    series = [some for some in told if some]
    least = 1.0 / channel.scale
    below, above = (
        (_quantile(sides, _MOST) for sides in zip(*map(_spread, series), strict=True)) if series else (0.0, 0.0)
    )
    return Scale(
        step=max(_quantile(map(_step, series), _MOST), least),
        below=max(below, _SIDE * above, least),
        above=max(above, _SIDE * below, least),
        level=max(_quantile(map(_usual, series), 0.5), least),
    )


def _told(channel: Channel, day: Columns, device: int) -> Floats:
    """(N,) what a device told of a channel on a day."""
    rows = day.device == device
    if (mask := day.present.get(channel.name)) is not None:
        rows &= mask
    return np.asarray(day.values[channel.name][rows] / float(channel.scale))


def _step(days: Sequence[Floats]) -> float:
    """The sigma of normal readings, each by itself, whose rare steps are as large."""
    steps = np.concatenate([np.abs(np.diff(day)) for day in days])
    return float(np.quantile(steps, 1 - 2 * _RARE)) / (_RARE_SIGMA * sqrt(2))


def _spread(days: Sequence[Floats]) -> tuple[float, float]:
    """The sigma of normal values whose rare ones are as far below the median, and as far above it."""
    low, middle, high = np.quantile(np.concatenate(days), [_RARE, 0.5, 1 - _RARE])
    return float(middle - low) / _RARE_SIGMA, float(high - middle) / _RARE_SIGMA


def _usual(days: Sequence[Floats]) -> float:
    """The median amount of what is not nothing."""
    return _quantile(np.abs(np.concatenate(days)), 0.5)


def _quantile(figures: Iterable[float] | Floats, share: float) -> float:
    """Of those that are not nothing: a panel by night says nothing of the panel."""
    known = figures if isinstance(figures, np.ndarray) else np.array(list(figures))
    some = known[known > 0.0]
    return float(np.quantile(some, share)) if len(some) else 0.0
