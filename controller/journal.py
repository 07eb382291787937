"""What was decided, on disk before it is ordered: after a crash the same is asked for under the same ids."""

import datetime as dt
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import msgspec

from controller.errors import FolderHeld, JournalError
from controller.rules import Program
from controller.state import Claim, Order, State
from park.codecs.json.read import LATEST_MS

_NAME = "control.json"
_DAY_MS = 86_400_000


class Journal:
    """The state of one controller, in a folder of its own; None keeps nothing.

    Args:
        folder: is made if it is not there.
    """

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / _NAME

    @contextmanager
    def held(self) -> Iterator[None]:
        """Within the block nobody else uses the folder: two would write over what the other has decided.

        Raises:
            FolderHeld: another controller uses it.
            JournalError: it cannot be used at all.
        """
        if self._path is None:
            yield
            return
        folder = self._path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise JournalError(f"{folder}: {error.strerror}") from None
        try:
            with suppress(OSError):  # of a file system that knows no locks
                _lock(descriptor, folder)
            yield
        finally:
            os.close(descriptor)

    def load(self, program: Program) -> State:
        """What was decided before, as far as the rules still say something about it.

        Raises:
            JournalError: it cannot be read, or is none.
        """
        if self._path is None:
            return State()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            text = self._path.read_bytes()
        except FileNotFoundError:
            return State()
        except OSError as error:
            raise JournalError(f"{self._path}: {error.strerror}") from None
        try:
            state = msgspec.json.decode(text, type=State)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise JournalError(f"{self._path}: is no state of a controller: {error}") from None
        if state.tick > time.time() * 1000 + _DAY_MS:
            when = dt.datetime.fromtimestamp(min(state.tick, LATEST_MS) / 1000, dt.UTC).date()
            raise JournalError(f"{self._path}: was decided on {when}, which is to come: set the clock, or remove it")
        return adapted(state, program)

    def save(self, state: State) -> None:
        """Keep a state; on disk when this returns, whole or not at all.

        Raises:
            JournalError: it could not be kept.
        """
        if self._path is None:
            return
        draft = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as file:
                file.write(msgspec.json.encode(kept(state)))
                file.flush()
                os.fsync(file.fileno())
            draft.rename(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise JournalError(f"{self._path}: {error.strerror}") from None


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FolderHeld(f"{folder}: another controller uses it; give each its own --state") from None


def kept(state: State) -> State:
    """What of a state goes over a restart: what was decided, not what was heard."""
    return replace(state, begun=None, heard={})


def adapted(state: State, program: Program) -> State:
    """A state as rules see it that may have changed since: claims under the groups that there are now."""
    groups = {
        (rule.kind.device_stem, deed.action.name): rule.group
        for rule in program.rules
        for deed in (rule.act, rule.release)
        if deed is not None
    }
    claims: dict[str, dict[str, Claim]] = {}
    for device, held in state.claims.items():
        for claim in held.values():
            group = groups.get((device.rpartition("-")[0], claim.told.action))
            if group is not None:
                claims.setdefault(device, {})[group] = claim
    names = {rule.name: rule for rule in program.rules}
    opened: dict[str, Order] = {
        order.id: replace(order, group=groups[key])
        for order in state.open.values()
        if (key := (order.where.kind.replace("_", "-"), order.told.action)) in groups
    }
    return replace(
        state,
        claims=claims,
        open=opened,
        latches={name: latches for name, latches in state.latches.items() if name in names},
        acting={name: acting for name, acting in state.acting.items() if name in names},
    )
