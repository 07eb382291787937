"""What rules order: levels, means, hysteresis, duration, hold, schedules, priorities; and what becomes of orders."""

import copy
from itertools import pairwise

import pytest

from controller.engine import MOST_RETRY_MS, RETRY_MS, STILL_TICKS
from controller.state import Ended, Stand, order_id
from tests.controller.town import (
    DARK,
    DIM,
    HOUR,
    MINUTE,
    MONDAY,
    TICK,
    Control,
    cabinet,
    heard,
    lamp,
    program,
    said,
)

LAMP = "street-lamp-000001"
BRIGHT = DIM.replace('"dim"', '"bright"').replace("60", "100") + "priority = 5\n"


def test_a_level_begins_and_ends_with_hysteresis() -> None:
    control = Control(program=program(DIM + DARK))
    for place, (lux, wanted) in enumerate(
        [(50, []), (20, []), (19, ["set_level"]), (30, []), (39.9, []), (40, ["resume"]), (30, []), (19, ["set_level"])]
    ):
        given = control.through(MONDAY + place * TICK, MONDAY + (place + 1) * TICK, lux)
        assert [order.told.action for order in given] == wanted, (place, lux)


def test_an_order_says_what_the_rule_says_and_nothing_changes_twice() -> None:
    control = Control(program=program(DIM + DARK))
    before = copy.deepcopy(control.state)
    (order,) = control.at(MONDAY, [cabinet(MONDAY, 5), lamp(1, MONDAY)])
    assert before == type(before)()
    assert order.id == order_id("dim", LAMP, MONDAY)
    assert (order.where.sector, order.where.site, order.where.kind) == ("municipal", "xinwu", "street_lamp")
    assert (dict(order.told.args), order.expires) == ({"level": 60, "ramp": 10}, MONDAY + 10_000 + 60_000)
    assert control.through(MONDAY + TICK, MONDAY + HOUR, 5) == []


def test_a_value_must_last() -> None:
    control = Control(program=program(DIM + DARK + 'for = "1m"\n'))
    assert said(control.through(MONDAY, MONDAY + 5 * MINUTE, {0: 5, MONDAY + 50_000: 50, MONDAY + MINUTE: 5})) == [
        (LAMP, "set_level", MONDAY + 2 * MINUTE)
    ]


def test_a_rule_that_acts_holds() -> None:
    control = Control(program=program(DIM + 'hold = "15m"\n' + DARK))
    assert said(control.through(MONDAY, MONDAY + HOUR, {0: 5, MONDAY + MINUTE: 50})) == [
        (LAMP, "set_level", MONDAY),
        (LAMP, "resume", MONDAY + 15 * MINUTE),
    ]


@pytest.mark.parametrize(
    ("of", "wanted"), [("mean", 20.0 + 1e-9), ("min", 10.0 + 1e-9), ("max", 30.0 + 1e-9), ("sum", 60.0 + 1e-9)]
)
def test_what_a_site_reports_is_taken_together(of: str, wanted: float) -> None:
    def given(bound: float) -> int:
        rule = f'\n[[rules.when]]\nkind = "light_cabinet"\nchannel = "illuminance"\nover = "site"\nof = "{of}"\n'
        control = Control(program=program(DIM + rule + f"below = {bound}\n"))
        news = [cabinet(MONDAY, lux, number) for number, lux in ((1, 10.0), (3, 20.0), (5, 30.0))]
        elsewhere = cabinet(MONDAY, 1000.0, 2, "binhu")
        return len(control.at(MONDAY, [*news, elsewhere, lamp(1, MONDAY)]))

    assert (given(wanted), given(wanted - 1)) == (1, 0)


def test_a_cell_is_the_devices_own() -> None:
    control = Control(program=program(DIM + DARK))
    news = [cabinet(MONDAY, 5, 1), cabinet(MONDAY, 500, 3), *(lamp(number, MONDAY) for number in (1, 12, 25))]
    assert {order.where.device for order in control.at(MONDAY, news)} == {LAMP, "street-lamp-000012"}


def test_a_schedule_is_of_local_time_and_goes_over_midnight() -> None:
    window = '\n[[rules.schedule]]\nfrom = "22:30"\nuntil = "05:00"\ndays = ["mon"]\n'
    control = Control(program=program('[control]\ntick = "5m"\n' + DIM + window))
    assert said(control.through(MONDAY, MONDAY + 72 * HOUR, 5)) == [
        (LAMP, "set_level", MONDAY + 22 * HOUR + 30 * MINUTE),
        (LAMP, "resume", MONDAY + 29 * HOUR),
    ]


