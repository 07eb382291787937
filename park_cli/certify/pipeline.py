"""The pipeline that a file names, as things that run: its relays, its parts, and what can be done to each."""

import contextlib
import functools
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from park_cli.certify import ready
from park_cli.certify.errors import PartError
from park_cli.certify.faults import FULL_DISK, OF_PARTS, OF_RELAYS, commanded, full, run
from park_cli.certify.parts import Container, Part, Program
from park_cli.certify.relay import Relay
from park_cli.certify.spec import PartTable, Spec
from park_cli.errors import UsageError
from park_cli.signals import on_abort

#: Where daemons are on systems that keep them from users' PATH; and the folder of this `park`.
_BESIDE = (str(Path(sys.executable).parent), "/usr/sbin", "/usr/local/sbin")


def check_programs(spec: Spec) -> None:
    """Whether all programs that the file names are there.

    Raises:
        UsageError: one is not; names the key.
    """
    wanted = {f"parts.{name}.command": part.command[0] for name, part in spec.parts.items() if part.command}
    wanted |= {f"parts.{name}.prepare": part.prepare[0] for name, part in spec.parts.items() if part.prepare}
    wanted |= {f"faults.{name}.begin": own.begin[0] for name, own in spec.faults.items()}
    wanted |= {f"faults.{name}.end": own.end[0] for name, own in spec.faults.items()}
    if any(part.container for part in spec.parts.values()):
        wanted["engine"] = spec.engine
    for key, program in wanted.items():
        if "{" not in program and shutil.which(program, path=_path(os.environ)) is None:
            raise UsageError(f"{key}: {program!r} is not on PATH")


def _path(environ: Mapping[str, str]) -> str:
    return os.pathsep.join([environ.get("PATH", os.defpath), *_BESIDE])


@dataclass(kw_only=True, eq=False)
class Pipeline:
    """What runs.

    Attributes:
        folder: where the programs run; their logs are here.
        here: the file's folder.
        secret: made anew for each run; `{secret}` in the file.
        disks: a folder on each part's own disk, or in `folder` where it has none that can be filled.
    """

    spec: Spec
    folder: Path
    here: Path
    secret: str
    disks: Mapping[str, Path]
    parts: Mapping[str, Part]
    relays: Mapping[str, Relay]

    @property
    def environ(self) -> dict[str, str]:
        """The environment of all parts, and of the store's reader."""
        return _environ(self.spec.environment, _words(self.folder, self.here, self.secret, self.folder), _ours())

    def fault(self, part: str, name: str) -> AbstractAsyncContextManager[None]:
        """A fault that lasts as long as its block."""
        if part in self.relays:
            return OF_RELAYS[name](self.relays[part])
        if own := self.spec.faults.get(name):
            begin, end = (_filled(argv, self._words(part)) for argv in (own.begin, own.end))
            return commanded(name, begin, end, self.environ, self.folder)
        return full(self.disks[part]) if name == FULL_DISK else OF_PARTS[name](self.parts[part])

    async def start(self) -> None:
        """Start relays and parts, each when the one before is ready, and prepare it.

        Raises:
            PartError: one does not become ready.
            UsageError: somebody is there already where one is to be; names the key.
        """
        for name, relay in self.relays.items():
            try:
                await relay.start()
            except OSError as error:
                raise UsageError(f"relays.{name}.listen: {relay.listen}: {error.strerror}") from None
        for name, part in self.parts.items():
            table = self.spec.parts[name]
            if table.command is not None:
                await self._hold_free(name, table.ready)
                await part.start()
            await self.recovered(part, self.spec.schedule.recovery)
            if table.prepare is not None:
                environ = _environ(table.environment, self._words(name), self.environ)
                argv = _filled(table.prepare, self._words(name))
                await run(f"parts.{name}.prepare", argv, environ, self.folder)

    async def recovered(self, part: Part, seconds: float) -> None:
        """Wait until a part is ready.

        Raises:
            PartError: it is not in time.
        """
        if not await ready.within(seconds, part.is_ready):
            raise PartError(f"parts.{part.name}: not ready within {seconds:g} s; it said last: {part.last_words()}")

    async def _hold_free(self, name: str, told: str | None) -> None:
        """A stranger that answers in a part's place would be taken for it."""
        taken = told is not None and (
            (told.startswith("tcp://") and await ready.accepts(told))
            or (told.startswith("http") and await ready.answers(told))
        )
        if taken:
            raise UsageError(f"parts.{name}.ready: somebody answers at {told} already")

    async def end(self) -> None:
        """End what was started, the last first, and leave the rest as it was; one that fails stops no other's end."""
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(self._clear_disks)
            for relay in self.relays.values():
                stack.push_async_callback(relay.close)
            for part in self.parts.values():
                stack.push_async_callback(part.end)

    def end_now(self) -> None:
        """The same at once, when this process is about to end."""
        for part in self.parts.values():
            part.end_now()
        self._clear_disks()

    def _clear_disks(self) -> None:
        for place in self.disks.values():
            if place != self.folder:
                shutil.rmtree(place, ignore_errors=True)

    def _words(self, part: str) -> dict[str, str]:
        return _words(self.folder, self.here, self.secret, self.disks[part])


