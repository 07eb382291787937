"""The broker's side: session, subscriptions, window, acknowledgements. The only file that knows the link."""

import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import mqtt5
import structlog

from ingest.messages import Message
from mqttlink import Address, Link, LinkError, LinkOptions, Session
from park.topics import GATEWAY_STATE_FILTER, GATEWAY_STATS_FILTER, TELEMETRY_FILTER, shared

log = structlog.get_logger("ingest")

DAY_S = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class BrokerOptions:
    """How to receive.

    Attributes:
        client_id: names the session that the broker keeps while the ingester is away.
        group: name of the shared subscription, or None for a plain one.
        session_expiry_s: how long the broker keeps the session.
        receive_max: how many unacknowledged messages the broker may have sent.
        ca_file: certificates to trust for `mqtts`; the system's if None.
    """

    address: Address
    client_id: str = "park-ingest"
    password: bytes | None = field(default=None, repr=False)
    group: str | None = None
    session_expiry_s: int = 7 * DAY_S
    receive_max: int = 65535
    keep_alive_s: int = 30
    ca_file: Path | None = None


class OnState(Protocol):
    """Told when the connection begins and ends."""

    def __call__(self, *, connected: bool) -> None: ...  # noqa: D102


class Receiver:
    """Holds the session and hands on what it delivers.

    Args:
        on_messages: all messages of one socket read, and the connection's generation.
        on_state: whether the broker is connected.
    """

    def __init__(
        self,
        options: BrokerOptions,
        *,
        on_messages: Callable[[Sequence[Message], int], None],
        on_state: OnState,
    ) -> None:
        self._options = options
        self._on_state = on_state
        self._complained = False
        self.link = Link(
            LinkOptions(
                address=options.address,
                client_id=options.client_id,
                password=options.password,
                clean_start=False,
                session_expiry_s=options.session_expiry_s,
                keep_alive_s=options.keep_alive_s,
                receive_max=options.receive_max,
                ssl=_context(options),
            ),
            on_publishes=on_messages,
            on_connected=self._connected,
            on_disconnected=self._disconnected,
        )

    def acknowledge(self, messages: Sequence[Message], generation: int) -> None:
        """Acknowledge the messages, in this order, in one write."""
        self.link.acknowledge([message.packet_id for message in messages if message.packet_id is not None], generation)

    def filters(self) -> tuple[list[str], list[str]]:
        """The topic filters of this session, and the other form of them, which would deliver twice."""
        split = [TELEMETRY_FILTER, GATEWAY_STATS_FILTER]
        joined = [shared(self._options.group or self._options.client_id, pattern) for pattern in split]
        if self._options.group is None:
            return [*split, GATEWAY_STATE_FILTER], joined
        return [*joined, GATEWAY_STATE_FILTER], split

    async def _connected(self, session: Session) -> None:
        wanted, unwanted = self.filters()
        if session.session_present:
            await self.link.unsubscribe(unwanted)
        await self.link.subscribe([mqtt5.TopicFilter(pattern, max_qos=mqtt5.QoS.AT_LEAST_ONCE) for pattern in wanted])
        self._complained = False
        log.info(
            "connected to the broker",
            broker=str(self._options.address),
            client_id=session.client_id,
            resumed=session.session_present,
        )
        self._on_state(connected=True)

    def _disconnected(self, _generation: int, error: LinkError) -> None:
        if not self._complained:
            log.warning("the broker is away; trying again", error=str(error))
            self._complained = True
        self._on_state(connected=False)


def _context(options: BrokerOptions) -> ssl.SSLContext | None:
    if not options.address.tls or options.ca_file is None:
        return None
    return ssl.create_default_context(cafile=str(options.ca_file))