def test_the_higher_rule_wins_until_it_lets_go() -> None:
    control = Control(program=program(DIM + DARK + BRIGHT + DARK.replace("20", "10").replace("40", "15")))
    lux = {0: 18, MONDAY + MINUTE: 5, MONDAY + 2 * MINUTE: 18, MONDAY + 3 * MINUTE: 60}
    given = control.through(MONDAY, MONDAY + 5 * MINUTE, lux)
    assert [(order.rule, order.told.action, order.tick - MONDAY) for order in given] == [
        ("dim", "set_level", 0),
        ("bright", "set_level", MINUTE),
        ("dim", "set_level", 2 * MINUTE),
        ("dim", "resume", 3 * MINUTE),
    ]


def test_a_rule_decides_at_its_own_pace() -> None:
    control = Control(program=program(DIM + 'every = "5m"\n' + DARK))
    assert said(control.through(MONDAY + TICK, MONDAY + HOUR, 5)) == [(LAMP, "set_level", MONDAY + 5 * MINUTE)]


def test_while_it_acts_a_rule_may_say_it_again() -> None:
    control = Control(program=program(DIM + 'again = "20m"\n' + DARK))
    assert [order.tick - MONDAY for order in control.through(MONDAY, MONDAY + HOUR, 5)] == [0, 20 * MINUTE, 40 * MINUTE]


def test_a_parameter_follows_a_value_in_steps() -> None:
    follow = DIM.replace("level = 60", 'level = { along = "light", from = [0, 20], to = [40, 90], step = 10 }')
    control = Control(program=program(follow + DARK.replace("channel", 'name = "light"\nchannel')))
    levels = []
    for place, lux in enumerate((0, 2, 4, 3, 19.9, 20, 18.5, 8)):
        given = control.through(MONDAY + place * TICK, MONDAY + (place + 1) * TICK, lux)
        levels += [order.told.args["level"] for order in given]
    assert levels == [40.0, 50.0, 90.0, 60.0]


def test_text_and_truth_are_counted() -> None:
    rule = DIM + '\n[[rules.when]]\nkind = "street_lamp"\nchannel = "power_state"\nis = "on"\n'
    control = Control(program=program(rule))
    given = control.at(MONDAY, [lamp(1, MONDAY, power_state="on"), lamp(2, MONDAY, power_state="low")])
    assert [order.where.device for order in given] == [LAMP]


def test_nothing_is_ordered_before_anything_is_heard_and_a_silent_device_is_left_alone() -> None:
    control = Control(program=program(DIM + DARK))
    assert control.at(MONDAY, [lamp(1, MONDAY)]) == []
    assert control.at(MONDAY + TICK, [cabinet(MONDAY, 5)]) != []
    late = MONDAY + 20 * MINUTE
    assert control.at(late, [cabinet(late, 500)]) == []
    assert said(control.at(late + TICK, [lamp(1, late)])) == [(LAMP, "resume", late + TICK)]


def test_a_rule_that_no_more_knows_lets_go() -> None:
    control = Control(program=program(DIM + DARK))
    given = [
        order
        for tick in range(MONDAY, MONDAY + HOUR, TICK)
        for order in control.at(tick, [lamp(1, tick), *([cabinet(tick, 5)] if tick < MONDAY + MINUTE else [])])
    ]
    silent = 3 * 5 * MINUTE + 30_000
    assert said(given) == [(LAMP, "set_level", MONDAY), (LAMP, "resume", MONDAY + 50_000 + silent)]


def test_what_was_acting_before_a_restart_waits_for_what_it_has_not_heard_yet() -> None:
    control = Control(program=program(DIM + DARK))
    control.through(MONDAY, MONDAY + MINUTE, 5)
    again = Control(
        program=control.program,
        state=type(control.state)(
            tick=control.state.tick,
            latches=control.state.latches,
            acting=control.state.acting,
            claims=control.state.claims,
            open=control.state.open,
        ),
    )
    later = MONDAY + 2 * MINUTE
    assert again.at(later, [lamp(1, later)]) == []
    assert again.at(later + TICK, [cabinet(later, 30)]) == []
    assert said(again.at(later + 2 * TICK, [cabinet(later + TICK, 50)])) == [(LAMP, "resume", later + 2 * TICK)]