@contextlib.asynccontextmanager
async def running(spec: Spec, here: Path, folder: Path, fillable: Sequence[str]) -> AsyncIterator[Pipeline]:
    """The pipeline, started and ready; ended with the block, however it ends.

    Args:
        spec: what is to run.
        here: the file's folder.
        folder: empty; takes logs, and what parts keep.
        fillable: parts whose disk may be filled.

    Raises:
        PartError, UsageError: as `Pipeline.start`.
    """
    disks = {name: _place(part, folder) if name in fillable else folder for name, part in spec.parts.items()}
    secret = secrets.token_urlsafe(24)
    parts = {name: _part(spec, name, folder, _words(folder, here, secret, disks[name])) for name in spec.parts}
    relays = {name: Relay(listen=one.listen, to=one.to, slow_per_s=one.slow) for name, one in spec.relays.items()}
    pipeline = Pipeline(spec=spec, folder=folder, here=here, secret=secret, disks=disks, parts=parts, relays=relays)
    with on_abort(pipeline.end_now):
        try:
            await pipeline.start()
            yield pipeline
        finally:
            await pipeline.end()


def _place(part: PartTable, folder: Path) -> Path:
    return folder if part.disk is None else Path(tempfile.mkdtemp(prefix="park-certify-", dir=part.disk))


def _part(spec: Spec, name: str, folder: Path, words: Mapping[str, str]) -> Part:
    table = spec.parts[name]
    if table.command is None:
        return Container(name=name, engine=spec.engine, container=table.container or "", told=table.ready)
    environ = _environ({**spec.environment, **table.environment}, words, _ours())
    program, *rest = _filled(table.command, words)
    return Program(
        name=name,
        argv=[shutil.which(program, path=environ["PATH"]) or program, *rest],
        environ=environ,
        folder=folder,
        log=folder / f"{name}.log",
        told=table.ready,
    )


def _words(folder: Path, here: Path, secret: str, disk: Path) -> dict[str, str]:
    return {"folder": str(folder), "here": str(here), "secret": secret, "disk": str(disk)}


def _ours() -> dict[str, str]:
    return {**os.environ, "PATH": _path(os.environ)}


def _environ(table: Mapping[str, str], words: Mapping[str, str], under: Mapping[str, str]) -> dict[str, str]:
    """A table of the file, its words filled in, over another environment."""
    return {**under, **{key: _fill(value, words) for key, value in table.items()}}


def _filled(argv: Sequence[str], words: Mapping[str, str]) -> list[str]:
    return [_fill(word, words) for word in argv]


def _fill(text: str, words: Mapping[str, str]) -> str:
    return functools.reduce(lambda done, word: done.replace(f"{{{word}}}", words[word]), words, text)
