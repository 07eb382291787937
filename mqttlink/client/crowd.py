"""Many light sessions in one process, that publish at QoS 1 and subscribe to nothing: thousands of devices.

A link wakes for each of its connections; a crowd wakes for all of them together. One selector watches every socket,
one heap says who connects when, and one pass a second over an array finds who must ping and who is dead. So a
connection costs its socket and some hundred bytes, and a message a write and a read.
"""

import asyncio
import heapq
import socket
import ssl
import time
from array import array
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import mqtt5
import numpy as np

from mqttlink.client.light import Light, Place, Stage, granted
from mqttlink.client.opening import explained
from mqttlink.client.options import LinkOptions, Session
from mqttlink.client.sockets import SocketHandlers, Sockets
from mqttlink.errors import BrokerUnreachable, ConnectionLost, HungUp, LinkError, SessionTakenOver, Unanswered

#: As many may be on their way in at once: a broker's queue of connections to accept is as short as that.
_AT_ONCE = 96
_LOOK_EVERY_S = 1.0
_RESOLVE_AGAIN_S = 10.0
_DEAD_AFTER = 1.5  # keep-alive intervals
_PING = mqtt5.PingReqPacket().write()
_GOODBYE = mqtt5.DisconnectPacket().write()


@dataclass(frozen=True, kw_only=True)
class CrowdHandlers:
    """Where a crowd hands on what happens to it.

    Attributes:
        acks: whose messages were answered, their packet ids and reason codes, one each, in order of arrival.
        greeted: a connection is up.
        lost: a connection that was up has ended, or an attempt has failed (False); it is tried again. Its answers
            have come before.
    """

    acks: "Callable[[array[int], array[int], bytearray], None]"
    greeted: Callable[[int, Session], None]
    lost: Callable[[int, LinkError, bool], None]


