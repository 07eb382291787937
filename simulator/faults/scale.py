"""How large a channel is and how much it moves, which severities are counted in: its local sigma."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from park.catalogue import Channel, DeviceKind
from park.columns import Columns
from park.model import DAY_MS, Floats
from sectors import SECTOR_OF
from simulator.faults.classes import Sigma
from simulator.fleet import Fleet
from simulator.plan import Group, Plan, Selection

#: Days after the commissioning that are looked at, a working day and a day of the weekend among them.
_DAYS = (5, 9, 13)
_CELLS = 2
_MOST_DEVICES = 8


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Of one channel of a kind, in its unit.

    Attributes:
        sigma: its local standard deviation: of a reading about its neighbours, and within a day.
        level: the mean of its amounts.
    """

    sigma: Mapping[Sigma, float]
    level: float


class SampledScales:
    """The scales of a selection's kinds, from clean readings of a few devices on a few days of its town.

    Medians over devices and days; never below the channel's resolution.
    """

    def __init__(self, selection: Selection) -> None:
        self._selection = replace(selection, faults=None, events=False, interval_ms=None)
        self._known: dict[tuple[str, str], Scale] = {}

    def __call__(self, kind: DeviceKind, channel: Channel) -> Scale:
        """The scale of a channel."""
        if not self._known:
            self._sample()
        return self._known[kind.name, channel.name]

    def _sample(self) -> None:
        kinds = self._selection.selected_kinds()
        groups = tuple(
            Group(
                kind=kind,
                sector=SECTOR_OF[kind.name],
                device=np.arange(min(_MOST_DEVICES, _CELLS * kind.per_cell)),
            )
            for kind in kinds
        )
        fleet = Fleet(Plan(selection=self._selection, groups=groups))
        first = fleet.world.day_start_ms(fleet.day_of(fleet.commissioned_ms))
        days = [fleet.columns(first + day * DAY_MS, first + (day + 1) * DAY_MS) for day in _DAYS]
        for parts in zip(*days, strict=True):
            for channel in parts[0].kind.channels:
                self._known[parts[0].kind.name, channel.name] = _scale(channel, parts)


def _scale(channel: Channel, days: tuple[Columns, ...]) -> Scale:
    series = [day.floats(channel)[day.device == device] for day in days for device in np.unique(day.device)]
    steps = _median([float(np.std(np.diff(one))) / np.sqrt(2) for one in series])
    within = _median([float(np.std(one)) for one in series])
    least = 1.0 / channel.scale
    level = _median([float(np.mean(np.abs(one))) for one in series])
    return Scale(sigma={Sigma.STEP: max(steps, least), Sigma.DAY: max(within, least)}, level=max(level, least))


def _median(figures: list[float]) -> float:
    """Of those that are not nothing: a panel by night says nothing of the panel."""
    some: Floats = np.array([figure for figure in figures if figure > 0.0] or [0.0])
    return float(np.median(some))
