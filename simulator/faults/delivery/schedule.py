"""Which delivery faults there are: a pure function of (seed, rule, device or site, week of onset)."""

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, fields
from math import ceil
from typing import TypeVar

import numpy as np

from park.model import Bools, Floats, Ints, Streams
from simulator.errors import FaultsError
from simulator.faults.delivery.rules import WEEK_MS, DeliveryRule, Together
from simulator.plan import Group, Plan
from simulator.streams import CounterStreams

_WEEKS_A_YEAR = 365.25 / 7
#: Weeks that are drawn at once: a call of numpy costs as much as drawing some hundred numbers.
_AT_ONCE = 8
#: Blocks of a kind: a few of each.
_KEPT = 512
_Key = TypeVar("_Key", bound=Hashable)
#: A clock cannot be wrong by less than an interval where intervals are shorter.
_LEAST_INTERVAL_MS = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Episodes:
    """F delivery faults of devices of one kind; those of a schedule by (device, onset), no two of a device at once.

    Attributes:
        device: (F,) number in the kind, from 0.
        start_ms, end_ms: (F,) it lasts [start, end), Unix milliseconds.
        rule: (F,) which of the schedule's rules.
        size: (F,) within the rule's range, in the unit of its class's key; 0 where each reading has its own.
        rank: (F,) who stays of those that would befall one device at once.
        week: (F,) of the onset.
        reach_ms: (F,) how far beyond onset and end others of the device keep away.
    """

    device: Ints
    start_ms: Ints
    end_ms: Ints
    rule: Ints
    size: Floats
    rank: Floats
    week: Ints
    reach_ms: Ints

    def __len__(self) -> int:
        return len(self.device)

    def take(self, rows: Ints | Bools) -> "Episodes":
        """These, in this order."""
        return Episodes(**{one.name: getattr(self, one.name)[rows] for one in fields(self)})

    def at(self, device: Ints, ts: Ints) -> Ints:
        """(N,) which of them befalls each of some devices at these times; -1 for none."""
        if not len(self):
            return np.full(len(ts), -1, dtype=np.int64)
        base = min(int(self.start_ms.min()), int(ts.min()))
        span = max(int(self.start_ms.max()), int(ts.max())) - base + 1
        begun = self.device * span + (self.start_ms - base)
        found = np.searchsorted(begun, device * span + (ts - base), side="right") - 1
        holds = (found >= 0) & (self.device[found] == device) & (ts < self.end_ms[found])
        return np.where(holds, found, -1)


def _joined(parts: Iterable[Episodes]) -> Episodes:
    parts = list(parts)
    if not parts:
        whole, real = np.empty(0, dtype=np.int64), np.empty(0)
        return Episodes(
            device=whole, start_ms=whole, end_ms=whole, rule=whole, size=real, rank=real, week=whole, reach_ms=whole
        )
    return Episodes(
        **{one.name: np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Episodes)}
    )


