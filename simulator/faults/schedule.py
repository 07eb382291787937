"""Which faults there are: a pure function of (seed, rule, device, week of onset)."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.catalogue import Channel, DeviceKind
from park.model import Floats, Ints, Streams
from simulator.faults.classes import CLASSES, FaultClass
from simulator.faults.rules import MOST_WEEKS, WEEK_MS, Rule, Rules, Together
from simulator.faults.sigma import Scale
from simulator.plan import Group, Plan
from simulator.streams import CounterStreams

_WEEKS_A_YEAR = 365.25 / 7
_BATCH = 10
_WEEKS_KEPT = 32

#: How large a channel of a kind is about a moment, Unix milliseconds.
Scales = Callable[[DeviceKind, Channel, int], Scale]


@dataclass(frozen=True, kw_only=True)
class Size:
    """How bad a fault is.

    Attributes:
        severity: in the channel's local sigma; None where that has no meaning.
        amount: the same in the channel's unit, with its sign; 0 where it has no meaning.
        level: how large the channel's values usually are, where it is measured by that.
    """

    severity: float | None
    amount: float
    level: float


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault of one channel of one device.

    Attributes:
        device: number in the kind, from 0.
        start_ms, end_ms: it lasts [start, end), Unix milliseconds.
        sized: works out how bad it is, which of most that are drawn nobody asks.
        rank: who stays of those that would befall one channel at once.
    """

    rule: str
    class_: FaultClass
    group: Group
    device: int
    channel: Channel
    start_ms: int
    end_ms: int
    onset_ms: float
    sized: Callable[[], Size]
    rank: float

    @cached_property
    def size(self) -> Size:
        """How bad it is."""
        return self.sized()

    @cached_property
    def id(self) -> str:
        """Unique in the town, and the same for whoever asks."""
        return f"{self.rule}-{self.group.kind.device(self.device + 1)}-{self.start_ms // WEEK_MS}"

    @cached_property
    def stream(self) -> str:
        """Under what name its own chance is drawn."""
        return f"{self.rule}.{self.group.kind.name}"

    def yields_to(self, other: "Fault") -> bool:
        """Whether another one of the same channel at the same time has the better rank: a channel has one at a time.

        Ranks are drawn, so who stays depends on those that overlap, not on a chain that reaches back for ever.
        """
        together = self.start_ms < other.end_ms and other.start_ms < self.end_ms
        return together and (other.rank, other.id) > (self.rank, self.id)

    def shape(self, ts: Ints) -> Floats:
        """(N,) how much of it is there at these times, 0 to 1."""
        if not self.onset_ms:
            return np.ones(len(ts))
        rise = min(self.onset_ms, (self.end_ms - self.start_ms) / 2)
        return np.asarray(np.clip(np.minimum(ts - self.start_ms, self.end_ms - ts) / rise, 0.0, 1.0))

    def along(self, ts: Ints) -> Floats:
        """(N,) how far it has come, 0 at its onset, 1 at its end."""
        return np.asarray((ts - self.start_ms) / (self.end_ms - self.start_ms))


