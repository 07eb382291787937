"""Decisions, as a pure function: what is known and what was heard to what is known then and what is ordered.

Nothing here looks at a clock, draws at random, or writes: the same state and news give the same orders under the same
ids, in any process.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from controller.measure import Measures, latch_key
from controller.rules import Along, Deed, Program, Rule, Was
from controller.state import Claim, Ended, Handed, Heard, Latch, News, Order, Stand, State, Told, order_id
from park.command import values_of
from park.event import Value
from park.topics import DeviceTopic

#: What came to nothing is tried again after this, twice as late each time, up to a bound.
RETRY_MS, MOST_RETRY_MS = 60_000, 3_600_000
#: For so many ticks after another controller's decision none is made about its device.
STILL_TICKS = 4


def decide(program: Program, state: State, news: News, tick: int) -> tuple[State, list[Order]]:
    """What is ordered at a tick.

    Args:
        program: the rules.
        state: what is known, of earlier ticks.
        news: what has come since.
        tick: a whole multiple of the program's, later than the state's.

    Returns:
        What is known then, and the new orders; those that they replace are open no more.
    """
    turn = _Turn(program, state, news, tick)
    turn.settle(news)
    turn.follow_rules()
    orders = list(turn.claim())
    return turn.state(orders), orders


def conclude(program: Program, state: State, news: News) -> State:
    """What is known when nothing more is decided: orders have their ends, and nothing is ordered."""
    turn = _Turn(program, state, news, state.tick)
    turn.settle(news)
    return turn.state([])


class _Turn:
    """One tick's work, on copies."""

    def __init__(self, program: Program, state: State, news: News, tick: int) -> None:
        self._program, self._before, self._tick = program, state, tick
        self._begun = tick if state.begun is None else state.begun
        self._heard = _newest(state.heard, news)
        self._open = dict(state.open)
        self._claims = {device: dict(claims) for device, claims in state.claims.items()}
        self._latches = dict(state.latches)
        self._acting = dict(state.acting)
        self._measures = Measures(self._heard, tick, self._begun)

    def state(self, orders: list[Order]) -> State:
        """What is known now."""
        return State(
            begun=self._begun,
            tick=self._tick,
            latches=self._latches,
            acting=self._acting,
            claims=self._claims,
            open=self._open | {order.id: order for order in orders},
            heard=self._heard,
        )

    def settle(self, news: News) -> None:
        """Note what became of orders, and what others have ordered."""
        for handed in news.handed:
            self._adopt(handed)
        for ended in news.ended:
            order = self._open.pop(ended.id, None)
            claim = None if order is None else self._claims.get(order.where.device, {}).get(order.group)
            if order is not None and claim is not None and claim.id == ended.id:
                self._claims[order.where.device][order.group] = self._settled(claim, ended)

    def _adopt(self, handed: Handed) -> None:
        """Take over a newer decision: this controller stands where the other one does."""
        order = handed.order
        device = order.where.device
        if (order.where.kind, order.group) not in self._program.groups:
            return
        mine = self._claims.get(device, {}).get(order.group)
        if mine is not None:
            if (mine.tick, mine.id) >= (order.tick, order.id):
                return
            self._open.pop(mine.id, None)
        self._claims.setdefault(device, {})[order.group] = Claim(
            stand=handed.stand,
            rule=order.rule,
            tick=order.tick,
            id=order.id,
            told=order.told,
            release=handed.release,
            still=order.tick + STILL_TICKS * self._program.tick_ms,
        )
        if order.expires > self._tick:
            self._open[order.id] = order  # whichever of them lives on sees it to its end
        rule = next((one for one in self._program.rules if one.name == order.rule), None)
        if rule is not None:
            self._stand_like(rule, order, held=handed.stand is Stand.HELD)

    def _stand_like(self, rule: Rule, order: Order, *, held: bool) -> None:
        """A rule acts on a device, or no more, as another controller has found."""
        acting = dict(self._acting.get(rule.name, {}))
        acting.pop(order.where.device, None)
        at = self._program.number(rule.kind, order.where.device, order.where.site)
        if held and at is not None:
            acting[order.where.device] = order.tick
            latches = dict(self._latches.get(rule.name, {}))
            for number, trigger in enumerate(rule.when):
                key = latch_key(number, rule, at, order.where.device, order.where.site)
                if key not in latches or not latches[key].on:
                    latches[key] = Latch(on=True, since=order.tick - trigger.for_ms)
            self._latches[rule.name] = latches
        self._acting[rule.name] = acting

    def _settled(self, claim: Claim, ended: Ended) -> Claim:
        if not ended.obeyed:
            pause_ms = min(RETRY_MS * 2**claim.fails, MOST_RETRY_MS)
            return replace(claim, fails=min(claim.fails + 1, 16), retry=self._tick + pause_ms)
        stand = Stand.FREE if claim.stand is Stand.LETTING_GO else claim.stand
        return replace(claim, stand=stand, fails=0, retry=None)

    def follow_rules(self) -> None:
        """Which rules act on which devices."""
        for rule in self._program.rules:
            if self._tick % rule.every_ms == 0:
                self._follow(rule)

    def _follow(self, rule: Rule) -> None:
        latches = dict(self._latches.get(rule.name, {}))
        acting = dict(self._acting.get(rule.name, {}))
        is_open = rule.is_open(self._tick + self._program.utc_offset_ms)
        seen: set[str] = set()
        for device in self._present(rule):
            holds = self._holds(rule, device, latches, seen) and is_open
            if self._is_still(self._claims.get(device.device, {}).get(rule.group)):
                continue
            since = acting.get(device.device)
            if holds and since is None:
                acting[device.device] = self._tick
            elif not holds and since is not None and self._tick - since >= rule.hold_ms:
                del acting[device.device]
        self._latches[rule.name], self._acting[rule.name] = latches, acting

    def _holds(self, rule: Rule, device: Heard, latches: dict[str, Latch], seen: set[str]) -> bool:
        """Whether all of a rule's triggers hold for a device; each is looked at, for it may have to last."""
        every = True
        for number, trigger in enumerate(rule.when):
            key = latch_key(number, rule, device.number, device.device, device.site)
            if key not in seen:
                seen.add(key)
                value = self._measures.value(rule, number, device)
                latches[key] = self._measures.latch(trigger, value, latches.get(key))
            latch = latches[key]
            every = every and latch.on and self._tick - latch.since >= trigger.for_ms
        return every

    def _present(self, rule: Rule) -> Iterator[Heard]:
        """Devices that a rule commands and that are not silent, in the order of their names."""
        silent_ms = self._program.watched[rule.kind.name].silent_ms
        among = self._heard.get(rule.kind.name, {})
        for name in sorted(among):
            if among[name].site in rule.sites and among[name].ts > self._tick - silent_ms:
                yield among[name]

    def claim(self) -> Iterator[Order]:
        """Let the highest of the rules that act on a device have it."""
        for (kind, group), rules in self._program.groups.items():
            devices = {device.device: device for rule in rules for device in self._present(rule)}
            for name in sorted(devices):
                top = next((rule for rule in rules if name in self._acting.get(rule.name, {})), None)
                yield from self._give(kind, group, devices[name], top)

    def _give(self, kind: str, group: str, device: Heard, top: Rule | None) -> Iterator[Order]:
        claim = self._claims.get(device.device, {}).get(group)
        if self._is_still(claim):
            return
        wanted = self._let_go(claim) if top is None else self._held(top, device, claim)
        if wanted is None:
            return
        if wanted.stand is Stand.FREE:
            self._claims[device.device][group] = wanted
        else:
            yield self._order(kind, group, device, wanted, claim)

    def _held(self, top: Rule, device: Heard, claim: Claim | None) -> Claim | None:
        """The claim that a rule has to make on a device; None if nothing need be told."""
        told = self._told(top, device, claim)
        if told is None or (claim is not None and self._stands(claim, top, told)):
            return None
        release = None if top.release is None else _way_back(top.release, device, claim)
        return _claim(Stand.HELD, top.name, told, release, claim)

    def _let_go(self, claim: Claim | None) -> Claim | None:
        """The claim when no rule acts; None if it is as it should be."""
        if claim is None or claim.stand is Stand.FREE:
            return None
        if claim.stand is Stand.LETTING_GO and not self._is_due(claim):
            return None
        if claim.release is None:
            return replace(claim, stand=Stand.FREE, retry=None, fails=0)
        return _claim(Stand.LETTING_GO, claim.rule, claim.release, claim.release, claim)

    def _stands(self, claim: Claim, top: Rule, told: Told) -> bool:
        """Whether the device has been told this by the rule, and need not be told again."""
        if claim.stand is not Stand.HELD or claim.rule != top.name or claim.told != told or self._is_due(claim):
            return False
        return top.again_ms is None or self._tick - claim.tick < top.again_ms

    def _is_still(self, claim: Claim | None) -> bool:
        return claim is not None and self._tick < claim.still

    def _is_due(self, claim: Claim) -> bool:
        return claim.retry is not None and self._tick >= claim.retry

    def _told(self, rule: Rule, device: Heard, claim: Claim | None) -> Told | None:
        """What a rule tells a device now; None if that follows a value that nobody knows."""
        mine = claim is not None and claim.rule == rule.name and claim.stand is Stand.HELD
        before: Mapping[str, Value] = claim.told.args if claim is not None and mine else {}
        args: dict[str, Value] = {}
        for name, arg in rule.act.args.items():
            if isinstance(arg, Along):
                value = self._measures.value(rule, arg.trigger, device)
                if value is None and name not in before:
                    return None
                args[name] = before[name] if value is None else arg.at(value, before.get(name))
            elif not isinstance(arg, Was):
                args[name] = arg
        return Told(action=rule.act.action.name, args=args)

    def _order(self, kind: str, group: str, device: Heard, wanted: Claim, before: Claim | None) -> Order:
        """Claim a device, and order what that takes."""
        if before is not None:
            self._open.pop(before.id, None)  # repeated any longer, it could be done after what replaces it
        claim = replace(wanted, tick=self._tick, id=order_id(wanted.rule, device.device, self._tick))
        self._claims.setdefault(device.device, {})[group] = claim
        sector = self._program.watched[kind].sector
        return Order(
            id=claim.id,
            rule=claim.rule,
            group=group,
            tick=self._tick,
            where=DeviceTopic(sector=sector, site=device.site, kind=kind, device=device.device),
            told=claim.told,
            expires=self._tick + self._lasts_ms(kind, wanted),
        )

    def _lasts_ms(self, kind: str, claim: Claim) -> int:
        """From the tick of an order to its expiry."""
        actions = {action.name: action for action in self._program.commanded[kind].actions}
        action = actions[claim.told.action]
        rule = next((one for one in self._program.rules if one.name == claim.rule), None)
        spare_ms = RETRY_MS if rule is None else rule.expires_ms
        return action.takes_ms(values_of(action, claim.told.args)) + spare_ms


