"""What the engine promises whatever it hears: hysteresis, hold, priority, and that two of them ask for the same."""

import copy
from collections.abc import Sequence

from hypothesis import given as given_any
from hypothesis import settings
from hypothesis import strategies as st

from controller.engine import decide
from controller.state import Handed, Heard, News, Order, State
from tests.controller.town import DARK, DIM, MONDAY, TICK, Control, cabinet, lamp, program, said

LUX = st.lists(st.floats(0, 100, allow_nan=False), min_size=1, max_size=25)
PLAIN = program(DIM + DARK)
HELD = program(DIM + 'hold = "70s"\n' + DARK)
LASTING = program(DIM + DARK + 'for = "40s"\n')
SITE = program(DIM + DARK.replace('"cell"', '"site"'))
RANKED = program(
    "".join(
        DIM.replace('"dim"', f'"{name}"').replace("60", str(level))
        + f"priority = {priority}\n"
        + DARK.replace("20", str(below)).replace("40", str(below + 10))
        for name, level, priority, below in (("low", 50, 0, 60), ("high", 70, 9, 20), ("middle", 60, 5, 40))
    )
)


def run(rules: object, lux: Sequence[float]) -> list[list[Order]]:
    control = Control(program=rules)  # type: ignore[arg-type]
    ticks = range(MONDAY, MONDAY + len(lux) * TICK, TICK)
    return [control.at(tick, [cabinet(tick, now), lamp(1, tick)]) for tick, now in zip(ticks, lux, strict=True)]


def acted(orders: list[list[Order]]) -> list[bool]:
    """Whether the lamp is under a rule's order after each tick."""
    found, now = [], False
    for given in orders:
        for order in given:
            now = order.told.action == "set_level"
        found.append(now)
    return found


@given_any(lux=LUX)
@settings(deadline=None, max_examples=50)
def test_between_the_bounds_all_stays_as_it_was(lux: list[float]) -> None:
    wanted, now = [], False
    for value in lux:
        now = value < 20 or (now and value < 40)
        wanted.append(now)
    assert acted(run(PLAIN, lux)) == wanted


@given_any(lux=LUX)
@settings(deadline=None, max_examples=50)
def test_what_acts_holds_and_changes_are_never_nearer_than_that(lux: list[float]) -> None:
    orders = [order for given in run(HELD, lux) for order in given]
    for begun, ended in zip(orders[::2], orders[1::2], strict=False):
        assert (begun.told.action, ended.told.action) == ("set_level", "resume")
        assert ended.tick - begun.tick >= 70_000


@given_any(lux=LUX)
@settings(deadline=None, max_examples=50)
def test_what_has_not_lasted_does_not_begin(lux: list[float]) -> None:
    under = acted(run(PLAIN, lux))
    for place, on in enumerate(acted(run(LASTING, lux))):
        assert on == (place >= 4 and all(under[place - 4 : place + 1]))


@given_any(lux=LUX)
@settings(deadline=None, max_examples=50)
def test_the_device_is_told_what_the_highest_rule_says_that_acts(lux: list[float]) -> None:
    acts = {rule.name: acted(run(_alone(rule.name), lux)) for rule in RANKED.rules}
    level: object = None
    for place, given in enumerate(run(RANKED, lux)):
        assert len(given) <= 1
        for order in given:
            level = order.told.args.get("level")
        top = next((name for name in ("high", "middle", "low") if acts[name][place]), None)
        assert level == {"high": 70, "middle": 60, "low": 50, None: None}[top]


def _alone(name: str) -> object:
    (rule,) = [rule for rule in RANKED.rules if rule.name == name]
    return type(RANKED)(
        tick_ms=RANKED.tick_ms,
        lag_ms=RANKED.lag_ms,
        utc_offset_ms=RANKED.utc_offset_ms,
        rules=(rule,),
        watched=RANKED.watched,
        sites=RANKED.sites,
    )


@given_any(data=st.data(), lux=LUX)
@settings(deadline=None, max_examples=50)
def test_two_engines_give_the_same_orders_under_the_same_ids(data: st.DataObject, lux: list[float]) -> None:
    one, two = Control(program=SITE), Control(program=SITE)
    for place, value in enumerate(lux):
        tick = MONDAY + place * TICK
        news: list[Heard] = [cabinet(tick, value), cabinet(tick, value / 3, 3), lamp(1, tick), lamp(2, tick)]
        assert one.at(tick, news) == two.at(tick, data.draw(st.permutations(news)))
    ids = [order.id for order in one.orders]
    assert len(ids) == len(set(ids))


@given_any(
    spells=st.lists(st.integers(8, 15), min_size=1, max_size=4),
    lags=st.lists(st.integers(0, 3), min_size=60, max_size=60),
)
@settings(deadline=None, max_examples=50)
def test_one_that_hears_later_asks_for_what_the_other_has_asked(spells: list[int], lags: list[int]) -> None:
    """Readings of spells of light and dark reach the second some ticks later, what the first tells it in time."""
    one, two = Control(program=HELD), Control(program=HELD)
    lux = [value for place, ticks in enumerate(spells) for value in [50.0 * (place % 2)] * ticks]
    waiting: list[tuple[int, Heard]] = []
    handed: list[Handed] = []
    for place, value in enumerate(lux):
        tick = MONDAY + place * TICK
        news = [cabinet(tick, value), lamp(1, tick)]
        waiting += [(place + lags[place], heard) for heard in news]
        two.at(tick, [heard for due, heard in waiting if due <= place], handed=handed)
        waiting = [(due, heard) for due, heard in waiting if due > place]
        handed = one.hands(one.at(tick, news))
    assert one.orders
    assert {order.id for order in two.orders} <= {order.id for order in one.orders}


@given_any(lux=LUX)
@settings(deadline=None, max_examples=50)
def test_a_decision_changes_nothing_that_it_was_given(lux: list[float]) -> None:
    state = State()
    for place, value in enumerate(lux):
        tick = MONDAY + place * TICK
        news = News(heard=(cabinet(tick, value), lamp(1, tick)))
        before = copy.deepcopy((state, news))
        after, orders = decide(RANKED, state, news, tick)
        assert (state, news) == before
        assert decide(RANKED, state, news, tick) == (after, orders)
        state = after


def test_ids_tell_rules_devices_and_ticks_apart() -> None:
    control = Control(program=PLAIN)
    control.through(
        MONDAY, MONDAY + 100 * TICK, {0: 5} | {MONDAY + place * TICK: 5 + 90 * (place % 2) for place in range(100)}, 3
    )
    assert len({order.id for order in control.orders}) == len(control.orders) == 300
    assert len(set(said(control.orders))) == 300