class DeliverySchedule:
    """The delivery faults of a plan's devices.

    Args:
        plan: of a selection that has some.

    Attributes:
        rules: by name, in their order.
        streams: of all that is drawn about them.

    Raises:
        FaultsError: a rule names a site that the town does not have.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        faults = plan.selection.faults
        self.rules: Mapping[str, DeliveryRule] = {} if faults is None else faults.delivery
        self.streams: Streams = CounterStreams(plan.selection.seed, "delivery")
        self._begun_in: OrderedDict[tuple[str, int], Episodes] = OrderedDict()
        self._sorted: OrderedDict[tuple[str, int, int], Episodes] = OrderedDict()
        known = {site.name for site in plan.selection.town.sites}
        for name, rule in self.rules.items():
            for site in rule.sites:
                if site not in known:
                    raise FaultsError(f"delivery.{name}: sites: {site!r} is no site of the town")

    def interval_ms(self, group: Group) -> int:
        """Between two readings of a device of the group."""
        return self._plan.selection.interval_of(group.kind)

    @property
    def delay_ms(self) -> int:
        """The longest time from when a reading of the plan is taken to when it is delivered."""
        return max((rule.delay_ms(ms) for rule in self.rules.values() for ms in self._intervals()), default=0)

    @property
    def clock_ms(self) -> int:
        """By how much a time that the plan's devices tell can be wrong, at most."""
        return max((rule.clock_ms(ms) for rule in self.rules.values() for ms in self._intervals()), default=0)

    def of(self, group: Group, start_ms: int, until_ms: int) -> Episodes:
        """Those of a group that lie in [start, until) in part, by (device, onset); no two of a device at once."""
        weeks = (start_ms // WEEK_MS - self._weeks(group), (until_ms - 1) // WEEK_MS)
        key = (group.kind.name, *(week // _AT_ONCE for week in weeks))
        if key not in self._sorted:
            found = _joined(self._begun(group, block) for block in range(key[1], key[2] + 1))
            self._sorted[key] = found.take(np.lexsort((found.start_ms, found.device)))
            _keep(self._sorted)
        found = self._sorted[key]
        return found.take((found.start_ms < until_ms) & (found.end_ms > start_ms)) if len(found) else found

    def _intervals(self) -> set[int]:
        return {self.interval_ms(group) for group in self._plan.groups}

    def _weeks(self, group: Group) -> int:
        """How many weeks apart two onsets can be of which one keeps the other away."""
        interval = self.interval_ms(group)
        rules = [rule for rule in self.rules.values() if rule.befalls(group.kind)]
        longest = max((rule.hours_ms[1] for rule in rules), default=0.0)
        reach = max((rule.reach_ms(interval) for rule in rules), default=0)
        return ceil((longest + 2 * reach) / WEEK_MS)

    def _begun(self, group: Group, block: int) -> Episodes:
        """Those whose onset is in a block of weeks, and which yield to no other."""
        key = (group.kind.name, block)
        if key not in self._begun_in:
            first, last, beside = block * _AT_ONCE, (block + 1) * _AT_ONCE, self._weeks(group)
            near = self._drawn(group, np.arange(first - beside, last + beside))
            self._begun_in[key] = near.take((near.week >= first) & (near.week < last) & ~_yielding(near))
            _keep(self._begun_in)
        return self._begun_in[key]

    def _drawn(self, group: Group, weeks: Ints) -> Episodes:
        """Those whose onset is in some weeks, whether or not they yield."""
        interval = self.interval_ms(group)
        return _joined(
            self._by_rule(number, name, group, weeks)
            for number, (name, rule) in enumerate(self.rules.items())
            if rule.befalls(group.kind) and (interval >= _LEAST_INTERVAL_MS or not rule.clock_ms(interval))
        )

    def _by_rule(self, number: int, name: str, group: Group, weeks: Ints) -> Episodes:
        rule = self.rules[name]
        site = self._plan.site_rows(group)
        chance = self._chance(name, group, "hit", np.arange(len(group.device))[:, None], weeks[None, :])
        hit = chance < rule.per_year / _WEEKS_A_YEAR
        if rule.sites:
            hit &= np.array([one in rule.sites for one in self._plan.sites(group.sector)])[site][:, None]
        row, column = np.nonzero(hit)
        week = weeks[column]
        if not len(row):
            return _joined(())
        at, long, size, rank = (self._chance(name, group, use, row, week) for use in ("at", "long", "size", "rank"))
        start = ((week + at) * WEEK_MS).astype(np.int64)
        shortest, longest = rule.hours_ms
        least, greatest = rule.span
        return Episodes(
            device=group.device[row],
            start_ms=start,
            end_ms=start + np.maximum((shortest * (longest / shortest) ** long).astype(np.int64), 1),
            rule=np.full(len(row), number),
            size=least + (greatest - least) * size if rule.what.signed else np.zeros(len(row)),
            rank=rank,
            week=week,
            reach_ms=np.full(len(row), rule.reach_ms(self.interval_ms(group))),
        )

    def _chance(self, name: str, group: Group, use: str, row: Ints, week: Ints) -> Floats:
        """Uniform, for devices of the group by their row, in some weeks: each device's own draw, or its site's."""
        if self.rules[name].together is Together.DEVICE:
            return self.streams.uniform(f"{name}.{group.kind.name}.{use}", group.device[row], week)
        # A site's draw is known by its name, so that another site of the town changes nothing.
        site, names = self._plan.site_rows(group)[row], self._plan.sites(group.sector)
        drawn = np.empty(np.broadcast_shapes(site.shape, week.shape))
        for number in np.unique(site).tolist():
            by_week = self.streams.uniform(f"{name}@{names[number]}.{use}", week)
            drawn = np.where(site == number, by_week, drawn)
        return drawn


def _yielding(episodes: Episodes) -> Bools:
    """(F,) whether another one of the device, which is near, has the better rank.

    Ranks are drawn, so who stays depends on those that are near, not on a chain that reaches back for ever.
    """
    first, last = episodes.start_ms - episodes.reach_ms, episodes.end_ms + episodes.reach_ms
    order = np.lexsort((first, episodes.device))
    device, first, last, rank = episodes.device[order], first[order], last[order], episodes.rank[order]
    yields = np.zeros(len(order), dtype=np.bool_)
    for apart in range(1, len(order)):
        mine = np.flatnonzero(device[:-apart] == device[apart:])
        if not len(mine):
            break
        near = mine[first[mine + apart] < last[mine]]
        yields[np.where(rank[near] <= rank[near + apart], near, near + apart)] = True
    back = np.empty_like(yields)
    back[order] = yields
    return back


def _keep(cache: OrderedDict[_Key, Episodes]) -> None:
    while len(cache) > _KEPT:
        cache.popitem(last=False)
