"""Rules as the engine follows them: frozen data, every name looked up."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TypeAlias

from park.catalogue import Action, Channel, DeviceKind
from park.command import values_of
from park.errors import CommandRefused
from park.event import Value

#: Any sum is exact before it is rounded, so that two controllers get the same whatever they heard first.
Aggregate: TypeAlias = Callable[[list[float]], float]
AGGREGATES: Mapping[str, Aggregate] = {
    "mean": lambda values: math.fsum(values) / len(values),
    "min": min,
    "max": max,
    "sum": math.fsum,
}
DAY_MS = 86_400_000


class Scope(Enum):
    """Over which devices a trigger looks, seen from the device that its rule commands."""

    DEVICE = "device"
    CELL = "cell"
    SITE = "site"
    TOWN = "town"


@dataclass(frozen=True, kw_only=True)
class Window:
    """Times of the day, local, in milliseconds since midnight; `days` on which it begins, 0 is Monday."""

    from_ms: int
    until_ms: int
    days: frozenset[int]

    def holds(self, local_ms: int) -> bool:
        """Whether a moment lies in it, Unix milliseconds of the town's local time."""
        day, clock_ms = divmod(local_ms, DAY_MS)
        weekday = (day + 3) % 7  # 1970-01-01 was a Thursday
        if self.from_ms < self.until_ms:
            return weekday in self.days and self.from_ms <= clock_ms < self.until_ms
        begun_today = weekday in self.days and clock_ms >= self.from_ms
        return begun_today or ((weekday - 1) % 7 in self.days and clock_ms < self.until_ms)


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """What has to hold of a channel.

    Attributes:
        sign: 1 if it begins above `enter`, -1 below; 0 if it holds whenever there is a value.
        enter, leave: it begins beyond the first and ends when the value is no more beyond the second.
        equal: the value that is counted as 1, all others as 0; None for numbers as they are.
        for_ms: it must have lasted so long.
        silent_ms: a value that is older counts no more.
    """

    kind: DeviceKind
    channel: Channel
    scope: Scope
    aggregate: Aggregate
    sign: int
    enter: float = 0.0
    leave: float = 0.0
    equal: Value | None = None
    for_ms: int = 0
    silent_ms: int

    def number(self, value: Value) -> float:
        """A channel's value as a number."""
        return float(value) if self.equal is None else float(value == self.equal)

    def after(self, value: float, *, on: bool) -> bool:
        """Whether it holds with a value, given whether it did before."""
        bound = self.leave if on else self.enter
        return self.sign == 0 or self.sign * value > self.sign * bound


@dataclass(frozen=True, kw_only=True)
class Along:
    """A parameter that follows a trigger's value: a line between two points, level beyond them, in steps."""

    trigger: int
    low: float
    high: float
    at_low: float
    at_high: float
    step: float

    def exact(self, value: float) -> float:
        """What it is before it is rounded to its step."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.at_low + share * (self.at_high - self.at_low)

    def at(self, value: float, before: Value | None = None) -> float:
        """What it is; as before, unless it has moved by three quarters of a step."""
        exact = self.exact(value)
        if isinstance(before, int | float) and abs(exact - before) <= 0.75 * self.step:
            return float(before)
        bounds = sorted((self.at_low, self.at_high))
        return min(max(round(exact / self.step) * self.step, bounds[0]), bounds[1])


@dataclass(frozen=True, kw_only=True)
class Was:
    """A parameter that is what the device itself measured before it was commanded."""

    channel: str


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What a device is told."""

    action: Action
    args: Mapping[str, Value | Along | Was]

    def takes(self, args: Mapping[str, Value]) -> bool:
        """Whether a device can be told this: what one says that it measured need not be a value that it may have."""
        try:
            values_of(self.action, args)
        except CommandRefused:
            return False
        return True


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What devices of a kind are told, and when.

    Attributes:
        kind, sector, sites: whom it commands.
        group: its kind's actions that compete, by the name of the first; rules of one group and kind exclude another.
        priority, place: the higher one wins; of equals the one that stands earlier in the file.
        every_ms: it decides at whole multiples of this in Unix time.
        hold_ms: it acts at least so long.
        again_ms: while it acts, it tells the device again so often; None for once.
        expires_ms: time that an order has beyond what the action takes.
    """

    name: str
    title: str = ""
    kind: DeviceKind
    sector: str
    sites: frozenset[str]
    group: str
    priority: int = 0
    place: int
    every_ms: int
    hold_ms: int = 0
    again_ms: int | None = None
    expires_ms: int = 60_000
    schedule: tuple[Window, ...] = ()
    when: tuple[Trigger, ...] = ()
    act: Deed
    release: Deed | None = None

    def is_open(self, local_ms: int) -> bool:
        """Whether its schedule lets it act at a moment of local time."""
        return not self.schedule or any(window.holds(local_ms) for window in self.schedule)


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A kind whose readings are wanted.

    Attributes:
        channels: of which; none if it is enough that the device is there.
        silent_ms: for how long a reading counts at most.
    """

    kind: DeviceKind
    sector: str
    channels: frozenset[str]
    silent_ms: int


@dataclass(frozen=True, kw_only=True)
class Program:
    """All rules of a file.

    Attributes:
        tick_ms, lag_ms: decisions fall on whole multiples of the first, and are made so long after it.
        utc_offset_ms: of the town's local time.
        sites: of each sector, in the order in which its cells are dealt to them.
    """

    tick_ms: int
    lag_ms: int
    utc_offset_ms: int
    rules: tuple[Rule, ...]
    watched: Mapping[str, Watched]
    sites: Mapping[str, tuple[str, ...]]

    @cached_property
    def groups(self) -> Mapping[tuple[str, str], tuple[Rule, ...]]:
        """Rules that compete, by kind and group, the winning ones first."""
        found: dict[tuple[str, str], list[Rule]] = {}
        for rule in self.rules:
            found.setdefault((rule.kind.name, rule.group), []).append(rule)
        return {key: tuple(sorted(rules, key=_rank)) for key, rules in found.items()}

    @cached_property
    def commanded(self) -> Mapping[str, DeviceKind]:
        """Kinds that are commanded, by name."""
        return {rule.kind.name: rule.kind for rule in self.rules}

    def number(self, kind: DeviceKind, device: str, site: str) -> int | None:
        """A device's number in its kind, from 0; None if no device of this name stands at the site."""
        digits = device.rpartition("-")[2]
        if not digits.isdecimal() or len(digits) > 12 or int(digits) < 1 or kind.device(int(digits)) != device:
            return None
        number = int(digits) - 1
        sites = self.sites[self.watched[kind.name].sector]
        return number if sites[number // kind.per_cell % len(sites)] == site else None


def _rank(rule: Rule) -> tuple[int, int]:
    return -rule.priority, rule.place


def competing(deeds: Iterable[tuple[str, Iterable[str]]]) -> dict[str, str]:
    """Names of rules of one kind to the group in which they compete: any two that share an action, or a third's.

    Args:
        deeds: a rule's name, and the actions of what it does and of how it lets go.
    """
    groups: list[tuple[set[str], set[str]]] = []
    for name, actions in deeds:
        names, shared = {name}, set(actions)
        apart = []
        for others, theirs in groups:
            if theirs & shared:
                names, shared = names | others, shared | theirs
            else:
                apart.append((others, theirs))
        groups = [*apart, (names, shared)]
    return {name: min(actions) for names, actions in groups for name in names}
