"""Who may connect under which client id, and what each may publish and subscribe to: one table for every broker.

The embedded broker takes the table as it is; `mqttlink.dynsec` writes it as Mosquitto's plugin reads it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from mqttlink.filters import SHARE_PREFIX, covers, matches


@dataclass(frozen=True, kw_only=True)
class Role:
    """What its holders may do; what no role allows is refused.

    Attributes:
        publish: topic filters; a message's topic must match one.
        subscribe: topic filters that may be asked for, each to the letter, a share's prefix included. A wider
            or a narrower one is refused.
        within: topic filters; any plain filter that selects no more than one of them may be asked for.
    """

    name: str
    publish: tuple[str, ...] = ()
    subscribe: tuple[str, ...] = ()
    within: tuple[str, ...] = ()

    @property
    def receive(self) -> tuple[str, ...]:
        """Topic filters of all that may reach its holders."""
        asked = (*self.within, *map(_unshared, self.subscribe))
        return tuple(dict.fromkeys(asked))


ANYTHING = Role(name="anything", publish=("#",), within=("#", "$SYS/#"))


@dataclass(frozen=True, kw_only=True)
class Account:
    """One login.

    Attributes:
        client_id: the only one under which it may connect, so that it can take over no other's session; None
            leaves it free.
    """

    username: str
    password: bytes = field(repr=False)
    client_id: str | None
    roles: tuple[Role, ...]

    def may_publish(self, topic: str) -> bool:
        """Whether it may publish under this topic."""
        return any(matches(pattern, topic) for role in self.roles for pattern in role.publish)

    def may_subscribe(self, asked: str) -> bool:
        """Whether it may subscribe to this filter, share prefix and all."""
        if any(asked in role.subscribe for role in self.roles):
            return True
        if asked.startswith(SHARE_PREFIX):
            return False
        return any(covers(pattern, asked) for role in self.roles for pattern in role.within)


def roles_of(accounts: Iterable[Account]) -> tuple[Role, ...]:
    """Every role that an account holds, once.

    Raises:
        ValueError: two different roles have one name.
    """
    found: dict[str, Role] = {}
    for account in accounts:
        for role in account.roles:
            if found.setdefault(role.name, role) != role:
                raise ValueError(f"two roles are named {role.name!r}")
    return tuple(found.values())


def _unshared(pattern: str) -> str:
    return pattern.split("/", 2)[2] if pattern.startswith(SHARE_PREFIX) else pattern
