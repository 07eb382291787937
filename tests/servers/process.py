"""One server process: started until ready, stopped, killed, paused, and never left behind."""

import atexit
import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psutil

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
# Linux sends the parent-death signal when the *thread* that forked ends, so one thread that lives
# as long as the test run starts every server, whichever thread asks for it.
_STARTER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="server-starter")
# Below Linux's ephemeral range (32768 and up): while a server is down for a restart, no outgoing
# connection can take its port, nor can a reconnecting client be connected to itself.
_PORTS = range(20_000, 32_000)


class ServerError(RuntimeError):
    """A server did not start or stop in time; the message ends with its log."""


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 on which nobody listens."""
    for port in random.sample(_PORTS, 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ServerError(f"no free port on 127.0.0.1 in {_PORTS.start}-{_PORTS.stop}")


def accepts(port: int) -> bool:
    """Tell whether 127.0.0.1:port accepts a TCP connection."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def gone(pid: int) -> bool:
    """Whether a process has ended, be it that nobody has asked how."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_until(condition: Callable[[], bool], *, deadline: float, what: str) -> None:
    """Poll until the condition holds, for what no event announces.

    Raises:
        ServerError: if it does not hold within ``deadline`` seconds; the message says ``what`` was awaited.
    """
    end = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > end:
            raise ServerError(f"{what}: not within {deadline:g} s")
        time.sleep(0.02)


def _die_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass(kw_only=True)
class Process:
    """A server's process through its starts and stops; the log of all of them is ``log``."""

    argv: Sequence[str]
    log: Path
    ready: Callable[[], bool]
    env: Mapping[str, str] = field(default_factory=dict)
    start_deadline: float = 60.0
    stop_deadline: float = 30.0
    _child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the running server.

        Raises:
            ServerError: if it does not run.
        """
        if self._child is None:
            raise ServerError(f"{self.argv[0]} is not running")
        return self._child.pid

    def running(self) -> bool:
        """Tell whether the process exists (paused counts as running)."""
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        """Start the server and return once it is ready.

        Raises:
            ServerError: if it runs already, exits, or is not ready within ``start_deadline`` seconds.
        """
        if self.running():
            raise ServerError(f"{self.argv[0]} is running already, as process {self.pid}")
        self._child = _STARTER.submit(self._spawn).result()
        atexit.register(self._reap)
        try:
            wait_until(self._settled, deadline=self.start_deadline, what="ready")
        except ServerError:
            self.kill()
            raise self._failure(f"was not ready after {self.start_deadline:g} s") from None
        if not self.running():
            raise self._failure("exited while starting")

    def _settled(self) -> bool:
        return not self.running() or self.ready()

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.log.parent,
                env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self.log.parent), **self.env},
                start_new_session=True,  # Ctrl-C reaches the tests alone; they stop their servers in order
                preexec_fn=_die_with_parent,  # noqa: PLW1509  (one prctl call; takes no lock)
            )

    def stop(self) -> None:
        """Ask the server to end (SIGTERM) and wait for it; does nothing when it does not run.

        Raises:
            ServerError: if it had to be killed after ``stop_deadline`` seconds.
        """
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the server as a crash would (SIGKILL) and wait for it."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Freeze the server (SIGSTOP): its sockets stay open, nothing is answered."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused server go on (SIGCONT)."""
        os.kill(self.pid, signal.SIGCONT)

    def log_tail(self, size: int = 4000) -> str:
        """Return the last ``size`` bytes of the log as text."""
        return self.log.read_bytes()[-size:].decode(errors="replace")

    def _end(self, number: signal.Signals) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        atexit.unregister(self._reap)
        if child.poll() is None:
            child.send_signal(number)
            child.send_signal(signal.SIGCONT)
        try:
            child.wait(self.stop_deadline)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            raise self._failure(f"did not stop within {self.stop_deadline:g} s and was killed") from None

    def _reap(self) -> None:
        if self._child is not None:
            self._child.kill()

    def _failure(self, what: str) -> ServerError:
        return ServerError(f"{self.argv[0]} {what}; its log {self.log} ends:\n{self.log_tail()}")


@dataclass(frozen=True, kw_only=True)
class Server:
    """What every server's handle has: an address that outlives restarts, and its process."""

    port: int
    folder: Path
    process: Process

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        return self.process.pid

    def start(self) -> None:
        """Start after ``stop`` or ``kill``, on the same port and data; returns once ready."""
        self.process.start()

    def stop(self) -> None:
        """End gracefully (SIGTERM)."""
        self.process.stop()

    def kill(self) -> None:
        """End as a crash would (SIGKILL)."""
        self.process.kill()

    def restart(self) -> None:
        """Stop gracefully, then start."""
        self.process.stop()
        self.process.start()

    def pause(self) -> None:
        """Freeze (SIGSTOP)."""
        self.process.pause()

    def resume(self) -> None:
        """Go on after ``pause`` (SIGCONT)."""
        self.process.resume()
