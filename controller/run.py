"""The controller at work: hears, decides at every tick, keeps what it decided, and orders it."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import structlog

from controller.engine import conclude, decide
from controller.inbox import AHEAD_MS, Inbox, Letter
from controller.journal import Journal, kept
from controller.link import Link, LinkOptions
from controller.rules import Program
from controller.state import Ended, Handed, News, Order, State
from controller.waiting import Waiting
from park.command import Request, encode_request
from park.topics import command_topic, control_topic, reply_topic

log = structlog.get_logger()

#: How long orders may wait for their first answer when all is to end.
_DRAIN_S = 5.0
_TOLD_EVERY_S = 60.0
_AT_ONCE = 100


@dataclass(frozen=True, kw_only=True)
class ControlOptions:
    """What a controller is.

    Attributes:
        actor: as whom it commands.
        folder: where it keeps what it decided; None nowhere.
        dry: nothing is sent; every order passes for obeyed.
    """

    program: Program
    broker: LinkOptions
    actor: str
    folder: Path | None = None
    dry: bool = False


@dataclass(frozen=True, kw_only=True)
class ControlSummary:
    """What a controller has done.

    Attributes:
        ticks: decided for.
        letters: what it has received, by what it was.
        orders, sent: decisions, and how often they were published.
        ended: orders by their end; `unanswered` is one that nobody told.
        open: orders still without one.
        connections: to the broker.
    """

    ticks: int = 0
    letters: dict[str, int] = field(default_factory=dict)
    orders: int = 0
    sent: int = 0
    ended: dict[str, int] = field(default_factory=dict)
    open: int = 0
    connections: int = 0


@contextlib.contextmanager
def controlling(
    options: ControlOptions,
    *,
    on_order: Callable[[Order], None] = lambda _order: None,
    on_ended: Callable[[Ended], None] = lambda _ended: None,
) -> Iterator["Controller"]:
    """A controller; within the block nobody else uses its folder.

    What was decided is read only when the folder is held: whoever held it before may have decided until then.

    Args:
        options: what it is.
        on_order: called with every order as it is decided.
        on_ended: called with every end as it is known.

    Raises:
        FolderHeld: another controller uses the folder.
        JournalError: what was decided before cannot be read.
    """
    journal = Journal(options.folder)
    with journal.held():
        yield Controller(options, journal, on_order, on_ended)


class Controller:
    """One controller, as `controlling` makes it."""

    def __init__(
        self,
        options: ControlOptions,
        journal: Journal,
        on_order: Callable[[Order], None],
        on_ended: Callable[[Ended], None],
    ) -> None:
        self._options, self._on_order, self._on_ended = options, on_order, on_ended
        self._journal = journal
        self._state: State = journal.load(options.program)
        self._waiting = Waiting(self._state.open.values())
        self._inbox = Inbox(options.program, options.actor, self._waiting)
        self._link = Link(options.broker, self._inbox.filters, self._heard)
        self._wake = asyncio.Event()
        self._ticks = self._orders = self._sent = 0
        self._ended: Counter[str] = Counter()
        self._handed: set[str] = set()
        self._behind = False

    @property
    def summary(self) -> ControlSummary:
        """What it has done so far."""
        return ControlSummary(
            ticks=self._ticks,
            letters=dict(sorted(self._inbox.counts.items())),
            orders=self._orders,
            sent=self._sent,
            ended=dict(sorted(self._ended.items())),
            open=len(self._waiting),
            connections=self._link.connections,
        )

    async def run(self, stop: asyncio.Event) -> ControlSummary:
        """Work until `stop` is set; then take what answers still come.

        Raises:
            BrokerRefused: the broker refuses for good.
            JournalError: what was decided could not be kept.
        """
        tasks = [
            asyncio.create_task(work, name=name)
            for name, work in (
                ("link", self._link.run()),
                ("send", self._send()),
                ("tell", self._tell()),
                ("decide", self._decide(stop)),
            )
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
            await self._drain()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return self.summary

    def _heard(self, letter: Letter) -> None:
        self._inbox.take(letter, _now_ms())
        self._wake.set()

    async def _decide(self, stop: asyncio.Event) -> None:
        program = self._options.program
        while not stop.is_set():
            tick = (_now_ms() - program.lag_ms) // program.tick_ms * program.tick_ms
            self._watch_clock(tick)
            if tick > self._state.tick and tick >= self._link.heard_from_ms:
                await self._decide_for(tick)
            pause_ms = tick + program.tick_ms + program.lag_ms - _now_ms()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.02, pause_ms / 1000)):
                    await stop.wait()

    def _watch_clock(self, tick: int) -> None:
        """Nothing is decided for a time that was decided for before: say so where that is long."""
        behind = self._state.tick - tick > AHEAD_MS
        if behind and not self._behind:
            log.warning("the clock stands before what was decided last; until then nothing is", until=self._state.tick)
        elif self._behind and not behind:
            log.info("the clock has come up with what was decided")
        self._behind = behind

    async def _decide_for(self, tick: int) -> None:
        before, news = self._state, self._inbox.news(tick)
        self._settle(news)
        self._state, orders = decide(self._options.program, before, news, tick)
        self._ticks += 1
        self._orders += len(orders)
        await self._keep(before)
        for order in orders:
            self._on_order(order)
            if self._options.dry:
                self._inbox.end(Ended(id=order.id, state="succeeded"))
        if not self._options.dry:
            self._waiting.keep(self._state.open.values())
            self._wake.set()

    def _settle(self, news: News) -> None:
        for ended in news.ended:
            self._ended[ended.state] += 1
            self._on_ended(ended)

    async def _keep(self, before: State) -> None:
        """On disk before anything is ordered, so that after a crash the same is asked for."""
        after = kept(self._state)
        old = kept(before)
        if (after.claims, after.open, after.latches, after.acting) != (old.claims, old.open, old.latches, old.acting):
            await asyncio.to_thread(self._journal.save, self._state)

    async def _send(self) -> None:
        while True:
            await self._link.connected.wait()
            now_ms = _now_ms()
            for ended in self._waiting.given_up(now_ms):
                self._inbox.end(ended)
            due = self._waiting.due(now_ms)
            for first in range(0, len(due), _AT_ONCE):
                await asyncio.gather(*map(self._publish, due[first : first + _AT_ONCE]))
            self._wake.clear()
            next_ms = self._waiting.next_ms()
            pause_s = None if next_ms is None else max(0.02, (next_ms - _now_ms()) / 1000)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._wake.wait()

    async def _publish(self, order: Order) -> None:
        request = Request(
            id=order.id,
            action=order.told.action,
            args=order.told.args,
            issued=order.tick,
            expires=order.expires,
        )
        if order.id not in self._handed and not await self._hand_over(order):
            return
        self._sent += await self._link.publish(
            command_topic(order.where, self._options.actor),
            encode_request(request),
            reply_to=reply_topic(self._options.actor, order.where.site),
            correlation=order.id.encode(),
        )

    async def _hand_over(self, order: Order) -> bool:
        """Before anything is asked of a device, whoever else controls knows of it; and sees it to its end."""
        claim = self._state.claims.get(order.where.device, {}).get(order.group)
        if claim is None or claim.id != order.id:
            return False  # replaced meanwhile
        handed = Handed(order=order, stand=claim.stand, release=claim.release)
        topic = control_topic(self._options.actor, order.where.kind, order.where.device, order.group)
        done = await self._link.publish(topic, msgspec.json.encode(handed), retain=True)
        if done:
            self._handed = {*(self._handed & self._state.open.keys()), order.id}
        return done

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(_TOLD_EVERY_S)
            told = self.summary
            log.info(
                "control", ticks=told.ticks, orders=told.orders, open=told.open, ended=told.ended, letters=told.letters
            )

    async def _drain(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_S):
                while self._waiting.unheard and self._link.connected.is_set():  # noqa: ASYNC110 - answers set no event
                    await asyncio.sleep(0.05)
        before, news = self._state, self._inbox.news(self._state.tick)
        self._settle(news)
        self._state = conclude(self._options.program, before, news)
        await self._keep(before)


def _now_ms() -> int:
    return int(time.time() * 1000)
