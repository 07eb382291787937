"""A run: the load, faults one after another, recovery, and the proof."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from ingest.stores import Store
from park_cli.certify import ready
from park_cli.certify.book import Book, Lateness, Piece, pieces, settled
from park_cli.certify.ledger import Injected
from park_cli.certify.pipeline import Pipeline
from park_cli.certify.schedule import Planned
from park_cli.publishers import kill_publishers, once_sent
from park_cli.signals import on_abort
from simulator.ledger import Findings
from simulator.observed import readings_of
from simulator.options import SimulateOptions
from simulator.processes import simulate_in_processes
from simulator.simulate import Simulated

#: How long the proof waits, at most, for who has asked for the end.
_IMPATIENT_S = 10.0
_WARM_MS = 1000


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was done, and what the store held of each piece of time at the end."""

    done: Simulated
    faults: Sequence[Injected]
    found: Sequence[tuple[Piece, Findings]]
    late: Lateness
    interrupted: bool


@dataclass(kw_only=True, eq=False)
class Run:
    """A run.

    Attributes:
        pipeline: is running.
        store: where its readings are looked for.
        load: what is published.
        plan: the faults.
        stop: ends it early.
        tell: called with each fault when it is over.
    """

    pipeline: Pipeline
    store: Store
    load: SimulateOptions
    plan: Sequence[Planned]
    stop: asyncio.Event
    tell: Callable[[Injected], None]
    injected: list[Injected] = field(default_factory=list)
    _moments: list[int] = field(default_factory=list)

    async def outcome(self) -> Outcome:
        """Do it, to the proof.

        Raises:
            LinkError: the broker refused the load.
            PartError: a part could not be told what to do.
            StoreError: the store does not let itself be read, at the beginning or at the end.
        """
        book = Book(readings=readings_of(self.load.selection), store=self.store)
        table = self.pipeline.spec.load
        lateness = Lateness(book=book, limit_s=table.late, cuts=lambda: self._moments)
        async with self._loaded(book) as (simulation, ended):
            watching = asyncio.create_task(lateness.watch(_now_ms()), name="lateness")
            try:
                await self._inject(simulation)
                ended.set()
                done = await simulation
                lateness.until_ms = done.until_ms
                await self._or_stopped(watching, table.late + table.wait)
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
        windows = pieces(done.begin_ms, done.until_ms, self._moments)
        wait_s = min(table.wait, _IMPATIENT_S) if self.stop.is_set() else table.wait
        found = await asyncio.to_thread(lambda: list(settled(book, windows, wait_s)))
        return Outcome(
            done=done,
            faults=tuple(self.injected),
            found=list(zip(windows, found, strict=True)),
            late=lateness,
            interrupted=len(self.injected) < len(self.plan),
        )

    @contextlib.asynccontextmanager
    async def _loaded(self, book: Book) -> AsyncIterator[tuple["asyncio.Task[Simulated]", asyncio.Event]]:
        """The load, from its first message on; who recomputes it makes the models ready meanwhile, as it does.

        Raises:
            StoreError: the store does not let itself be read; better now than after all faults.
        """
        sent, ended = asyncio.Event(), asyncio.Event()
        work = simulate_in_processes(self.load, ended, on_progress=once_sent(sent))
        simulation = asyncio.create_task(work, name="simulation")
        begun = [asyncio.create_task(event.wait()) for event in (sent, self.stop)]
        try:
            with on_abort(kill_publishers):
                now_ms = _now_ms()
                await asyncio.gather(
                    asyncio.wait([simulation, *begun], return_when=asyncio.FIRST_COMPLETED),
                    asyncio.to_thread(book.look, (now_ms, now_ms + _WARM_MS)),
                )
                yield simulation, ended
        finally:
            ended.set()
            for task in begun:
                task.cancel()
            await asyncio.gather(simulation, *begun, return_exceptions=True)

    async def _inject(self, simulation: "asyncio.Task[Simulated]") -> None:
        """One fault after the other, while the load runs; then a rest, as before one."""
        schedule = self.pipeline.spec.schedule
        await self._pass(schedule.settle)
        for planned in self.plan:
            await self._pass(planned.rest_s)
            if self.stop.is_set() or simulation.done():
                return
            self.injected.append(await self._undergo(planned))
            self.tell(self.injected[-1])
        await self._pass(schedule.rest[1])

    async def _undergo(self, planned: Planned) -> Injected:
        begin_ms = _now_ms()
        self._moments.append(begin_ms)
        async with self.pipeline.fault(planned.part, planned.fault):
            await self._pass(planned.lasting_s)
            end_ms = _now_ms()
        part, back = self.pipeline.parts.get(planned.part), True
        if part is not None:
            back = await ready.within(self.pipeline.spec.schedule.recovery, part.is_ready)
        ready_ms = _now_ms()
        self._moments.append(ready_ms)
        return Injected(planned=planned, begin_ms=begin_ms, end_ms=end_ms, ready_ms=ready_ms, back=back)

    async def _pass(self, seconds: float) -> None:
        """Let time pass, less if the end is asked for."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.stop.wait()

    async def _or_stopped(self, task: "asyncio.Task[None]", seconds: float) -> None:
        """Wait for it; not for ever, for a store that does not come back would be asked without end."""
        stopped = asyncio.create_task(self.stop.wait())
        await asyncio.wait([task, stopped], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if task.done():
            task.result()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
