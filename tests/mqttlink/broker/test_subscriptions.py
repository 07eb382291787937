"""The tree of filters selects what the standard's definition selects."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqttlink.broker.subscriptions import FilterError, Subscription, Subscriptions, split_share
from mqttlink.filters import matches

levels = st.sampled_from(["a", "b", "", "$x"])
topic_names = st.lists(levels, min_size=1, max_size=4).map("/".join).filter(bool)
filters = (
    st.tuples(st.lists(levels | st.just("+"), min_size=1, max_size=4), st.booleans())
    .map(lambda parts: "/".join([*parts[0], *(["#"] if parts[1] else [])]))
    .filter(bool)
)


@given(st.lists(st.tuples(st.integers(0, 3), filters, st.sampled_from([None, "g"])), max_size=20), topic_names)
def test_the_tree_agrees_with_the_definition(wanted: list[tuple[int, str, str | None]], topic: str) -> None:
    tree: Subscriptions[int] = Subscriptions()
    held: set[tuple[int, str, str | None]] = set()
    for who, pattern, share in wanted:
        new = tree.add(who, Subscription(pattern=pattern, qos=1, share=share))
        assert new is ((who, pattern, share) not in held)
        held.add((who, pattern, share))
    for drop in (0, len(held) // 2):
        for who, pattern, share in sorted(held, key=str)[:drop]:
            assert tree.remove(who, share, pattern)
            assert not tree.remove(who, share, pattern)
            held.discard((who, pattern, share))
        match = tree.match(topic)
        got: set[tuple[int, str, str | None]] = {
            (who, s.pattern, None) for who, subs in match.plain.items() for s in subs
        }
        got |= {(who, s.pattern, "g") for group in match.groups for who, s in group.members.items()}
        assert got == {h for h in held if matches(h[1], topic)}


@pytest.mark.parametrize(
    ("text", "parts"),
    [("a/b", (None, "a/b")), ("$share/g/a/#", ("g", "a/#")), ("$SYS/#", (None, "$SYS/#"))],
)
def test_split_share(text: str, parts: tuple[str | None, str]) -> None:
    assert split_share(text) == parts


@pytest.mark.parametrize("text", ["", "a#", "#/a", "a+/b", "$share/g", "$share//a", "$share/+/a", "$share/g/", "a\0"])
def test_malformed_filters(text: str) -> None:
    with pytest.raises(FilterError):
        split_share(text)
