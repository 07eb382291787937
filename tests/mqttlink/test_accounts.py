"""What an account may do: filters that cover one another, and roles that allow to the letter."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqttlink.accounts import ANYTHING, Account, Role, roles_of
from mqttlink.dynsec import dynamic_security
from mqttlink.filters import covers, matches

LEVELS = ["a", "b"]
TOPICS = ["/".join(levels) for depth in (1, 2, 3, 4) for levels in itertools.product(LEVELS, repeat=depth)]
filters = st.builds(
    lambda levels, rest: "/".join([*levels, *rest]) or "#",
    st.lists(st.sampled_from(["a", "b", "+"]), max_size=3),
    st.sampled_from([[], ["#"]]),
)


@given(pattern=filters, asked=filters)
def test_what_covers_a_filter_selects_all_that_it_selects(pattern: str, asked: str) -> None:
    selected = {topic for topic in TOPICS if matches(asked, topic)}
    allowed = {topic for topic in TOPICS if matches(pattern, topic)}
    assert selected <= allowed or not covers(pattern, asked)


@given(asked=filters)
def test_every_filter_covers_itself_and_all_are_covered_by_all(asked: str) -> None:
    assert covers(asked, asked)
    assert covers("#", asked)


@given(asked=filters)
def test_what_the_broker_says_of_itself_is_covered_by_its_own_name_only(asked: str) -> None:
    assert covers("$SYS/#", f"$SYS/{asked}")
    assert not covers("#", f"$SYS/{asked}")


def account(*roles: Role) -> Account:
    return Account(username="anna", password=b"secret", client_id="anna", roles=roles)


@given(asked=filters, group=st.sampled_from(["g", "h"]))
def test_a_share_is_never_within_anything(asked: str, group: str) -> None:
    assert not account(ANYTHING).may_subscribe(f"$share/{group}/{asked}")
    named = Role(name="named", subscribe=(f"$share/g/{asked}",))
    assert account(named).may_subscribe(f"$share/{group}/{asked}") is (group == "g")
    assert not account(named).may_subscribe(asked)


@given(allowed=filters, asked=filters)
def test_a_filter_is_allowed_to_the_letter(allowed: str, asked: str) -> None:
    assert account(Role(name="r", subscribe=(allowed,))).may_subscribe(asked) is (allowed == asked)


def test_no_password_is_shown() -> None:
    assert "secret" not in repr(account())


def test_roles_are_told_once_and_never_confused() -> None:
    first, other = Role(name="r", publish=("a",)), Role(name="r", publish=("b",))
    assert roles_of([account(first), account(first, ANYTHING)]) == (first, ANYTHING)
    with pytest.raises(ValueError, match="'r'"):
        roles_of([account(first), account(other)])
    with pytest.raises(ValueError, match="'anna'"):
        dynamic_security([account(first), account(first)])


def test_what_may_be_heard_is_also_what_may_arrive() -> None:
    role = Role(name="r", subscribe=("a/+", "$share/g/b/#", "b/#"), within=("$SYS/#",))
    assert role.receive == ("$SYS/#", "a/+", "b/#")
    (made,) = json.loads(dynamic_security([account(role)]))["roles"]
    assert {(acl["acltype"], acl["topic"]) for acl in made["acls"]} == {
        *(("publishClientReceive", pattern) for pattern in role.receive),
        *(("subscribeLiteral", pattern) for pattern in role.subscribe),
        ("subscribePattern", "$SYS/#"),
    }
