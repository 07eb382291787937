"""Topic filters, and who listens to a topic. Pure: sessions are opaque keys here."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from mqttlink.filters import SHARE_PREFIX

_MAX_UTF8 = 65535

Subscriber = TypeVar("Subscriber", bound=Hashable)


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """What a client asked for one filter.

    Attributes:
        pattern: the topic filter, without its share prefix.
        share: name of the share group, or None.
    """

    pattern: str
    qos: int
    share: str | None = None
    no_local: bool = False
    retain_as_published: bool = False
    subscription_id: int | None = None


class FilterError(ValueError):
    """A topic filter is not well formed."""


def split_share(text: str) -> tuple[str | None, str]:
    """`$share/name/filter` as (name, filter); any other filter as (None, filter).

    Raises:
        FilterError: the filter is not well formed.
    """
    share: str | None = None
    pattern = text
    if text.startswith(SHARE_PREFIX):
        share, separator, pattern = text[len(SHARE_PREFIX) :].partition("/")
        if not share or not separator or "+" in share or "#" in share:
            raise FilterError(f"{text}: a shared subscription is $share/name/filter")
    _check(pattern)
    return share, pattern


def _check(pattern: str) -> None:
    if not pattern or "\0" in pattern or len(pattern.encode()) > _MAX_UTF8:
        raise FilterError(f"{pattern[:80]!r}: a filter has 1 to 65535 bytes and no NUL")
    levels = pattern.split("/")
    for i, level in enumerate(levels):
        if "#" in level and (level != "#" or i != len(levels) - 1):
            raise FilterError(f"{pattern}: # stands alone, at the end")
        if "+" in level and level != "+":
            raise FilterError(f"{pattern}: + stands alone in its level")


def valid_topic(topic: str) -> bool:
    """Whether a message may be published under this name."""
    return bool(topic) and "+" not in topic and "#" not in topic and "\0" not in topic


@dataclass(slots=True)
class ShareGroup(Generic[Subscriber]):
    """Members of one shared subscription; each message goes to one of them."""

    members: dict[Subscriber, Subscription] = field(default_factory=dict)
    turn: int = 0

    def in_turn(self) -> Iterator[tuple[Subscriber, Subscription]]:
        """All members, beginning with the one whose turn it is."""
        members = list(self.members.items())
        self.turn = (self.turn + 1) % len(members)
        for i in range(len(members)):
            yield members[(self.turn + i) % len(members)]


@dataclass(slots=True)
class _Node(Generic[Subscriber]):
    children: "dict[str, _Node[Subscriber]]" = field(default_factory=dict)
    plain: dict[Subscriber, Subscription] = field(default_factory=dict)
    groups: dict[str, ShareGroup[Subscriber]] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        return not (self.children or self.plain or self.groups)


@dataclass(frozen=True, slots=True)
class Match(Generic[Subscriber]):
    """Everything that selects one topic."""

    plain: dict[Subscriber, list[Subscription]]
    groups: list[ShareGroup[Subscriber]]


class Subscriptions(Generic[Subscriber]):
    """A tree of topic levels."""

    def __init__(self) -> None:
        self._root: _Node[Subscriber] = _Node()

    def add(self, subscriber: Subscriber, subscription: Subscription) -> bool:
        """Add or replace; True if it is new."""
        node = self._root
        for level in subscription.pattern.split("/"):
            node = node.children.setdefault(level, _Node())
        if subscription.share is None:
            members = node.plain
        else:
            members = node.groups.setdefault(subscription.share, ShareGroup()).members
        new = subscriber not in members
        members[subscriber] = subscription
        return new

    def remove(self, subscriber: Subscriber, share: str | None, pattern: str) -> bool:
        """Remove; True if it existed."""
        path = [self._root]
        levels = pattern.split("/")
        for level in levels:
            child = path[-1].children.get(level)
            if child is None:
                return False
            path.append(child)
        node = path[-1]
        group = node.groups.get(share) if share is not None else None
        members = node.plain if share is None else group.members if group is not None else {}
        existed = members.pop(subscriber, None) is not None
        if share is not None and group is not None and not group.members:
            del node.groups[share]
        for parent, level in zip(reversed(path[:-1]), reversed(levels), strict=True):
            if parent.children[level].empty:
                del parent.children[level]
        return existed

    def match(self, topic: str) -> Match[Subscriber]:
        """Who listens to a topic."""
        plain: dict[Subscriber, list[Subscription]] = {}
        groups: list[ShareGroup[Subscriber]] = []
        for node in self._nodes(topic.split("/")):
            for subscriber, subscription in node.plain.items():
                plain.setdefault(subscriber, []).append(subscription)
            groups.extend(node.groups.values())
        return Match(plain, groups)

    def _nodes(self, levels: list[str]) -> Iterator[_Node[Subscriber]]:
        """Every node whose filter selects the topic."""
        at = [self._root]
        for i, level in enumerate(levels):
            wild = not (i == 0 and level.startswith("$"))
            below = []
            for node in at:
                if wild and "#" in node.children:
                    yield node.children["#"]
                if wild and "+" in node.children:
                    below.append(node.children["+"])
                if level in node.children:
                    below.append(node.children[level])
            at = below
        for node in at:
            yield node
            if "#" in node.children:
                yield node.children["#"]