def test_what_came_to_nothing_is_tried_again_ever_more_rarely() -> None:
    control = Control(program=program(DIM + DARK), obeys=False)
    ticks: list[int] = []
    for tick in range(MONDAY, MONDAY + 5 * HOUR, TICK):
        ended = [Ended(id=order.id, state="rejected") for order in control.orders[-1:] if order.tick == tick - TICK]
        ticks += [order.tick for order in control.at(tick, [lamp(1, tick), cabinet(tick, 5)], ended=ended)]
    apart = [after - before - TICK for before, after in pairwise(ticks)]
    assert apart == [min(RETRY_MS * 2**place, MOST_RETRY_MS) for place in range(len(apart))]
    assert len(set(ticks)) == len(ticks) > 6


def test_a_device_is_let_go_until_it_has_gone() -> None:
    control = Control(program=program(DIM + DARK), obeys=False)
    (first,) = control.at(MONDAY, [lamp(1, MONDAY), cabinet(MONDAY, 5)])
    (release,) = control.at(MONDAY + TICK, [lamp(1, MONDAY + TICK), cabinet(MONDAY + TICK, 50)])
    assert first.id not in control.state.open
    assert release.told.action == "resume"
    control.at(MONDAY + 2 * TICK, ended=[Ended(id=release.id, state="unanswered")])
    (again,) = control.at(MONDAY + MINUTE + 2 * TICK)
    assert (again.told.action, again.id != release.id) == ("resume", True)
    control.at(MONDAY + 2 * MINUTE, ended=[Ended(id=again.id, state="succeeded")])
    assert control.state.claims[LAMP]["resume"].stand is Stand.FREE
    assert control.state.open == {}


def test_what_another_controller_has_ordered_is_seen_to_its_end_and_not_ordered_anew() -> None:
    rules = program(DIM + DARK)
    earlier, later = Control(program=rules), Control(program=rules)
    given = earlier.at(MONDAY, [lamp(1, MONDAY), cabinet(MONDAY, 5)])
    assert later.at(MONDAY + TICK, [lamp(1, MONDAY), cabinet(MONDAY, 5)], handed=earlier.hands(given)) == []
    assert list(later.state.open.values()) == given
    # When it lets go and takes hold anew, that is another decision.
    until = MONDAY + STILL_TICKS * TICK
    assert later.at(until - TICK, [cabinet(MONDAY + 2 * TICK, 50)]) == []
    assert said(later.at(until)) == [(LAMP, "resume", until)]
    (anew,) = later.at(until + TICK, [cabinet(until, 5)])
    assert anew.id != given[0].id


def test_one_that_starts_later_stands_where_the_other_does() -> None:
    """Between the bounds nothing would begin, and nothing that began ends; what the first let go stays so."""
    first = Control(program=program(DIM + DARK))
    handed = first.hands(first.at(MONDAY, [lamp(1, MONDAY), cabinet(MONDAY, 5)]))
    later = Control(program=first.program)
    at = MONDAY + HOUR
    assert later.at(at, [lamp(1, at), cabinet(at, 30)], handed=handed) == []
    assert later.state.open == {}
    assert said(later.at(at + TICK, [cabinet(at + TICK, 45)])) == [(LAMP, "resume", at + TICK)]
    ended = first.hands(first.at(MONDAY + TICK, [cabinet(MONDAY + TICK, 50)]))
    third = Control(program=first.program)
    assert third.at(at, [lamp(1, at), cabinet(at, 30)], handed=[*ended, *handed]) == []


def test_a_rule_that_is_gone_lets_its_devices_go() -> None:
    control = Control(program=program(DIM + DARK))
    control.through(MONDAY, MONDAY + MINUTE, 5)
    control.program = program(DIM.replace('"dim"', '"other"') + DARK.replace("20", "1"))
    later = MONDAY + 2 * MINUTE
    assert [(order.rule, order.told.action) for order in control.at(later, [lamp(1, later), cabinet(later, 5)])] == [
        ("dim", "resume")
    ]


def test_a_reading_that_was_overtaken_counts_no_more() -> None:
    control = Control(program=program(DIM + DARK))
    assert control.at(MONDAY, [lamp(1, MONDAY), cabinet(MONDAY - 10, 50), cabinet(MONDAY - 5000, 5)]) == []


def test_a_channel_that_is_absent_is_no_value() -> None:
    control = Control(program=program(DIM + DARK))
    assert control.at(MONDAY, [lamp(1, MONDAY), heard("light_cabinet", 1, MONDAY)]) == []
