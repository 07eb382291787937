"""The faults that there are, and which of them a pipeline can be given on this host."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeAlias

from park_cli.certify import disk
from park_cli.certify.errors import PartError
from park_cli.certify.parts import COMMAND_S, Part
from park_cli.certify.relay import Relay
from park_cli.certify.spec import PartTable, Spec
from park_cli.errors import UsageError
from park_cli.signals import on_abort
from simulator.programs import run_program, run_program_now

#: A fault that lasts as long as its block.
Fault: TypeAlias = Callable[[], AbstractAsyncContextManager[None]]


@contextlib.asynccontextmanager
async def killed(part: Part) -> AsyncIterator[None]:
    """Kill -9; not there while the block runs, then started."""
    await part.kill()
    try:
        yield
    finally:
        await part.start()


@contextlib.asynccontextmanager
async def frozen(part: Part) -> AsyncIterator[None]:
    """Stopped while the block runs; its connections stay open."""
    await part.freeze()
    try:
        yield
    finally:
        await part.resume()


@contextlib.asynccontextmanager
async def broken(relay: Relay, how: Callable[[Relay], None]) -> AsyncIterator[None]:
    """A link that is cut, stalled or slowed while the block runs."""
    how(relay)
    try:
        yield
    finally:
        relay.heal()


@contextlib.asynccontextmanager
async def full(place: Path) -> AsyncIterator[None]:
    """Not a byte is free on a disk while the block runs."""
    filler = await asyncio.to_thread(disk.fill, place)
    try:
        yield
    finally:
        disk.free(filler)


@contextlib.asynccontextmanager
async def commanded(
    name: str, begin: Sequence[str], end: Sequence[str], environ: Mapping[str, str], folder: Path
) -> AsyncIterator[None]:
    """A fault by two commands of the file's own; the second comes whatever ends the block."""
    at_once = functools.partial(run_program_now, end, limit_s=COMMAND_S, environ=environ, folder=folder)
    with on_abort(at_once):
        try:
            await run(f"faults.{name}.begin", begin, environ, folder)
            yield
        finally:
            await run(f"faults.{name}.end", end, environ, folder)


async def run(key: str, argv: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
    """Run a command of the file to its end.

    Raises:
        PartError: it cannot be run, does not end in time, or not well; names its key.
    """
    try:
        ended = await run_program(argv, limit_s=COMMAND_S, environ=environ, folder=folder, guard=on_abort)
    except TimeoutError:
        raise PartError(f"{key}: has not ended within {COMMAND_S:g} s") from None
    except OSError as error:
        raise PartError(f"{key}: {argv[0]}: {error.strerror}") from None
    if ended.code:
        words = ended.said.splitlines()
        raise PartError(f"{key}: exit code {ended.code}{f': {words[-1]}' if words else ''}")


OF_PARTS: Mapping[str, Callable[[Part], AbstractAsyncContextManager[None]]] = {"kill": killed, "freeze": frozen}
OF_RELAYS: Mapping[str, Callable[[Relay], AbstractAsyncContextManager[None]]] = {
    "cut": functools.partial(broken, how=Relay.cut),
    "stall": functools.partial(broken, how=Relay.stall),
    "slow": functools.partial(broken, how=Relay.slow),
}
FULL_DISK = "full-disk"
#: What nobody can do to one part alone without rights that are not asked for; a file's own commands may.
_NEEDS_RIGHTS = {
    "slow-disk": "needs the device mapper or a cgroup's io.max, so an administrator; [faults.slow-disk] takes commands",
    "clock": "needs an administrator, who sets it for all parts and the judge; [faults.clock] takes commands",
}


def possible(spec: Spec) -> tuple[tuple[tuple[str, str], ...], dict[str, str]]:
    """Every pair of a part and a fault that it can be given, and what is left out with the reason.

    Raises:
        UsageError: a part is to be given a fault that there is not for it; names the key.
    """
    pairs: list[tuple[str, str]] = []
    left_out = {name: why for name, why in _NEEDS_RIGHTS.items() if name not in spec.faults}
    if not any(part.disk for part in spec.parts.values()):
        left_out[FULL_DISK] = "no part names a disk that may be filled"
    if not spec.relays:
        left_out["cut, stall, slow"] = "no relays are named, so the network cannot be broken"
    for name, part in spec.parts.items():
        own = [fault for fault, table in spec.faults.items() if table.part == name]
        can, why = _of_disk(part)
        if why:
            left_out[f"{FULL_DISK} of {name}"] = why
        pairs += _chosen(f"parts.{name}.faults", name, part.faults, [*OF_PARTS, *can, *own], {*left_out, FULL_DISK})
    for name, relay in spec.relays.items():
        pairs += _chosen(f"relays.{name}.faults", name, relay.faults, list(OF_RELAYS), set())
    if not pairs:
        raise UsageError("parts: no fault is left that could be given to any part")
    return tuple(pairs), left_out


def _of_disk(part: PartTable) -> tuple[list[str], str | None]:
    if part.disk is None:
        return [], None
    why = disk.unfit(Path(part.disk))
    return ([], why) if why else ([FULL_DISK], None)


def _chosen(
    key: str, name: str, asked: Sequence[str] | None, there: Sequence[str], impossible: set[str]
) -> list[tuple[str, str]]:
    """The pairs of one part; what is known but impossible is left out."""
    for fault in asked or ():
        if fault not in there and fault not in impossible:
            raise UsageError(f"{key}: no fault {fault!r}; choose from {', '.join(there)}")
    return [(name, fault) for fault in there if asked is None or fault in asked]
