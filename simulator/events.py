"""What a plan's devices tell between their readings: a pure function of time, as readings are.

A place is told at every 04:00 and at the commissioning, a rain spell when it begins and ends. A window [start, until)
of the town's time is told from `since(start)` on, the last 04:00 at or before its beginning: whoever looks at it finds
every device's place, and any part of a window that was told is told itself.
"""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import numpy as np

from park.columns import quantise
from park.event import PLACE, RAIN_SPELL, Phase
from park.model import Place
from simulator.commands.outcomes import Outcomes
from simulator.event_columns import Told
from simulator.plan import Group, Plan
from simulator.rain import Spell, Spells
from simulator.state import TownState
from simulator.streams import CounterStreams
from simulator.version import MODELS_VERSION
from simulator.world import Places

_RAIN_CHANNEL = "precipitation"
"""Who measures it tells of rain spells."""

#: Spells by when they begin or end, and their site.
_ByTime: TypeAlias = Mapping[tuple[int, int], Spell]


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
        self._spells = Spells(state.world)
        self._site_row = {site.name: row for row, site in enumerate(town.sites)}
        self._where: dict[str, Place] = {}

    def since(self, start_ms: int) -> int:
        """From where a window that begins at `start_ms` is told: the last time at or before it at which places are."""
        return self._told_ms(self._world.day_index(start_ms))

    def told(self, start_ms: int, until_ms: int) -> list[Told]:
        """The events with start <= ts < until: of each kind its places, then its spells' beginnings and ends; commands.

        What became of commands is told whatever else is: readings cannot be proved without.
        """
        if until_ms <= start_ms:
            return []
        commanded = self.commanded(start_ms, until_ms)
        return commanded if not self._plan.selection.events else self._happening(start_ms, until_ms) + commanded

    def commanded(self, start_ms: int, until_ms: int) -> list[Told]:
        """What became of commands, with start <= ts < until."""
        return self._outcomes.told(self._devices, start_ms, until_ms)

    def _happening(self, start_ms: int, until_ms: int) -> list[Told]:
        first, last = (max(0, self._world.day_index(ms)) for ms in (start_ms - 1, until_ms - 1))
        mornings = [day for day in range(first, last + 1) if start_ms <= self._told_ms(day) < until_ms]
        # What happens at 04:00 sharp is known to the day that ends with it.
        spells = [spell for day in range(first, last + 1) for spell in self._spells.day(day)]
        begins = {(one.begin_ms, one.site): one for one in spells if start_ms <= one.begin_ms < until_ms}
        ends = {(one.end_ms, one.site): one for one in spells if one.end_ms and start_ms <= one.end_ms < until_ms}
        if not (mornings or begins or ends):
            return []
        found = [told for group in self._plan.groups for told in self._of_group(group, mornings, begins, ends)]
        return [told for told in found if len(told)]

    def _told_ms(self, day: int) -> int:
        return max(self._world.day_start_ms(day), self._commissioned_ms)

    def _of_group(self, group: Group, mornings: list[int], begins: _ByTime, ends: _ByTime) -> Iterator[Told]:
        for day in () if group.kind.personal else mornings:
            yield self._places(group, day)
        if _RAIN_CHANNEL in group.kind.channel:
            for phase, spells in ((Phase.BEGIN, begins), (Phase.END, ends)):
                if spells:
                    yield self._rain(group, phase, spells)

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

    def _rain(self, group: Group, phase: Phase, spells: _ByTime) -> Told:
        rows = np.array([self._site_row[name] for name in self._plan.sites(group.sector)])
        site = rows[self._plan.site_rows(group)]
        known = [(ts, spells[ts, row]) for ts, row in sorted(spells)]
        devices = [group.device[site == one.site] for _, one in known]
        counts = [len(some) for some in devices]
        device = np.concatenate(devices)
        ts = np.repeat([ts for ts, _ in known], counts)
        order = np.lexsort((device, ts))
        begin = np.repeat([one.begin_ms for _, one in known], counts)
        observed = {
            "precipitation": np.repeat([one.depth_mm for _, one in known], counts),
            "duration": (ts - begin) / 1000,
        }
        return Told(
            kind=group.kind,
            type=RAIN_SPELL,
            phase=phase,
            device=device[order],
            ts=ts[order],
            id=begin[order],
            values={}
            if phase is Phase.BEGIN
            else {one.name: quantise(one, observed[one.name])[0][order] for one in RAIN_SPELL.channels},
        )
