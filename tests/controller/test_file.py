"""control.toml: what is wrong is said by rule and key; the package's own rules are right."""

import pytest

from controller.errors import RulesError
from controller.resolve import default_rules, program_of
from tests.controller.town import DARK, DIM, MONDAY, TOWN, program

AND = "\n[[rules.when]]\n"
LIGHT = 'kind = "light_cabinet"\nchannel = "illuminance"\n'
OWN = 'kind = "street_lamp"\nchannel = "level"\n'


def test_the_packages_own_rules_are_right_and_more_than_six() -> None:
    rules = program_of(default_rules(), "control.toml", TOWN).rules
    assert len(rules) >= 6
    assert all(rule.title for rule in rules)
    assert all(rule.release is not None or rule.act.action.name in {"open", "close"} for rule in rules)


def test_a_rule_is_what_it_says() -> None:
    (rule,) = program(DIM + 'sites = ["xinwu"]\nevery = "1m"\nhold = "15m"\n' + DARK + 'for = "90s"\n').rules
    (trigger,) = rule.when
    assert (rule.sector, rule.sites, rule.every_ms, rule.hold_ms) == (
        "municipal",
        frozenset({"xinwu"}),
        60_000,
        900_000,
    )
    assert (trigger.enter, trigger.leave, trigger.sign, trigger.for_ms) == (20, 40, -1, 90_000)
    assert trigger.silent_ms == 930_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules = ", "not TOML"),
        ("", "rules: is missing"),
        ("rules = []", "rules: "),
        ("[control]\ntick = 5\n" + DIM + DARK, "control.tick: give a duration such as"),
        ('[control]\ntick = "20ms"\n' + DIM + DARK, "control.tick: "),
        (DIM, "rule dim: when: a rule needs a trigger or a schedule"),
        (DIM.replace('name = "dim"\n', "") + DARK, "rule 1: name: is missing"),
        (DIM + DARK + DIM + DARK, "rule dim: name: used twice"),
        (DIM.replace("street_lamp", "lamp") + DARK, "rule dim: kind: no kind 'lamp'; known: "),
        (DIM.replace("street_lamp", "light_cabinet") + DARK, "light_cabinet can be told nothing; kinds with actions: "),
        (DIM.replace("set_level", "set_colour") + DARK, "rule dim: act.action: street_lamp has no action 'set_colour'"),
        (DIM.replace("resume", "go") + DARK, "rule dim: release.action: street_lamp has no action 'go'"),
        (DIM.replace("60", "160") + DARK, "rule dim: act.args: level: must be 0 to 100 %"),
        (DIM.replace(", ramp = 10", "") + DARK, "rule dim: act.args: set_level: ramp is missing"),
        (DIM.replace("60", "inf") + DARK, "rule dim: act.args"),
        (DIM + 'sites = ["yangshan"]\n' + DARK, "rule dim: sites: no street_lamp stands at 'yangshan'"),
        (DIM + 'colour = "red"\n' + DARK, "rule dim: colour: no such key"),
        (DIM + 'priority = "high"\n' + DARK, "rule dim: priority: "),
        (DIM + 'every = "15s"\n' + DARK, "rule dim: every: must be a whole multiple of control.tick, 10 s"),
        (DIM + DARK + 'unit = "lx"\n', "rule dim: when.1.unit: no such key"),
        (
            DIM + DARK.replace("illuminance", "brightness"),
            "rule dim: when.1.channel: light_cabinet has no 'brightness'",
        ),
        (DIM + DARK.replace("light_cabinet", "cabinet"), "rule dim: when.1.kind: no kind 'cabinet'"),
        (DIM + DARK.replace('"cell"', '"street"'), "rule dim: when.1.over: "),
        (DIM + DARK.replace('over = "cell"', ""), "rule dim: when.1.over: a street_lamp has no channels of a"),
        (DIM + DARK.replace("until = 40", "until = 10"), "rule dim: when.1: until 10 must not be under 20"),
        (DIM + DARK + "above = 50\n", "rule dim: when.1: give one of above, below and is"),
        (DIM + AND + OWN + "until = 5\n", "rule dim: when.1: until belongs to above or below"),
        (DIM + AND + OWN + "above = nan\n", "rule dim: when.1.above: "),
        (DIM + AND + OWN + "is = 3\n", "rule dim: when.1.is: level is "),
        (DIM + AND + OWN.replace("level", "power_state"), "rule dim: when.1.is: power_state is a text; say which"),
        (
            DIM + AND + OWN.replace("level", "power_state") + 'is = "dim"\n',
            "rule dim: when.1.is: power_state is one of",
        ),
        (
            DIM + AND + 'kind = "soil_probe"\nchannel = "soil_moisture"\nover = "cell"\nbelow = 0.2\n',
            "rule dim: when.1.over: soil_probe and street_lamp are of two sectors",
        ),
        (
            DIM + AND + 'kind = "soil_probe"\nchannel = "soil_moisture"\nover = "site"\nbelow = 0.2\n',
            "rule dim: when.1.over: no soil_probe stands at 'binhu'",
        ),
        (
            DIM.replace("60", '{ along = "use", from = [0, 1], to = [1, 2], step = 1 }') + DARK,
            "rule dim: act.args.level.along: no trigger of this rule is named 'use'",
        ),
        (
            DIM.replace("60", '{ along = "use", from = [1, 0], to = [1, 2], step = 1 }') + DARK,
            "rule dim: act.args.level: from: the first value must be the smaller one",
        ),
        (
            DIM.replace("60", '{ along = "use", from = [0, 1], to = [1, 200], step = 1 }')
            + DARK.replace("channel", 'name = "use"\nchannel'),
            "rule dim: act.args: level: must be 0 to 100 %",
        ),
        (DIM + '[[rules.schedule]]\nfrom = "25:00"\nuntil = "05:00"\n', "rule dim: schedule.1.from: give a time"),
        (
            DIM + '[[rules.schedule]]\nfrom = "22:00"\nuntil = "05:00"\ndays = ["fun"]\n',
            "rule dim: schedule.1.days.1: ",
        ),
    ],
)
def test_what_is_wrong_is_said_by_rule_and_key(text: str, said: str) -> None:
    with pytest.raises(RulesError, match=r"^control\.toml: ") as refused:
        program(text)
    assert said in str(refused.value)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(RulesError) as refused:
        program(
            DIM.replace("street_lamp", "lamp") + DARK + DIM.replace('"dim"', '"two"').replace("resume", "go") + DARK
        )
    assert "rule dim: kind" in str(refused.value)
    assert "rule two: release.action" in str(refused.value)


def test_times_of_the_day_end_where_they_say() -> None:
    (rule,) = program(DIM + '\n[[rules.schedule]]\nfrom = "08:00"\nuntil = "24:00"\ndays = ["tue"]\n').rules
    local = MONDAY + 8 * 3_600_000
    hours = [hour for hour in range(96) if rule.is_open(local + hour * 3_600_000)]
    assert hours == list(range(32, 48))
