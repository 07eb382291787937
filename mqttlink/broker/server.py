"""An embedded MQTT 5 broker for this host: demonstrations and fast tests, not production.

QoS 0 and 1, wildcards, shared subscriptions, retained messages, wills, sessions that outlive connections
and flow control both ways. Everything is in memory and ends with the process.
"""

import asyncio
import ipaddress
import logging
from collections.abc import Iterable
from types import TracebackType
from typing import Self

import mqtt5

from mqttlink.accounts import Account
from mqttlink.broker.exchange import Exchange, Limits
from mqttlink.broker.peer import Peer
from mqttlink.broker.sessions import Stats
from mqttlink.errors import CannotListen, NotLoopback

log = logging.getLogger(__name__)

_STOP_TIMEOUT_S = 2.0


class Broker:
    """`async with Broker() as broker:` serves MQTT on `broker.port` of this host.

    Args:
        port: 0 takes any free one.
        host: a loopback address; anything else is refused.
        accounts: who may connect and do what; None lets every local client do anything.
        limits: bounds of memory.
        sys_interval_s: how often `$SYS/broker/...` is published; 0 switches it off.

    Raises:
        NotLoopback: the host is not this machine alone.
        CannotListen: the port is taken or not allowed.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        accounts: Iterable[Account] | None = None,
        limits: Limits | None = None,
        sys_interval_s: float = 10.0,
    ) -> None:
        _require_loopback(host)
        self.host = host
        self.port = port
        self._accounts = None if accounts is None else {account.username: account for account in accounts}
        self._limits = limits or Limits()
        self._sys_interval_s = sys_interval_s
        self._peers: set[Peer] = set()
        self._server: asyncio.Server | None = None
        self._exchange: Exchange | None = None
        self._sys_task: asyncio.Task[None] | None = None

    @property
    def stats(self) -> Stats:
        """Counters since the start."""
        return self._running().stats

    @property
    def connections(self) -> int:
        """Clients connected now."""
        return len(self._peers)

    async def __aenter__(self) -> Self:
        exchange = self._exchange = Exchange(self._limits)
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: Peer(exchange, self._peers, self._accounts), self.host, self.port
            )
        except OSError as error:
            raise CannotListen(f"cannot listen on {self.host} port {self.port}: {error}") from error
        self.port = self._server.sockets[0].getsockname()[1]
        if self._sys_interval_s > 0:
            self._sys_task = asyncio.create_task(self._publish_sys(), name="mqttlink broker $SYS")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        if self._sys_task is not None:
            self._sys_task.cancel()
        leaving = [peer.gone for peer in self._peers]
        for peer in list(self._peers):
            peer.dismiss(mqtt5.DisconnectReasonCode.SERVER_SHUTTING_DOWN)
        if leaving:
            await asyncio.wait(leaving, timeout=_STOP_TIMEOUT_S)
        for peer in list(self._peers):
            peer.drop()
        self._running().end_all()
        await self._server.wait_closed()

    def _running(self) -> Exchange:
        if self._exchange is None:
            raise RuntimeError("the broker has not been started; use `async with`")
        return self._exchange

    async def _publish_sys(self) -> None:
        """The topics that consumers of Mosquitto watch, under the same names."""
        warned = False
        while True:
            stats = self.stats
            figures = {
                "clients/connected": len(self._peers),
                "messages/received": stats.received,
                "messages/sent": stats.sent,
                "publish/messages/received": stats.received,
                "publish/messages/sent": stats.sent,
                "publish/messages/dropped": stats.dropped,
                "retained messages/count": len(self._running().retained),
            }
            for name, figure in figures.items():
                topic, payload = f"$SYS/broker/{name}", str(figure).encode()
                self._running().publish(mqtt5.PublishPacket(topic, payload, retain=True), None, None)
            if stats.dropped and not warned:
                warned = True
                log.warning("messages were dropped; see $SYS/broker/publish/messages/dropped")
            await asyncio.sleep(self._sys_interval_s)


def _require_loopback(host: str) -> None:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise NotLoopback(
            f"the embedded broker listens on this host only, not on {host!r}; "
            "use 127.0.0.1, or run a real broker such as Mosquitto"
        )