def _way_back(deed: Deed, device: Heard, claim: Claim | None) -> Told | None:
    """How a device is let go: as it was before any rule had it; None if that is not known."""
    mine = claim is not None and claim.stand is not Stand.FREE and claim.release is not None
    before = claim.release.args if claim is not None and claim.release is not None and mine else {}
    args: dict[str, Value] = {}
    for name, arg in deed.args.items():
        if isinstance(arg, Was):
            if name not in before and arg.channel not in device.values:
                return None
            args[name] = before[name] if name in before else device.values[arg.channel]
        elif not isinstance(arg, Along):
            args[name] = arg
    return Told(action=deed.action.name, args=args) if deed.takes(args) else None


def _claim(stand: Stand, rule: str, told: Told, release: Told | None, before: Claim | None) -> Claim:
    """A claim whose order is still to be given; failures are counted as long as the same is tried."""
    same = before is not None and (before.stand, before.rule, before.told) == (stand, rule, told)
    fails = before.fails if before is not None and same else 0
    return Claim(stand=stand, rule=rule, tick=0, id="", told=told, release=release, fails=fails)


def _newest(heard: Mapping[str, Mapping[str, Heard]], news: News) -> dict[str, Mapping[str, Heard]]:
    found: dict[str, Mapping[str, Heard]] = dict(heard)
    fresh: dict[str, dict[str, Heard]] = {}
    for one in news.heard:
        if one.kind not in fresh:
            fresh[one.kind] = dict(found.get(one.kind, {}))
            found[one.kind] = fresh[one.kind]
        known = fresh[one.kind].get(one.device)
        if known is None or one.ts > known.ts:
            fresh[one.kind][one.device] = one
    return found
