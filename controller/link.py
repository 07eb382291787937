"""The broker, through aiomqtt: the only file that knows the library."""

import asyncio
import contextlib
import logging
import math
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import aiomqtt
import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from controller.errors import BrokerRefused
from controller.inbox import Letter

log = structlog.get_logger()

_KEEP_ALIVE_S, _TIMEOUT_S = 15, 10.0
_FIRST_PAUSE_S, _MOST_PAUSE_S = 0.5, 8.0
#: Reason codes of MQTT 5 after which trying again is of no use: who we are, or what we ask for, is wrong.
_FOR_GOOD = frozenset({0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C})
#: A session that another one took over is not fought for: two under one name would end each other for ever.
_TAKEN_OVER = 0x8E
# aiomqtt tells of much that is an error of nobody's; what matters is said here.
_quiet = logging.getLogger("controller.aiomqtt")
_quiet.addHandler(logging.NullHandler())
_quiet.propagate = False


@dataclass(frozen=True, kw_only=True)
class LinkOptions:
    """Where the broker is, and as whom to connect.

    Attributes:
        client_id: where the broker has accounts, the account's name.
        context: for TLS; None without.
    """

    host: str
    port: int
    client_id: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    context: ssl.SSLContext | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Link:
    """A session that is made anew whenever it ends; what came while it was away is not missed, for readings go on.

    Args:
        options: whereto.
        filters: what is listened to.
        on_letter: called with each message.

    Attributes:
        connected: set while there is a session with all its filters.
        connections: how often there was one.
        heard_from_ms: since when, Unix milliseconds, all is heard, with what was kept for a later start.
    """

    def __init__(self, options: LinkOptions, filters: Sequence[str], on_letter: Callable[[Letter], None]) -> None:
        self._options, self._filters, self._on_letter = options, filters, on_letter
        self._client: aiomqtt.Client | None = None
        self.connected = asyncio.Event()
        self.connections = 0
        self.heard_from_ms: float = math.inf

    async def run(self) -> None:
        """Hold a session until this is cancelled.

        Raises:
            BrokerRefused: for good.
        """
        pause_s = _FIRST_PAUSE_S
        while True:
            before = self.connections
            try:
                await self._session()
            except aiomqtt.MqttError as error:
                pause_s = _FIRST_PAUSE_S if self.connections > before else min(_MOST_PAUSE_S, 2 * pause_s)
                if _code(error) == _TAKEN_OVER:
                    pause_s = _MOST_PAUSE_S
                log.warning("the broker is away", broker=str(self._options), reason=str(error), again_s=pause_s)
            await asyncio.sleep(pause_s)

    async def _session(self) -> None:
        try:
            async with self._new_client() as client:
                await self._subscribe(client)
                self._client = client
                self.connections += 1
                self.heard_from_ms = time.time() * 1000
                log.info("connected", broker=str(self._options), client_id=self._options.client_id)
                self.connected.set()
                async for message in client.messages:
                    self._on_letter(_letter(message))
        except aiomqtt.MqttCodeError as error:
            if _code(error) in _FOR_GOOD:
                raise BrokerRefused(f"{self._options} refuses {self._options.client_id}: {error}") from None
            raise
        finally:
            self._client = None
            self.heard_from_ms = math.inf
            self.connected.clear()

    def _new_client(self) -> aiomqtt.Client:
        options = self._options
        client = aiomqtt.Client(
            options.host,
            options.port,
            username=options.username,
            password=options.password,
            identifier=options.client_id,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=True,
            tls_context=options.context,
            keepalive=_KEEP_ALIVE_S,
            timeout=_TIMEOUT_S,
            logger=_quiet,
        )
        client.pending_calls_threshold = 1_000_000
        return client

    async def _subscribe(self, client: aiomqtt.Client) -> None:
        for wanted in self._filters:
            for code in await client.subscribe(wanted, qos=1):
                if getattr(code, "is_failure", False):
                    raise BrokerRefused(f"{self._options} refuses the subscription to {wanted}: {code}")

    async def publish(
        self, topic: str, payload: bytes, *, reply_to: str = "", correlation: bytes = b"", retain: bool = False
    ) -> bool:
        """Publish at QoS 1; whether the broker has it."""
        client = self._client
        if client is None:
            return False
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if reply_to:
            properties.ResponseTopic = reply_to
            properties.CorrelationData = correlation
        with contextlib.suppress(aiomqtt.MqttError):
            await client.publish(topic, payload, qos=1, retain=retain, properties=properties)
            return True
        return False


def _letter(message: aiomqtt.Message) -> Letter:
    payload = message.payload
    return Letter(
        topic=str(message.topic),
        payload=payload if isinstance(payload, bytes) else b"",
        content_type=getattr(message.properties, "ContentType", None),
        retained=bool(message.retain),
    )


def _code(error: aiomqtt.MqttError) -> int | None:
    code = getattr(error, "rc", None)
    value = getattr(code, "value", code)
    return value if isinstance(value, int) else None
