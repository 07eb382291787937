"""Devices that connect for themselves: the loop that publishes for all of them, open loop, losing nothing."""

import asyncio
import math
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import structlog

from mqttlink import LinkError, PacketTooLong, Session
from mqttlink.client.crowd import Crowd, CrowdHandlers
from park.model import Floats, Ints
from simulator.broker import GatewayOptions
from simulator.clock import Schedule
from simulator.connections.cursors import Cursors
from simulator.connections.flights import Flights, numbers
from simulator.connections.link import DeviceAccounts, Places, login_of, standing
from simulator.connections.made import Made, Maker, Numbering, properties_of
from simulator.connections.unrest import Drop
from simulator.dispatch import Encoder
from simulator.observed import Readings
from simulator.progress import Progress

log = structlog.get_logger()

TICK_S = 0.05
_MORE_S = 0.002
_GOODBYE_S = 5.0
#: A connection that ended without a word is noticed within one and a half keep-alives, and a moment.
_NOTICED_S = 100.0


class Devices:
    """Publishes the readings of a plan's devices, each on a connection of its own.

    Args:
        readings: of all.
        cohorts: of each `cursors.COHORT` in turn, which catch up together.
        schedule: when readings are due.
        broker: where to publish.
        accounts: as whom.
        joins_s: (D,) when each connects, in seconds since the launch.
        drops: which drop their connection, and when.
        on_live: called once, when the history is sent and the first live reading is due.
    """

    def __init__(
        self,
        readings: Readings,
        cohorts: Sequence[Readings],
        schedule: Schedule,
        *,
        broker: GatewayOptions,
        accounts: DeviceAccounts,
        joins_s: Floats,
        drops: Iterator[Drop],
        on_live: Callable[[], None],
    ) -> None:
        plan = readings.plan
        self._broker, self._joins_s, self._drops, self._on_live = broker, joins_s, drops, on_live
        self._places, self._properties = Places(plan), properties_of(broker.codec)
        self._next_drop = next(drops, None)
        self._flights = Flights(len(plan), broker.rewind_s, _NOTICED_S)
        numbering, encoder = Numbering(plan), Encoder(plan, broker.codec)
        whole, *parts = (Maker(one, numbering, encoder, schedule.begin_ms) for one in (readings, *cohorts))
        self._cursors = Cursors(
            whole, parts, schedule, flights=self._flights, joins_s=joins_s, drain_s=broker.drain_s, post=self._post
        )
        self._crowd = Crowd(
            len(plan),
            login_of(self._places, broker, accounts),
            CrowdHandlers(acks=self._on_acks, greeted=self._on_greeted, lost=self._on_lost),
        )
        self._acks: list[tuple[array[int], array[int], bytearray, float]] = []
        self._lost: list[int] = []
        self._greeted: list[tuple[int, Session]] = []
        self._max_bytes: int | None = None
        self._recent: deque[tuple[float, int]] = deque()
        self._answered_s, self._away_said = 0.0, ""
        self._is_live = self._refusal_said = self._staying_said = False
        self._ended = asyncio.Event()

    @property
    def progress(self) -> Progress:
        """What they have done so far."""
        return self._cursors.progress

    async def run(self) -> None:
        """Publish until the schedule ends and the broker has answered, and saved it, or had its time.

        Raises:
            LinkError: the broker refused a device's first connection for good.
        """
        now_s, launch_s = time.time(), self._cursors.schedule.launch_s
        for index, after_s in enumerate((launch_s + self._joins_s - now_s).clip(min=0.0).tolist()):
            self._crowd.join(index, after_s)
        try:
            await self._work()
            await self._crowd.leave(lambda index: standing(self._places(index), "stopped"), _GOODBYE_S)
        finally:
            self._crowd.close()

    def end(self, now_s: float) -> None:
        """End the schedule at `now_s`; what was due before is still sent, for a bounded time."""
        self._cursors.end(now_s)
        self._crowd.hurry()
        self._ended.set()

    async def _work(self) -> None:
        cursors = self._cursors
        while True:
            await self._crowd.step()
            now_s = time.time()
            self._settle(now_s)
            if self._is_done(now_s):
                break
            self._drop_due(now_s)
            more = cursors.turn(self._crowd.up, now_s)
            if not self._is_live and cursors.live:
                self._is_live = True
                self._on_live()
            await asyncio.sleep(_MORE_S if more else TICK_S)
        if not cursors.finished:
            log.error("gave up what the broker did not take in time", devices=len(self._joins_s))
        cursors.close()

    def _is_done(self, now_s: float) -> bool:
        cursors = self._cursors
        if not cursors.finished:
            return now_s >= cursors.gives_up_s
        safe_s = self._answered_s + self._broker.rewind_s
        if not self._broker.stays or now_s >= safe_s:
            return True
        if self._ended.is_set():
            if unsafe := self._unsafe(now_s):
                log.warning(
                    "left at once; if the broker dies now, it may lose what it has not saved yet", readings=unsafe
                )
            return True
        if not self._staying_said:
            self._staying_said = True
            log.info("finished; staying until the broker has saved it", for_s=round(safe_s - now_s, 1))
        return False

    # --- what the crowd tells, put aside until the next turn

    def _on_acks(self, who: "array[int]", ids: "array[int]", reasons: bytearray) -> None:
        self._acks.append((who, ids, reasons, time.time()))

    def _on_greeted(self, index: int, session: Session) -> None:
        self._greeted.append((index, session))

    def _on_lost(self, index: int, error: LinkError, was_up: bool) -> None:
        if was_up:
            self._lost.append(index)
        if not self._away_said and (error.final or not self._crowd.up.any()):
            self._away_said = str(error)
            log.warning("the broker is away; trying again", device=self._places(index).device, reason=str(error))

    def _settle(self, now_s: float) -> None:
        """What the crowd told: answers first, then who was lost, then who is there."""
        if self._acks:
            self._count()
        if self._lost:
            lost, self._lost = self._lost, []
            done = self._cursors.finished
            self._flights.lost(np.unique(lost))
            if done:  # else a broker that throws devices out again and again would keep them for ever
                self._cursors.go_on(now_s)
        if self._greeted:
            greeted, self._greeted = self._greeted, []
            for index, session in greeted:
                self._greet(index, session)
        self._flights.remember(time.monotonic())

    def _greet(self, index: int, session: Session) -> None:
        self._flights.connected(index, session.receive_max)
        self._max_bytes = session.max_packet_size
        if session.generation > 1:
            self.progress.reconnects += 1
        self._crowd.send(index, standing(self._places(index), "online"))
        if self._away_said:
            log.info("connected again", device=self._places(index).device)
            self._away_said = ""

    def _count(self) -> None:
        acks, self._acks = self._acks, []
        who = np.concatenate([numbers(one) for one, _, _, _ in acks])
        ids = np.concatenate([numbers(one) for _, one, _, _ in acks])
        reasons = np.concatenate([numbers(one) for _, _, one, _ in acks])
        at_s = np.repeat([at for _, _, _, at in acks], [len(one) for one, _, _, _ in acks])
        answers, wrong = self._flights.answer(who, ids, reasons == 0, at_s)
        for index in wrong:
            self._crowd.drop(index)
        self._answered_s = float(at_s[-1])
        self._cursors.answered(answers, self._answered_s)
        self._recent.append((self._answered_s, int(np.count_nonzero(answers.reading & answers.taken))))
        self._unsafe(self._answered_s)
        if not self._refusal_said and reasons.any():
            self._refusal_said = True
            row = int(np.flatnonzero(reasons)[0])
            log.warning(
                "the broker did not take a message",
                device=self._places(int(who[row])).device,
                reason=f"0x{int(reasons[row]):02x}",
            )

    def _unsafe(self, now_s: float) -> int:
        """How many readings the broker has acknowledged and may not have saved."""
        while self._recent and self._recent[0][0] < now_s - self._broker.rewind_s:
            self._recent.popleft()
        return sum(count for _, count in self._recent)

    # --- what the crowd is told

    def _post(self, made: Made, rows: Ints, ids: Ints) -> None:
        try:
            for index, data in made.packets(rows, ids, self._properties, self._max_bytes):
                self._crowd.send(index, data)
        except PacketTooLong:
            if not self.progress.acknowledged:
                raise
            for index in np.unique(made.who[rows]).tolist():  # somebody is at work on the broker
                self._crowd.drop(index)

    def _drop_due(self, now_s: float) -> None:
        schedule = self._cursors.schedule
        launch_s, over_s = schedule.launch_s, schedule.end_s or math.inf
        if self._ended.is_set() or now_s >= over_s:  # or it would never be saved what some of them send again
            return
        while self._next_drop is not None and launch_s + self._next_drop.at_s <= now_s:
            index = self._next_drop.index
            for one in range(len(self._joins_s)) if index is None else (index,):
                self._crowd.drop(one)
            self._next_drop = next(self._drops, None)
