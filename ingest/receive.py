"""The broker's side: session, subscriptions, window, acknowledgements. The only file that knows the link."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import mqtt5

from ingest.decode import HANDLERS
from ingest.errors import MissingSecret
from ingest.log import get_logger
from ingest.messages import Message
from ingest.names import check_name
from mqttlink import (
    Address,
    Backoff,
    BrokerUnfit,
    ConnectRefused,
    Link,
    LinkError,
    LinkOptions,
    Session,
    SubscribeRefused,
    Trust,
)
from park.topics import GATEWAY_STATE_FILTER, of_site, shared

__all__ = ["Address", "LinkError", "Receiver", "SessionOptions", "end_session", "session_exists", "session_link"]

log = get_logger("ingest")

DAY_S = 24 * 3600
_ANSWER_S = 5.0
_ALWAYS, _NEW = mqtt5.RetainHandling.SEND_ALWAYS, mqtt5.RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS


@dataclass(frozen=True, kw_only=True)
class SessionOptions:
    """How to receive.

    Attributes:
        client_id: names the session that the broker keeps while the ingester is away.
        site: hear this site only; None for all.
        password: of the URL's user; or
        passwords: a folder with a password for each client id, in a file of its name. The client id is then the user,
            unless the URL names one.
        group: name of the shared subscription, or None for a plain one.
        session_expiry_s: how long the broker keeps the session.
        receive_max: how many unacknowledged messages the broker may have sent: the peak rate times the time to
            acknowledge, 50,000/s for the 0.4 s of linger and a slow write. The broker may exceed
            it (Mosquitto 2.0.11 does, tenfold); what waits is bounded by `max_waiting_bytes` in any case.
        keep_alive_s: a broker that is silent for half as long again is away; readiness has to tell it in time.
        clean_start: throw away what the broker has kept.
        ca_file: certificates to trust for `mqtts`; the system's if None.
        cert_file, key_file: what this client shows the broker, for `mqtts`.
    """

    address: Address
    client_id: str = "park-ingest"
    password: bytes | None = field(default=None, repr=False)
    passwords: Path | None = None
    site: str | None = None
    group: str | None = None
    session_expiry_s: int = 7 * DAY_S
    receive_max: int = 20_000
    keep_alive_s: int = 5
    clean_start: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    def __post_init__(self) -> None:
        check_name("--client-id", self.client_id)
        if self.group is not None:
            check_name("--group", self.group)


def login(options: SessionOptions) -> tuple[Address, bytes | None]:
    """As whom the session logs in, and its password.

    Raises:
        MissingSecret: its password cannot be read.
    """
    if options.passwords is None:
        return options.address, options.password
    user = options.address.username or options.client_id
    path = options.passwords / user
    try:
        return replace(options.address, username=user), path.read_bytes().strip()
    except OSError as error:
        raise MissingSecret(f"the password of {user} cannot be read, {path}: {error.strerror}") from None


def session_link(options: SessionOptions, **callbacks: Any) -> Link:
    """A link to the session that the broker keeps under the client id.

    Raises:
        MissingSecret: its password cannot be read.
    """
    address, password = login(options)
    return Link(
        LinkOptions(
            address=address,
            client_id=options.client_id,
            password=password,
            clean_start=options.clean_start,
            session_expiry_s=options.session_expiry_s,
            keep_alive_s=options.keep_alive_s,
            receive_max=options.receive_max,
            backoff=Backoff(max_s=4.0),
            ssl=Trust(ca_file=options.ca_file, cert_file=options.cert_file, key_file=options.key_file).context(
                options.address
            ),
        ),
        **callbacks,
    )


class OnState(Protocol):
    """Told when the connection begins and ends."""

    def __call__(self, *, connected: bool) -> None: ...


class Receiver:
    """Holds the session and hands on what it delivers.

    Args:
        on_messages: all messages of one socket read, and the connection's generation.
        on_state: whether the broker is connected.
        retiring: end the subscriptions, and receive only what the broker already holds for the session.
    """

    def __init__(
        self,
        options: SessionOptions,
        *,
        on_messages: Callable[[Sequence[Message], int], None],
        on_state: OnState,
        retiring: bool = False,
    ) -> None:
        self._options = options
        self._on_state = on_state
        self._complaint: tuple[object, ...] = ()
        self._untold: set[str] = set()
        self._leaving = False
        self._was_connected = False
        self._refused = False
        self._retiring = retiring
        self.link = session_link(
            options, on_publishes=on_messages, on_connected=self._connected, on_disconnected=self._disconnected
        )

    def acknowledge(self, packet_ids: Sequence[int], generation: int) -> None:
        """Acknowledge the messages, in this order, in one write."""
        self.link.acknowledge(packet_ids, generation)

    def leaving(self) -> None:
        """Read nothing more; the end of the connection that follows is meant."""
        self._leaving = True
        self.link.pause_reading()

    def filters(self) -> tuple[list[str], list[str]]:
        """The topic filters of this session, and the other form of them, which would deliver twice."""
        options = self._options
        split = [_heard(pattern, options) for pattern, kind in HANDLERS.items() if not kind.every_member]
        plain = [
            _heard(pattern, options) for pattern, kind in HANDLERS.items() if kind.every_member and not kind.optional
        ]
        joined = [shared(options.group or options.client_id, pattern) for pattern in split]
        if options.group is None:
            return [*split, *plain], joined
        return [*joined, *plain], split

    def _subscription(self, pattern: str) -> mqtt5.TopicFilter:
        """Retained messages come when the subscription is new: once, however often the line is cut.

        The births of gateways come at each start besides, for they are remembered in this process only.
        """
        states = not self._was_connected and pattern == _heard(GATEWAY_STATE_FILTER, self._options)
        handling = _ALWAYS if states else _NEW
        return mqtt5.TopicFilter(pattern, max_qos=mqtt5.QoS.AT_LEAST_ONCE, retain_handling=handling)

    async def _connected(self, session: Session) -> None:
        wanted, unwanted = self.filters()
        if self._retiring:
            wanted, unwanted = [], [*wanted, *unwanted]
        if session.session_present:
            if not (self._retiring or self._refused):
                # Its subscriptions are there; the answers to these come behind all that waits in its queue.
                self._on_state(connected=True)
            await self.link.unsubscribe(unwanted)
        if wanted:
            await self.link.subscribe([self._subscription(pattern) for pattern in wanted])
            await self._ask_for_more()
        self._was_connected, self._refused = True, False
        self._complaint = ()
        log.info(
            "connected to the broker",
            broker=str(self._options.address),
            client_id=session.client_id,
            resumed=session.session_present,
        )
        self._on_state(connected=True)

    async def _ask_for_more(self) -> None:
        """Subscribe to what a broker may keep to itself."""
        for pattern in (pattern for pattern, kind in HANDLERS.items() if kind.optional):
            try:
                await self.link.subscribe([mqtt5.TopicFilter(pattern, max_qos=mqtt5.QoS.AT_LEAST_ONCE)])
            except SubscribeRefused as error:
                if pattern not in self._untold:
                    log.warning("the broker does not tell its figures; drops will not be seen", error=str(error))
                    self._untold.add(pattern)

    def _disconnected(self, _generation: int, error: LinkError) -> None:
        complaint = (type(error), getattr(error, "reason_code", None))
        if not self._leaving and (not self._complaint or (complaint != self._complaint and _is_answer(error))):
            log.warning("the broker is away; trying again", error=str(error))
            self._complaint = complaint
        self._refused |= isinstance(error, SubscribeRefused)
        self._on_state(connected=False)


def _heard(pattern: str, options: SessionOptions) -> str:
    return pattern if options.site is None else of_site(pattern, options.site)


def _is_answer(error: LinkError) -> bool:
    """Whether a person can do something about it: the broker is there, and says no. It is told after an outage too."""
    return isinstance(error, (BrokerUnfit, ConnectRefused, SubscribeRefused))


@asynccontextmanager
async def _single_connection(options: SessionOptions) -> AsyncIterator[Session]:
    """A connection that is made once and not again; the first failure is raised."""
    failed: asyncio.Future[Session] = asyncio.get_running_loop().create_future()

    def fail(_generation: int, error: LinkError) -> None:
        if not failed.done():
            failed.set_exception(error)

    async with asyncio.timeout(_ANSWER_S), session_link(options, on_disconnected=fail) as link:
        connecting = asyncio.ensure_future(link.connected())
        done, _ = await asyncio.wait([connecting, failed], return_when=asyncio.FIRST_COMPLETED)
        connecting.cancel()
        yield done.pop().result()


async def session_exists(options: SessionOptions) -> bool:
    """Whether the broker keeps a session under the client id; if it did not, it does not afterwards either.

    Raises:
        LinkError: the broker is away, or refuses.
        TimeoutError: it does not answer.
    """
    async with _single_connection(options) as session:
        present = session.session_present
    if not present:
        await end_session(options)
    return present


async def end_session(options: SessionOptions) -> None:
    """Make the broker forget the session and all that it holds for it.

    Raises:
        LinkError: the broker is away, or refuses.
        TimeoutError: it does not answer.
    """
    async with _single_connection(replace(options, clean_start=True, session_expiry_s=0)):
        pass