class FaultSchedule:
    """The faults of a plan's devices.

    Args:
        plan: of a selection that has faults.
        scales: asked once for each fault, with its onset.

    Attributes:
        streams: of all that is drawn about faults.
    """

    def __init__(self, plan: Plan, scales: Scales) -> None:
        self._plan, self._scales = plan, scales
        self._rules = plan.selection.faults or Rules(faults={})
        self.streams: Streams = CounterStreams(plan.selection.seed, "faults")
        self._weeks: OrderedDict[tuple[str, int], list[Fault]] = OrderedDict()
        self._candidates: OrderedDict[tuple[str, int], list[Fault]] = OrderedDict()

    def of(self, group: Group, start_ms: int, until_ms: int) -> list[Fault]:
        """Those of a group that lie in [start, until) in part, in order of onset; no two of a channel at once."""
        return [
            fault
            for week in range(start_ms // WEEK_MS - MOST_WEEKS, (until_ms - 1) // WEEK_MS + 1)
            for fault in self._begun(group, week)
            if fault.start_ms < until_ms and fault.end_ms > start_ms
        ]

    def _begun(self, group: Group, week: int) -> list[Fault]:
        """Those whose onset is in a week, and which yield to no other."""
        key = (group.kind.name, week)
        if key not in self._weeks:
            beside: dict[tuple[int, str], list[Fault]] = {}
            for near in range(week - MOST_WEEKS, week + MOST_WEEKS + 1):
                for fault in self._drawn_in(group, near):
                    beside.setdefault((fault.device, fault.channel.name), []).append(fault)
            self._weeks[key] = [
                fault
                for fault in self._drawn_in(group, week)
                if not any(fault.yields_to(other) for other in beside[fault.device, fault.channel.name])
            ]
            self._keep(self._weeks)
        return self._weeks[key]

    def _drawn_in(self, group: Group, week: int) -> list[Fault]:
        """Those whose onset is in a week, in order."""
        key = (group.kind.name, week)
        if key not in self._candidates:
            rules = self._rules.faults.items()
            drawn = [fault for name, rule in rules for fault in self._drawn(name, rule, group, week)]
            self._candidates[key] = sorted(drawn, key=lambda fault: (fault.start_ms, fault.id))
            self._keep(self._candidates)
        return self._candidates[key]

    def _keep(self, weeks: OrderedDict[tuple[str, int], list[Fault]]) -> None:
        if len(weeks) > _WEEKS_KEPT * len(self._plan.groups):
            weeks.popitem(last=False)

    def _drawn(self, name: str, rule: Rule, group: Group, week: int) -> list[Fault]:
        channels = rule.channels_of(group.kind)
        if not channels:
            return []
        stream = f"fault.{name}.{group.kind.name}"
        who = self._who(rule, group)
        hit = self.streams.uniform(stream, who, week) < rule.per_year / _WEEKS_A_YEAR
        if not hit.any():
            return []
        device, who = group.device[hit], who[hit]
        drawn = {
            use: self.streams.uniform(f"{stream}.{use}", who, week)
            for use in ("at", "long", "what", "sign", "grade", "rank")
        }
        start = (week + drawn["at"]) * WEEK_MS
        shortest, longest = rule.hours_ms
        lasts = shortest * (longest / shortest) ** drawn["long"]
        return [
            self._fault(
                name,
                rule,
                group,
                device=int(device[row]),
                channel=channels[int(drawn["what"][row] * len(channels))],
                start_ms=int(start[row]),
                end_ms=int(start[row] + lasts[row]),
                grade=float(drawn["grade"][row]),
                rank=float(drawn["rank"][row]),
                sign=1.0 if drawn["sign"][row] < 0.5 else -1.0,
            )
            for row in range(len(device))
        ]

    def _fault(
        self,
        name: str,
        rule: Rule,
        group: Group,
        *,
        device: int,
        channel: Channel,
        start_ms: int,
        end_ms: int,
        grade: float,
        rank: float,
        sign: float,
    ) -> Fault:
        class_ = CLASSES[rule.class_]
        return Fault(
            rule=name,
            class_=class_,
            group=group,
            device=device,
            channel=channel,
            start_ms=start_ms,
            end_ms=end_ms,
            onset_ms=rule.onset_ms,
            sized=lambda: _size(rule, class_, lambda: self._scales(group.kind, channel, start_ms), grade, sign),
            rank=rank,
        )

    def _who(self, rule: Rule, group: Group) -> Ints:
        """(D,) whose chance each device's fault is: its own, its batch's, its site's."""
        if rule.together is Together.SITE:
            return self._plan.site_rows(group)
        return group.device // _BATCH if rule.together is Together.BATCH else group.device


def _size(rule: Rule, class_: FaultClass, scale: Callable[[], Scale], grade: float, sign: float) -> Size:
    """How bad a fault is; where severity has no meaning, its amount is a side."""
    amount = sign if rule.amount is None else rule.amount[0] + (rule.amount[1] - rule.amount[0]) * grade
    if class_.sigma is None:
        return Size(severity=None, amount=amount, level=0.0)
    usual = scale()
    if rule.severity is None:
        sigma = usual.sigma(class_.sigma, amount)
        return Size(severity=abs(amount) / (class_.amount * sigma), amount=amount, level=usual.level)
    least, greatest = rule.severity
    severity = least * (greatest / least) ** grade
    return Size(severity=severity, amount=class_.sized(severity, usual, sign), level=usual.level)
