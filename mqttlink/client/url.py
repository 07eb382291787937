"""The broker's address as a URL: `mqtt://user@host:1883` or `mqtts://host`."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from mqttlink.errors import BadBrokerUrl

DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}

_HOST = re.compile(r"[\w.-]+|[0-9A-Fa-f:.]+(%[\w.-]+)?")
_LONGEST_USER = 65_535
"""Bytes of a user's name: more cannot be sent."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a broker listens, and as whom to connect."""

    host: str
    port: int
    tls: bool = False
    username: str | None = None

    def __str__(self) -> str:
        scheme = "mqtts" if self.tls else "mqtt"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"


def parse_broker_url(url: str) -> Address:
    """Read a broker's URL.

    Args:
        url: `mqtt://[user@]host[:port]` or `mqtts://...` for TLS.

    Raises:
        BadBrokerUrl: what is wrong; the message never repeats a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # whose words repeat what may be a part of a password
        raise BadBrokerUrl(
            f"the broker URL {shown_url(url)!r} cannot be read: a port is a number up to 65535, an IPv6 address stands "
            "in brackets, and in a user's name @ / # ? are written %40 %2F %23 %3F"
        ) from None
    if parts.password is not None:
        raise BadBrokerUrl("the broker URL holds a password; keep the user name, and give it by file or environment")
    shown = shown_url(url)
    if parts.scheme not in DEFAULT_PORTS:
        raise BadBrokerUrl(f"the broker URL {shown!r} must begin with mqtt:// or mqtts://")
    if not parts.hostname:
        raise BadBrokerUrl(f"the broker URL {shown!r} names no host")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise BadBrokerUrl(f"the broker URL {shown!r} must end after the port")
    if port == 0:
        raise BadBrokerUrl(f"the broker URL {shown!r} names port 0")
    if not is_host(parts.hostname):
        raise BadBrokerUrl(
            f"the broker URL {shown!r} names the host {parts.hostname!r}, which is no name and no address"
        )
    return Address(
        host=parts.hostname,
        port=port or DEFAULT_PORTS[parts.scheme],
        tls=parts.scheme == "mqtts",
        username=_user(parts),
    )


def _user(parts: SplitResult) -> str | None:
    user = unquote(parts.username) if parts.username else None
    if user is not None and (not user.isprintable() or len(user.encode()) > _LONGEST_USER):
        raise BadBrokerUrl("the broker URL names a user with control characters in it, or one too long to be sent")
    return user


def is_host(name: str) -> bool:
    """Whether a resolver can be asked for the name, or it is an address."""
    try:
        name.encode("idna")  # as it does: an empty or a long label is an error, and none of the system's
    except UnicodeError:
        return False
    return _HOST.fullmatch(name) is not None


def shown_url(url: str) -> str:
    """What an error may repeat of a URL: nothing of one that can hold a password, wherever it was put."""
    begins = re.match(r"[A-Za-z+.-]*://", url)
    return url if set("@?#").isdisjoint(url) else f"{begins[0] if begins else ''}..."