class Crowd:
    """Some sessions, each held through every fault until its owner ends it.

    Its owner calls `step` many times a second.

    Args:
        count: how many.
        login: how each of them connects; all to one address.
        handlers: what happens.

    Attributes:
        up: (count,) whether a connection is up, and its socket takes more.
    """

    def __init__(self, count: int, login: Callable[[int], LinkOptions], handlers: CrowdHandlers) -> None:
        first = login(0)
        self.up = np.zeros(count, dtype=np.bool_)
        self._login, self._handlers = login, handlers
        self._address, self._backoff, self._limit_s = first.address, first.backoff, first.connect_timeout_s
        self._lights: list[Light | None] = [None] * count
        # Python's own arrays: one element of theirs is set in half the time.
        self._heard_s, self._wrote_s = array("d", bytes(8 * count)), array("d", bytes(8 * count))
        self._due: list[tuple[float, int]] = []
        self._opening: dict[int, Light] = {}
        self._places: list[Place] = []
        self._resolved_s = -_RESOLVE_AGAIN_S
        self._resolving: asyncio.Task[None] | None = None
        self._looked_s = self._stepped_s = time.monotonic()
        self._keep_alive_s = 0.0
        self._fatal: Exception | None = None
        self._doubtful: LinkError | None = None
        self._ever_up = self._closed = False
        self._leaving, self._all_left = 0, asyncio.Event()
        context = (first.ssl or ssl.create_default_context()) if first.address.tls else None
        told = SocketHandlers(
            acks=handlers.acks,
            opened=self._introduce,
            answered=self._greet,
            free=self._free,
            failed=self._lose,
            looked=self._open_due,
        )
        self._sockets = Sockets(first.address, context, self._heard_s, told)
        self._sockets.listen()

    def join(self, index: int, after_s: float = 0.0) -> None:
        """Let one connect, after a while."""
        heapq.heappush(self._due, (time.monotonic() + after_s, index))

    def hurry(self) -> None:
        """Let all that wait for their time connect now."""
        now_s = time.monotonic()
        self._due = sorted((now_s, index) for _, index in self._due)

    async def step(self) -> None:
        """What is due by now: connections, pings, and the end of those that say nothing.

        Raises:
            LinkError: one that was never up can never be, for a reason that is `final`.
            Exception: `login` failed.
        """
        now_s = time.monotonic()
        if self._doubtful is not None:
            found, self._doubtful = await explained(self._doubtful, self._address), None
            self._fatal = found if found.final and not self._ever_up else self._fatal
        if self._fatal is not None:
            raise self._fatal
        if self._due and self._due[0][0] <= now_s:
            self._resolve(now_s)
            self._open_due(now_s)
        if now_s - self._stepped_s > _LOOK_EVERY_S:  # a process that was itself stopped has heard nobody
            self._forgive(now_s - self._stepped_s)
        self._stepped_s = now_s
        if now_s - self._looked_s >= _LOOK_EVERY_S:
            self._looked_s = now_s
            self._look(now_s)

    def send(self, index: int, data: bytes | memoryview) -> None:
        """Write whole packets on a connection that is `up`; nothing if it has just been lost."""
        light = self._lights[index]
        if light is not None and light.stage is Stage.UP:
            self._wrote_s[index] = time.monotonic()
            if not self._sockets.write(light, data):
                self.up[index] = False

    def drop(self, index: int, error: LinkError | None = None) -> None:
        """End a connection without a goodbye, and make another: the broker publishes the will."""
        light = self._lights[index]
        if light is not None and light.stage is Stage.UP:
            self._lose(light, error or ConnectionLost("the connection was dropped by its owner"))

    async def leave(self, last_words: Callable[[int], bytes], timeout_s: float) -> None:
        """Say goodbye on every connection that is up, wait until the broker has closed them, and end."""
        self._due.clear()
        leaving = [light for light in self._open_ones() if light.stage is Stage.UP]
        for light in self._open_ones():
            if light.stage is not Stage.UP:
                self._forget(light)
        for light in leaving:  # all are counted before the first can be lost
            light.stage = Stage.LEAVING
        self._leaving = len(leaving)
        for light in leaving:
            self._sockets.write(light, last_words(light.index) + _GOODBYE)
        if not self._leaving:
            self._all_left.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._all_left.wait()
        self.close()

    def close(self) -> None:
        """End at once, as a crash does: the broker publishes the wills."""
        if self._closed:
            return
        self._closed = True
        self._due.clear()
        if self._resolving is not None:
            self._resolving.cancel()
        for light in self._open_ones():
            self._forget(light)
        self._sockets.close()

    # --- what the sockets tell

    def _introduce(self, light: Light) -> bytes:
        try:
            return self._login(light.index).greeting()
        except Exception as error:  # noqa: BLE001 - its owner's, who is told at the next step
            self._fatal = error
            return b""

    def _greet(self, light: Light, first: mqtt5.Packet) -> None:
        session = granted(first, self._login(light.index), light.connections + 1)
        light.stage, light.began_s = Stage.UP, time.monotonic()
        light.connections += 1
        self._opening.pop(light.index, None)
        self._keep_alive_s, self._ever_up = session.keep_alive_s, True
        self._heard_s[light.index] = self._wrote_s[light.index] = light.began_s
        self.up[light.index] = True
        self._handlers.greeted(light.index, session)

    def _free(self, light: Light) -> None:
        self.up[light.index] = light.stage is Stage.UP

    def _lose(self, light: Light, error: LinkError) -> None:
        stage, now_s = light.stage, time.monotonic()
        self._forget(light)
        if stage is Stage.LEAVING:
            self._leaving -= 1
            if not self._leaving:
                self._all_left.set()
            return
        if error.final and not light.connections:
            self._fatal = error
            return
        if stage is Stage.OPENING and light.attempt % len(self._places) + 1 < len(self._places):
            light.attempt += 1  # the host has another address
            self.join(light.index)
            return
        if not self._ever_up and isinstance(error, (HungUp, Unanswered)):
            self._doubtful = error
        held = stage is Stage.UP and now_s - light.began_s > self._backoff.max_s
        light.attempt = 0 if held else light.attempt + 1
        if isinstance(error, SessionTakenOver):
            light.attempt = max(light.attempt, 32)
        self.join(light.index, self._backoff.delay(light.attempt))
        self._handlers.lost(light.index, error, stage is Stage.UP)

    def _forget(self, light: Light) -> None:
        self._opening.pop(light.index, None)
        self.up[light.index] = False
        self._sockets.forget(light)

    # --- what time tells

    def _open_due(self, now_s: float) -> None:
        while self._due and self._due[0][0] <= now_s and len(self._opening) < _AT_ONCE and self._places:
            _, index = heapq.heappop(self._due)
            light = self._lights[index]
            if light is None:
                light = self._lights[index] = Light(index)
            if light.stage is not Stage.AWAY:  # it was asked to join twice
                continue
            self._opening[index] = light
            self._sockets.open(light, self._places[light.attempt % len(self._places)], now_s)

    def _look(self, now_s: float) -> None:
        for light in [one for one in self._opening.values() if now_s - one.began_s > self._limit_s]:
            self._lose(light, Unanswered(f"{self._address} did not answer within {self._limit_s:g} s"))
        if not self._keep_alive_s:
            return
        heard_s = np.frombuffer(self._heard_s)
        silent_s, idle_s = now_s - heard_s, now_s - np.frombuffer(self._wrote_s)
        quiet = (np.maximum(silent_s, idle_s) > self._keep_alive_s / 2) & (heard_s > 0)
        for index in np.flatnonzero(quiet).tolist():
            one = self._lights[index]
            if one is None or one.stage is not Stage.UP:
                continue
            if silent_s[index] > _DEAD_AFTER * self._keep_alive_s:
                self._lose(one, ConnectionLost(f"{self._address} was silent for {silent_s[index]:.0f} s"))
            else:
                self.send(index, _PING)

    def _forgive(self, seconds: float) -> None:
        heard_s = np.frombuffer(self._heard_s)
        heard_s[heard_s > 0] += seconds

    def _resolve(self, now_s: float) -> None:
        """Look the address up, again only if it does not serve."""
        failing = not self._places or not self.up.any()
        if failing and self._resolving is None and now_s - self._resolved_s >= _RESOLVE_AGAIN_S:
            self._resolved_s = now_s
            self._resolving = asyncio.create_task(self._look_up(), name=f"look up {self._address.host}")

    async def _look_up(self) -> None:
        loop, address = asyncio.get_running_loop(), self._address
        try:
            found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        except OSError as error:
            self._handlers.lost(self._due[0][1] if self._due else 0, _unknown(address.host, error), False)  # noqa: FBT003
        else:
            self._places = [(family, where) for family, _, _, _, where in found]
            self._open_due(time.monotonic())
        self._resolving = None

    def _open_ones(self) -> list[Light]:
        return [light for light in self._lights if light is not None and light.sock is not None]


def _unknown(host: str, error: OSError) -> BrokerUnreachable:
    return BrokerUnreachable(f"the broker's host {host} cannot be found: {error}")
