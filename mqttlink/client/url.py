"""The broker's address as a URL: `mqtt://user@host:1883` or `mqtts://host`."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from mqttlink.errors import BadBrokerUrl

DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}


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
    except ValueError as error:
        raise BadBrokerUrl(f"the broker URL cannot be read: {error}") from None
    if parts.password is not None:
        raise BadBrokerUrl("the broker URL holds a password; keep the user name, and give it by file or environment")
    if parts.scheme not in DEFAULT_PORTS:
        raise BadBrokerUrl(f"the broker URL {url!r} must begin with mqtt:// or mqtts://")
    if not parts.hostname:
        raise BadBrokerUrl(f"the broker URL {url!r} names no host")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise BadBrokerUrl(f"the broker URL {url!r} must end after the port")
    if port == 0:
        raise BadBrokerUrl(f"the broker URL {url!r} names port 0")
    return Address(
        host=parts.hostname,
        port=port or DEFAULT_PORTS[parts.scheme],
        tls=parts.scheme == "mqtts",
        username=unquote(parts.username) if parts.username else None,
    )
