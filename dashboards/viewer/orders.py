"""What the viewer tells devices: whom it lets, what it sends, and what has become of it."""

import asyncio
import hmac
import secrets
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from dashboards.errors import SendError
from park.catalogue import Action
from park.command import Answer, Request, State, values_of
from park.event import Value
from park.topics import DeviceTopic

#: Orders under way at a time, over all browsers; and devices of which the last one is remembered.
MOST_OPEN, MOST_KEPT = 32, 512
_SPARE_MS = 30_000


class Send(Protocol):
    """Hands a request to a device and stays with it until its end, or until nobody can answer any more."""

    async def __call__(
        self,
        where: DeviceTopic,
        request: Request,
        /,
        *,
        on_answer: Callable[[Answer], None],
        on_away: Callable[[str], None],
    ) -> None:
        """Send it, and repeat it under its one id.

        Args:
            where: the device.
            request: what it is told.
            on_answer: called with each new state.
            on_away: called with the reason when the way to the device is lost for a while.

        Raises:
            SendError: it cannot be sent.
        """


@dataclass(frozen=True, kw_only=True)
class Commanding:
    """Leave to command devices, for those whose address has the token.

    Attributes:
        token: a random one; it must not be logged.
        send: the way to the devices.
    """

    token: str = field(repr=False)
    send: Send

    def lets(self, given: str | None) -> bool:
        """Whether somebody with this token may command; the time it takes tells nothing of the right one."""
        return given is not None and hmac.compare_digest(given.encode(), self.token.encode())


@dataclass(kw_only=True)
class Order:
    """One command, and what is known of it.

    Attributes:
        answers: as they came, each state once.
        trouble: why the device cannot be reached just now, or at all; empty if it can.
        over: whether nothing more will come.
    """

    where: DeviceTopic
    action: Action
    request: Request
    answers: list[Answer] = field(default_factory=list)
    trouble: str = ""
    over: bool = False

    @property
    def last(self) -> Answer | None:
        """The device's last word; None before the first."""
        return self.answers[-1] if self.answers else None

    @property
    def ended_badly(self) -> bool:
        """Whether it is over, and was not done as far as is known."""
        return self.over and (self.last is None or self.last.state is not State.SUCCEEDED)


class Watcher(Protocol):
    """What shows orders."""

    def news(self, one: Order) -> None:
        """There is news of an order."""


def order(where: DeviceTopic, action: Action, args: Mapping[str, Value]) -> Order:
    """An order of now, under an id of its own.

    Raises:
        CommandRefused: bad-argument.
    """
    takes_ms = action.takes_ms(values_of(action, args))
    now_ms = int(time.time() * 1000)
    request = Request(
        id=secrets.token_hex(8), action=action.name, issued=now_ms, expires=now_ms + takes_ms + _SPARE_MS, args=args
    )
    return Order(where=where, action=action, request=request)


class Orders:
    """The orders of all browsers: those under way, and the last one of each device.

    Args:
        send: the way to the devices.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._open: set[asyncio.Task[None]] = set()
        self._last: dict[str, Order] = {}
        self._measured: dict[str, Answer] = {}
        self._watchers = weakref.WeakSet[Watcher]()

    def give(self, one: Order) -> None:
        """Send an order; who watches is told of all that becomes of it.

        Raises:
            SendError: too many are under way.
        """
        if len(self._open) >= MOST_OPEN:
            raise SendError(f"{MOST_OPEN} commands are under way; wait until one of them has ended")
        self._last.pop(one.where.device, None)
        self._last[one.where.device] = one
        if len(self._last) > MOST_KEPT:
            oldest = next(iter(self._last))
            del self._last[oldest]
            self._measured.pop(oldest, None)
        task = asyncio.create_task(self._follow(one), name=f"command {one.request.id}")
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        self._tell(one)

    def last(self, device: str) -> Order | None:
        """The last order of a device, whoever gave it here."""
        return self._last.get(device)

    def measured(self, device: str) -> Answer | None:
        """The last answer of a device that says what it measured, whatever has been asked of it since."""
        return self._measured.get(device)

    def watch(self, watcher: Watcher) -> None:
        """Tell it of each order of which there is news, for as long as somebody else holds it."""
        self._watchers.add(watcher)

    async def _follow(self, one: Order) -> None:
        def answered(answer: Answer) -> None:
            one.answers.append(answer)
            one.trouble = ""
            if answer.measured:
                self._measured[one.where.device] = answer
            self._tell(one)

        def away(reason: str) -> None:
            one.trouble = f"The broker is away: {reason}"
            self._tell(one)

        try:
            await self._send(one.where, one.request, on_answer=answered, on_away=away)
        except SendError as error:
            one.trouble = str(error)
        finally:
            one.over = True
            self._tell(one)

    def _tell(self, one: Order) -> None:
        for watcher in tuple(self._watchers):
            watcher.news(one)
