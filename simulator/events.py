"""What a plan's devices tell between their readings: a pure function of time, as readings are.

A place, and that it is a holiday, is told at every 04:00 and at the commissioning, a rain spell or an episode of bad
air when it begins and ends, and what a sector's model makes happen likewise; devices of cells that were commanded tell
what they save (`simulator.commands.twins`). A window [start, until) of the town's time is told from `since(start)`
on, the last 04:00 at or before its beginning: whoever looks at it finds every device's place, and any part of a window
that was told is told itself.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from park.columns import quantise
from park.event import (
    DURATION,
    MADE_UP_WORKDAY,
    PLACE,
    POLLUTION_EPISODE,
    PUBLIC_HOLIDAY,
    RAIN_SPELL,
    EventType,
    Phase,
)
from park.model import Floats, Ints, Place, WorldDay
from simulator.commands.outcomes import Outcomes
from simulator.commands.twins import Twins
from simulator.event_columns import Told
from simulator.happened import Happened
from simulator.plan import Group, Plan
from simulator.spells import Spell, Spells
from simulator.state import TownState
from simulator.streams import CounterStreams
from simulator.version import MODELS_VERSION
from simulator.world import Places


@dataclass(frozen=True, kw_only=True)
class _Shared:
    """What happens to a site, and is told by whoever measures it there.

    Attributes:
        channel: what they measure; an end carries it, and how long it lasted.
        of: the day's series, (sites, GRID_POINTS).
        limit: above which it is so.
        measured: what the channel is at an end, given the integral over the hours, and the hours.
    """

    type: EventType
    channel: str
    of: Callable[[WorldDay], Floats]
    limit: float
    measured: Callable[[Floats, Floats], Floats]


_SHARED = (
    _Shared(
        type=RAIN_SPELL,
        channel="precipitation",
        of=lambda day: day.precipitation,
        limit=0.0,
        measured=lambda total, _: total,
    ),
    _Shared(
        type=POLLUTION_EPISODE,
        channel="pm25",
        of=lambda day: day.pm25,
        limit=75.0,
        measured=lambda total, hours: total / hours,
    ),
)

#: Who measures it tells what day it is.
_OF_THE_DAY = "precipitation"
#: Spells by when they begin or end, and their site.
_ByTime: TypeAlias = Mapping[tuple[int, int], Spell]
_Phases: TypeAlias = tuple[tuple[Phase, _ByTime], ...]


class Events:
    """The events of a plan's devices; none but what became of commands if its selection wants none.

    Args:
        plan: the devices.
        state: their world.
        outcomes: of commands, more of which may come.
    """

    def __init__(self, plan: Plan, state: TownState, outcomes: Outcomes | None = None) -> None:
        town = plan.selection.town
        self._plan, self._world = plan, state.world
        self._outcomes = Outcomes() if outcomes is None else outcomes
        self._devices = {group.kind.name: group.device for group in plan.groups}
        self._commissioned_ms = town.settings.commissioned_ms
        measured = {channel for group in plan.groups for channel in group.kind.channel}
        self._spells = {
            one.channel: Spells(state.world, one.of, one.limit) for one in _SHARED if one.channel in measured
        }
        self._happened = Happened(plan, state, self._commissioned_ms)
        self._twins = Twins(plan, state, self._outcomes)
        self._site_row = {site.name: row for row, site in enumerate(town.sites)}
        self._where: dict[str, Place] = {}

    def since(self, start_ms: int) -> int:
        """From where a window that begins at `start_ms` is told: the last time at or before it at which places are."""
        return self._told_ms(self._world.day_index(start_ms))

    def while_at_hand(self, day: int) -> None:
        """Works out what models tell of a day while they have it at hand, so that it is not made again for that."""
        if self._plan.selection.events:
            self._happened.of(day)

    def told(self, start_ms: int, until_ms: int) -> list[Told]:
        """The events with start <= ts < until: places and its site's spells by kind, what models tell, twins, commands.

        What became of commands is told whatever else is: readings cannot be proved without.
        """
        if until_ms <= start_ms:
            return []
        commanded = self.commanded(start_ms, until_ms)
        if not self._plan.selection.events:
            return commanded
        return self._happening(start_ms, until_ms) + self._twins.told(start_ms, until_ms) + commanded

    def commanded(self, start_ms: int, until_ms: int) -> list[Told]:
        """What became of commands, with start <= ts < until."""
        return self._outcomes.told(self._devices, start_ms, until_ms)

    def _happening(self, start_ms: int, until_ms: int) -> list[Told]:
        first, last = (max(0, self._world.day_index(ms)) for ms in (start_ms - 1, until_ms - 1))
        mornings = [day for day in range(first, last + 1) if start_ms <= self._told_ms(day) < until_ms]
        # What happens to a site at 04:00 sharp is known to the day that ends with it.
        known = {
            channel: _within([spell for day in range(first, last + 1) for spell in spells.day(day)], start_ms, until_ms)
            for channel, spells in self._spells.items()
        }
        found: list[Told] = []
        if mornings or any(spells for phases in known.values() for _, spells in phases):
            told = (told for group in self._plan.groups for told in self._of_group(group, mornings, known))
            found = [one for one in told if len(one)]
        return found + self._happened.told(max(0, self._world.day_index(start_ms)), last, start_ms, until_ms)

    def _told_ms(self, day: int) -> int:
        return max(self._world.day_start_ms(day), self._commissioned_ms)

    def _of_group(self, group: Group, mornings: list[int], known: Mapping[str, _Phases]) -> Iterator[Told]:
        for day in () if group.kind.personal else mornings:
            yield self._places(group, day)
        if _OF_THE_DAY in group.kind.channel:
            yield from (self._day(group, day, type_) for day in mornings for type_ in self._types(day))
        for one in _SHARED:
            if one.channel in group.kind.channel:
                for phase, spells in known[one.channel]:
                    if spells:
                        yield self._spells_of(group, one, phase, spells)

    def _types(self, day: int) -> list[EventType]:
        """What a day is, beside one of its week."""
        kind = self._world.day_kind(day)
        return [PUBLIC_HOLIDAY] * kind.holiday + [MADE_UP_WORKDAY] * kind.made_up

    def _day(self, group: Group, day: int, type_: EventType) -> Told:
        count = len(group.device)
        return Told(
            kind=group.kind,
            type=type_,
            phase=Phase.STATE,
            device=group.device,
            ts=np.full(count, self._told_ms(day)),
            id=np.full(count, day),
            values={"until": np.full(count, self._world.day_start_ms(day + 1))},
        )

    def _places(self, group: Group, day: int) -> Told:
        where, count = self._place(group), len(group.device)
        observed = {
            "latitude": where.latitude,
            "longitude": where.longitude,
            "models": np.full(count, MODELS_VERSION),
        }
        return Told(
            kind=group.kind,
            type=PLACE,
            phase=Phase.STATE,
            device=group.device,
            ts=np.full(count, self._told_ms(day)),
            id=np.full(count, day),
            values={channel.name: quantise(channel, observed[channel.name])[0] for channel in PLACE.channels},
        )

    def _place(self, group: Group) -> Place:
        """Where the devices of a group stand."""
        name, selection = group.kind.name, self._plan.selection
        if name not in self._where:
            known = Places(selection.town, group.sector, CounterStreams(selection.seed))
            self._where[name] = known.devices(name, group.device)
        return self._where[name]

    def _spells_of(self, group: Group, shared: _Shared, phase: Phase, spells: _ByTime) -> Told:
        rows = np.array([self._site_row[name] for name in self._plan.sites(group.sector)])
        site = rows[self._plan.site_rows(group)]
        known = [(ts, spells[ts, row]) for ts, row in sorted(spells)]
        devices = [group.device[site == one.site] for _, one in known]
        counts = [len(some) for some in devices]
        device = np.concatenate(devices)
        ts = np.repeat([ts for ts, _ in known], counts)
        order = np.lexsort((device, ts))
        begin = np.repeat([one.begin_ms for _, one in known], counts)
        values: dict[str, Ints] = {}
        if phase is Phase.END:
            seconds = (ts - begin) / 1000
            total = np.repeat([one.total for _, one in known], counts)
            observed = {shared.channel: shared.measured(total, seconds / 3600), DURATION.name: seconds}
            values = {one.name: quantise(one, observed[one.name])[0][order] for one in shared.type.channels}
        return Told(
            kind=group.kind,
            type=shared.type,
            phase=phase,
            device=device[order],
            ts=ts[order],
            id=begin[order],
            values=values,
        )


def _within(spells: Sequence[Spell], start_ms: int, until_ms: int) -> _Phases:
    """Those that begin, and those that end, with start <= ts < until."""
    begins = {(one.begin_ms, one.site): one for one in spells if start_ms <= one.begin_ms < until_ms}
    ends = {(one.end_ms, one.site): one for one in spells if one.end_ms and start_ms <= one.end_ms < until_ms}
    return (Phase.BEGIN, begins), (Phase.END, ends)
