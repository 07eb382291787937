"""From what control.toml says to rules that can be followed: every name is looked up in the catalogue, once."""

from collections.abc import Iterable, Mapping
from importlib import resources

from controller.errors import RulesError
from controller.file import (
    DAYS,
    AlongEntry,
    Argument,
    DeedEntry,
    RuleEntry,
    RulesFile,
    Scalar,
    TriggerEntry,
    WasEntry,
    WindowEntry,
    read_file,
)
from controller.rules import AGGREGATES, Along, Deed, Program, Rule, Scope, Trigger, Was, Watched, Window, competing
from park.catalogue import Channel, DeviceKind, Sector, ValueType
from park.command import MAX_AHEAD_MS, action_of, values_of
from park.errors import CommandRefused
from park.event import Value
from park.town import Town
from sectors import KINDS, SECTOR_OF

#: A value counts for so many of its kind's intervals, and a little more for its way.
_INTERVALS, _WAY_MS = 3, 30_000
_HALF = 0.5


def default_rules() -> str:
    """The text of the package's own control.toml."""
    return resources.files("controller").joinpath("control.toml").read_text(encoding="utf-8")


def program_of(
    text: str,
    source: str,
    town: Town,
    *,
    kinds: Mapping[str, DeviceKind] = KINDS,
    homes: Mapping[str, Sector] = SECTOR_OF,
) -> Program:
    """The rules of a control.toml.

    Args:
        text: the file's.
        source: its name, for errors.
        town: whose devices are commanded.
        kinds: those that there are, by name.
        homes: the sector of each.

    Raises:
        RulesError: with `source`, and every rule and key that is wrong.
    """
    return _Resolver(read_file(text, source), source, town, kinds, homes).program()


class _Wrong(Exception):
    """One thing that is wrong with a rule: key and sentence."""

    def __init__(self, key: str, said: str) -> None:
        super().__init__(f"{key}: {said}")


