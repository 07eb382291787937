"""Attacks the broker of a running park with the password of one gateway, as whoever got hold of it would.

Runs in the simulator's container while the simulator is stopped, for it uses that gateway's own client id; the broker's
URL is its argument. Prints a line for each attack; exits 1 if one succeeds.
"""

import asyncio
import dataclasses
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import mqtt5

from mqttlink import (
    ConnectionLost,
    ConnectRefused,
    Link,
    LinkError,
    LinkOptions,
    PublishRefused,
    SubscribeRefused,
    parse_broker_url,
)

FOLDER = Path("/run/park/simulator")
SELF, OTHER = sorted(path.name for path in FOLDER.iterdir())[:2]
SITE, OTHER_SITE = (name.removeprefix("gw-").rpartition("-")[0] for name in (SELF, OTHER))
INGESTER = "park-ingest"


def link(client_id: str) -> Link:
    """A link with this gateway's password, under any client id; its session ends with it."""
    address = dataclasses.replace(parse_broker_url(sys.argv[1]), username=SELF)
    password = (FOLDER / SELF).read_bytes()
    return Link(
        LinkOptions(address=address, client_id=client_id, password=password, clean_start=True, session_expiry_s=0)
    )


async def enter(client_id: str) -> None:
    """Take a session over and end it, with all that waits for it."""
    async with link(client_id) as one:
        await one.connected()


async def subscribe(pattern: str) -> None:
    """Hear what this filter selects, or a share of it."""
    async with link(SELF) as one:
        await one.connected()
        await one.subscribe([mqtt5.TopicFilter(pattern, max_qos=mqtt5.QoS.AT_LEAST_ONCE)])


async def publish(topic: str) -> None:
    """Write under a topic."""
    async with link(SELF) as one:
        await one.connected()
        await one.publish(topic, b"x")


async def overload(topic: str) -> None:
    """Send more than the broker says that it takes, which a link itself refuses to do."""
    async with link(SELF) as one:
        await one.connected()
        one.send(mqtt5.PublishPacket(topic, b"x" * (1 << 20)).write())
        await one.publish(topic, b"x")


ATTACKS: dict[str, tuple[type[LinkError], Callable[[], Awaitable[None]]]] = {
    "wipe the ingester's queue": (ConnectRefused, lambda: enter(INGESTER)),
    "wipe the queue of a site's session": (ConnectRefused, lambda: enter(f"{INGESTER}-{OTHER_SITE}")),
    "bring about another gateway's will": (ConnectRefused, lambda: enter(OTHER)),
    "join the ingester's shared subscription": (
        SubscribeRefused,
        lambda: subscribe(f"$share/{INGESTER}/park/+/+/+/+/telemetry"),
    ),
    "hear the park": (SubscribeRefused, lambda: subscribe("park/#")),
    "write for another site": (
        PublishRefused,
        lambda: publish(f"park/energy/{OTHER_SITE}/meter/meter-1/telemetry"),
    ),
    "speak as a controller": (
        PublishRefused,
        lambda: publish(f"park/control/{SITE}/street_lamp/street-lamp-000001/state"),
    ),
    "change the accounts": (PublishRefused, lambda: publish("$CONTROL/dynamic-security/v1")),
    "send a message of 1 MB": (ConnectionLost, lambda: overload(f"park/energy/{SITE}/meter/m/telemetry")),
}


async def repelled(what: str) -> bool:
    """Whether the attack ends with the refusal that it must end with."""
    kind, attempt = ATTACKS[what]
    try:
        async with asyncio.timeout(10):
            await attempt()
    except kind as error:
        print(f"refused: {what}: {error}")
        return True
    except (LinkError, TimeoutError) as error:
        print(f"unclear: {what}: {error!r}")
        return False
    print(f"POSSIBLE: {what}")
    return False


async def main() -> int:
    """Try everything."""
    return 0 if all([await repelled(what) for what in ATTACKS]) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
