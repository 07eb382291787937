"""An incident in a demo: a process of its own replays it, into the demo's broker, while the demo's own store serves.

Where the incident takes the store away, a file in the demo's folder says so: while it is there, the ingester's writes
are refused, as by a server that is being restarted.
"""

import asyncio
import contextlib
import json
import shlex
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.errors import Retryable
from ingest.stores.base import Chunk, Measurement, Render, Row, Series, Store
from park_cli.output import errors
from park_cli.signals import on_abort
from simulator.incidents.scenes import SCENES, Outage

_PROGRAM = "from park_cli.main import main; main()"
#: It ends its gateways, and writes down what it was.
_ENDS_S = 30.0
#: What tells a line about how far it is.
_PROGRESS = "elapsed_s"


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """An incident that a demo replays once its readings are live.

    Attributes:
        name: of the incident.
        draw: whom it befalls and when; any if None.
        for_s: how long the demo lasts; the incident is not longer.
    """

    name: str
    draw: int | None
    for_s: float | None

    def arguments(self, broker: str, away: Path) -> list[str]:
        """Of `park incident`."""
        scene = SCENES[self.name]
        lasts_s = min(60 * scene.minutes, self.for_s or 60 * scene.minutes)
        words = ["incident", self.name, "--broker", broker, "--for", f"{lasts_s:g}s", "--json"]
        if self.draw is not None:
            words += ["--draw", str(self.draw)]
        if isinstance(scene.strike, Outage):
            file = shlex.quote(str(away))
            words += ["--stop", f"touch {file}", "--start", f"rm -f {file}"]
        return words


class Interrupted:
    """Implements `ingest.stores.Store`: takes nothing while a file is there; what is stored can be read."""

    def __init__(self, store: Store, away: Path) -> None:
        self._store, self._away = store, away

    def render(self, series: Series) -> Render:
        """A function from a decoded payload of the series to a row."""
        return self._store.render(series)

    async def write(self, rows: Sequence[Row]) -> None:
        """Store the rows, unless the store is away.

        Raises:
            StoreError: as the store's own; `Retryable` while it is away.
        """
        if self._away.exists():
            raise Retryable("the store is away: the incident has stopped it")
        await self._store.write(rows)

    def scan(self, measurement: Measurement, start_ms: int, until_ms: int) -> Iterator[Chunk]:
        """Every stored row of the measurement with start_ms <= ts < until_ms."""
        return self._store.scan(measurement, start_ms, until_ms)

    async def close(self) -> None:
        """Release connections."""
        await self._store.close()


class Replay:
    """The process that replays an exercise.

    Args:
        exercise: what; None for nothing.
        broker: URL of the demo's.
        away: the file that says that the store is away.

    Attributes:
        over: set when it has ended, or when there is none.
        published: how many of its readings the broker took, once it has ended.
    """

    def __init__(self, exercise: Exercise | None, broker: str, away: Path) -> None:
        self._exercise, self._broker, self._away = exercise, broker, away
        self._live, self._ending = asyncio.Event(), asyncio.Event()
        self.over = asyncio.Event()
        self.published = 0
        if exercise is None:
            self.over.set()

    def serving(self, store: Store) -> Store:
        """The store that the ingester is given."""
        return store if self._exercise is None else Interrupted(store, self._away)

    def begin(self) -> None:
        """The demo's readings are live."""
        self._live.set()

    @contextlib.asynccontextmanager
    async def within(self) -> AsyncIterator[None]:
        """Replays within the block, from `begin` on; what still goes on at its end is ended, and the store is back."""
        if self._exercise is None:
            yield
            return
        task = asyncio.create_task(self._run(self._exercise), name="incident")
        try:
            yield
        finally:
            self._ending.set()
            self._live.set()
            await task
            self._away.unlink(missing_ok=True)

    async def _run(self, exercise: Exercise) -> None:
        await self._live.wait()
        try:
            if not self._ending.is_set():
                await self._replay(exercise)
        finally:
            self.over.set()

    async def _replay(self, exercise: Exercise) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _PROGRAM,
            *exercise.arguments(self._broker, self._away),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # a terminal's Ctrl-C is the demo's, which passes it on
        )
        with on_abort(process.kill):
            await self._attend(process)

    async def _attend(self, process: asyncio.subprocess.Process) -> None:
        """Shows what it says until it has ended, and ends it when the demo does."""
        assert process.stderr is not None
        assert process.stdout is not None
        telling = asyncio.gather(_tell(process.stderr), process.stdout.read(), process.wait())
        ending = asyncio.create_task(self._ending.wait(), name="the demo's end")
        either: list[asyncio.Future[Any]] = [telling, ending]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        if process.returncode is None:
            process.terminate()  # it writes down what it was
        try:
            async with asyncio.timeout(_ENDS_S):
                _, said, code = await telling
        except TimeoutError:
            process.kill()
            return
        if code == 0:
            self.published = int(json.loads(said)["published"])


async def _tell(words: asyncio.StreamReader) -> None:
    async for line in words:
        text = line.decode(errors="replace").rstrip()
        if _PROGRESS not in text:
            errors.print(f"incident: {text}", markup=False, soft_wrap=True)