class _Resolver:
    def __init__(
        self,
        file: RulesFile,
        source: str,
        town: Town,
        kinds: Mapping[str, DeviceKind],
        homes: Mapping[str, Sector],
    ) -> None:
        self._file, self._source, self._town = file, source, town
        self._kinds, self._homes = kinds, homes
        self._wrong: list[str] = []

    def program(self) -> Program:
        entries = self._file.rules
        names = [entry.name for entry in entries]
        self._wrong += [f"rule {name}: name: used twice" for name in sorted({n for n in names if names.count(n) > 1})]
        groups = self._groups()
        rules: list[Rule] = []
        for place, entry in enumerate(entries):
            try:
                rules.append(self._rule(entry, place, groups[entry.name]))
            except _Wrong as wrong:
                self._wrong.append(f"rule {entry.name}: {wrong}")
        if self._wrong:
            raise RulesError(f"{self._source}: mistaken rules\n" + "\n".join(f"  {line}" for line in self._wrong))
        watched = self._watched(rules)
        return Program(
            tick_ms=self._file.control.tick,
            lag_ms=self._file.control.lag,
            utc_offset_ms=self._town.settings.utc_offset_ms,
            rules=tuple(rules),
            watched=watched,
            sites={
                one.sector: tuple(site.name for site in self._town.sites_of(self._homes[name]))
                for name, one in watched.items()
            },
        )

    def _groups(self) -> dict[str, str]:
        of_kind: dict[str, list[tuple[str, Iterable[str]]]] = {}
        for entry in self._file.rules:
            deeds = [entry.act, *([entry.release] if entry.release else [])]
            of_kind.setdefault(entry.kind, []).append((entry.name, {deed.action for deed in deeds}))
        return {name: group for rules in of_kind.values() for name, group in competing(rules).items()}

    def _rule(self, entry: RuleEntry, place: int, group: str) -> Rule:
        kind = self._kind(entry.kind, "kind")
        if not kind.actions:
            known = ", ".join(name for name, one in self._kinds.items() if one.actions)
            raise _Wrong("kind", f"{kind.name} can be told nothing; kinds with actions: {known}")
        tick_ms = self._file.control.tick
        every_ms = entry.every or tick_ms
        if every_ms % tick_ms:
            raise _Wrong("every", f"must be a whole multiple of control.tick, {tick_ms / 1000:g} s")
        sites = self._sites(entry, kind)
        when = tuple(
            self._trigger(one, f"when.{number}", kind, sites) for number, one in enumerate(entry.when, start=1)
        )
        rule = Rule(
            name=entry.name,
            title=entry.title,
            kind=kind,
            sector=self._homes[kind.name].name,
            sites=sites,
            group=group,
            priority=entry.priority,
            place=place,
            every_ms=every_ms,
            hold_ms=entry.hold,
            again_ms=entry.again,
            expires_ms=entry.expires,
            schedule=tuple(map(_window, entry.schedule)),
            when=when,
            act=self._deed(entry.act, kind, "act", entry.when),
            release=None if entry.release is None else self._deed(entry.release, kind, "release"),
        )
        if not rule.when and not rule.schedule:
            raise _Wrong("when", "a rule needs a trigger or a schedule")
        return rule

    def _kind(self, name: str, key: str) -> DeviceKind:
        if name not in self._kinds:
            raise _Wrong(key, f"no kind {name!r}; known: {', '.join(self._kinds)}")
        return self._kinds[name]

    def _sites(self, entry: RuleEntry, kind: DeviceKind) -> frozenset[str]:
        stands = {site.name for site in self._town.sites_of(self._homes[kind.name])}
        if unknown := sorted(set(entry.sites or ()) - stands):
            raise _Wrong(
                "sites", f"no {kind.name} stands at {unknown[0]!r}; they stand at: {', '.join(sorted(stands))}"
            )
        return frozenset(entry.sites or stands)

    def _trigger(self, entry: TriggerEntry, key: str, commanded: DeviceKind, sites: frozenset[str]) -> Trigger:
        kind = self._kind(entry.kind, f"{key}.kind")
        channel = kind.channel.get(entry.channel)
        if channel is None:
            raise _Wrong(f"{key}.channel", f"{kind.name} has no {entry.channel!r}; it has: {', '.join(kind.channel)}")
        scope = Scope(entry.over)
        self._reachable(scope, kind, commanded, sites, f"{key}.over")
        if entry.is_ is None and channel.type is ValueType.TEXT:
            raise _Wrong(f"{key}.is", f"{channel.name} is a text; say which: {', '.join(channel.texts)}")
        if entry.is_ is not None:
            _check_equal(channel, entry.is_, f"{key}.is")
        sign, enter = (0, 0.0)
        if entry.is_ is not None:
            sign, enter = 1, _HALF
        elif entry.above is not None or entry.below is not None:
            sign, enter = (1, entry.above) if entry.above is not None else (-1, entry.below or 0.0)
        return Trigger(
            kind=kind,
            channel=channel,
            scope=scope,
            aggregate=AGGREGATES[entry.of],
            sign=sign,
            enter=enter,
            leave=enter if entry.until is None else entry.until,
            equal=entry.is_,
            for_ms=entry.for_,
            silent_ms=self._silent_ms(kind) if entry.silent is None else entry.silent,
        )

    def _reachable(
        self, scope: Scope, kind: DeviceKind, commanded: DeviceKind, sites: frozenset[str], key: str
    ) -> None:
        if scope is Scope.DEVICE and kind is not commanded:
            raise _Wrong(key, f"a {commanded.name} has no channels of a {kind.name}; say cell, site or town")
        if scope is Scope.CELL and self._homes[kind.name] is not self._homes[commanded.name]:
            raise _Wrong(
                key, f"{kind.name} and {commanded.name} are of two sectors and share no cell; say site or town"
            )
        stands = {site.name for site in self._town.sites_of(self._homes[kind.name])}
        if scope is Scope.SITE and (missing := sorted(sites - stands)):
            raise _Wrong(key, f"no {kind.name} stands at {missing[0]!r}; name the rule's sites, or say town")

    def _silent_ms(self, kind: DeviceKind) -> int:
        return _INTERVALS * self._town.interval_ms(kind) + _WAY_MS

    def _deed(
        self,
        entry: DeedEntry,
        kind: DeviceKind,
        key: str,
        named: tuple[TriggerEntry, ...] = (),
    ) -> Deed:
        try:
            action = action_of(kind, entry.action)
        except CommandRefused as refused:
            raise _Wrong(f"{key}.action", str(refused)) from None
        names = {one.name: number for number, one in enumerate(named) if one.name}
        args = {name: self._arg(one, f"{key}.args.{name}", names, kind) for name, one in entry.args.items()}
        ranges = {one.name: one for one in action.parameters}
        for ends in (0, 1):  # of whatever follows a value, both ends; what lies between is in a range that both are in
            try:
                values = values_of(action, {name: _end(arg, ends, ranges.get(name)) for name, arg in args.items()})
            except CommandRefused as refused:
                raise _Wrong(f"{key}.args", str(refused)) from None
            if action.takes_ms(values) >= MAX_AHEAD_MS:
                raise _Wrong(f"{key}.args", f"{action.name} would take a day")
        return Deed(action=action, args=args)

    @staticmethod
    def _arg(entry: Argument, key: str, names: Mapping[str, int], kind: DeviceKind) -> Value | Along | Was:
        if isinstance(entry, WasEntry):
            if not key.startswith("release."):
                raise _Wrong(key, "was belongs to release")
            if entry.was not in kind.channel or kind.channel[entry.was].type is not ValueType.FLOAT:
                raise _Wrong(f"{key}.was", f"{kind.name} measures no number {entry.was!r}")
            return Was(channel=entry.was)
        if not isinstance(entry, AlongEntry):
            return entry
        if entry.along not in names:
            known = ", ".join(names) or "none"
            raise _Wrong(f"{key}.along", f"no trigger of this rule is named {entry.along!r}; named are: {known}")
        return Along(
            trigger=names[entry.along],
            low=entry.from_[0],
            high=entry.from_[1],
            at_low=entry.to[0],
            at_high=entry.to[1],
            step=entry.step,
        )

    def _watched(self, rules: Iterable[Rule]) -> dict[str, Watched]:
        channels: dict[str, set[str]] = {}
        silent: dict[str, int] = {}
        for rule in rules:
            channels.setdefault(rule.kind.name, set())
            silent[rule.kind.name] = max(silent.get(rule.kind.name, 0), self._silent_ms(rule.kind))
            before = () if rule.release is None else rule.release.args.values()
            channels[rule.kind.name] |= {arg.channel for arg in before if isinstance(arg, Was)}
            for trigger in rule.when:
                channels.setdefault(trigger.kind.name, set()).add(trigger.channel.name)
                silent[trigger.kind.name] = max(silent.get(trigger.kind.name, 0), trigger.silent_ms)
        return {
            name: Watched(
                kind=self._kinds[name],
                sector=self._homes[name].name,
                channels=frozenset(wanted),
                silent_ms=silent[name],
            )
            for name, wanted in channels.items()
        }


def _window(entry: WindowEntry) -> Window:
    return Window(from_ms=entry.from_, until_ms=entry.until, days=frozenset(map(DAYS.index, entry.days)))


def _check_equal(channel: Channel, given: Scalar, key: str) -> None:
    if channel.type is ValueType.TEXT and given not in channel.texts:
        raise _Wrong(key, f"{channel.name} is one of {', '.join(channel.texts)}")
    if (channel.type is ValueType.BOOL) != isinstance(given, bool):
        raise _Wrong(key, f"{channel.name} is a {channel.type.value}")
    if channel.type is ValueType.FLOAT:
        raise _Wrong(key, f"{channel.name} is measured; say above or below")


def _end(arg: Value | Along | Was, which: int, parameter: Channel | None) -> Value:
    if isinstance(arg, Along):
        return (arg.at_low, arg.at_high)[which]
    if isinstance(arg, Was):
        return parameter.low if parameter is not None else 0.0
    return arg
