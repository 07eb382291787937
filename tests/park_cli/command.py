"""The `park` command as a person runs it: the installed script, with real pipes, files, terminals and signals."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

PARK = str(Path(sys.executable).with_name("park"))


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def clean(self) -> bool:
        """Whether it left no trace of Python's own on either stream."""
        text = self.out + self.err
        return not any(word in text for word in ("Traceback", "Exception ignored", "nanobind", "Error in sys"))


def park(*arguments: str, environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Ended:
    """Run the command to its end."""
    done = subprocess.run(
        [PARK, *arguments],
        env={**os.environ, **(environ or {})},
        cwd=folder,
        capture_output=True,
        timeout=90,
        check=False,
    )
    return Ended(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


def shell(script: str, *, folder: Path | None = None) -> Ended:
    """Run a line of bash in which `park` is the command; `-o pipefail`."""
    environ = {**os.environ, "PATH": f"{Path(PARK).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", script], env=environ, cwd=folder, capture_output=True, timeout=90, check=False
    )
    return Ended(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


@dataclass(kw_only=True)
class Running:
    """A command at work, whose output is collected."""

    process: "subprocess.Popen[bytes]"
    reader: int
    seen: bytes = b""
    _closed: bool = field(default=False, repr=False)

    def await_text(self, text: str, *, deadline: float = 40.0) -> None:
        """Wait until it has printed the text."""
        self._read(lambda: text.encode() in self.seen, deadline)
        assert text.encode() in self.seen, self.seen.decode(errors="replace")

    def signal(self, number: int) -> None:
        """Send a signal as a terminal does: to the whole group."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def end(self, *, deadline: float = 40.0) -> Ended:
        """Wait for its end."""
        self._read(lambda: False, deadline)
        code = self.process.wait(deadline)
        return Ended(code=code, out="", err=self.seen.decode(errors="replace"))

    def _read(self, enough: "object", deadline: float) -> None:
        assert callable(enough)
        end = time.monotonic() + deadline
        while not self._closed and not enough():
            left = end - time.monotonic()
            assert left > 0, f"not within {deadline:g} s: {self.seen.decode(errors='replace')}"
            if select.select([self.reader], [], [], min(left, 0.5))[0]:
                try:
                    data = os.read(self.reader, 65536)
                except OSError:  # of a terminal whose other side has closed
                    data = b""
                self.seen += data
                self._closed = not data


@contextmanager
def running(
    *arguments: str, folder: Path, terminal: bool = False, environ: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Run the command in a session of its own, with both outputs joined, on a pipe or a terminal."""
    reader, writer = pty.openpty() if terminal else os.pipe()
    process = subprocess.Popen(
        [PARK, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=writer,
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder), "TERM": "xterm", **(environ or {})},
        start_new_session=True,
    )
    os.close(writer)
    one = Running(process=process, reader=reader)
    try:
        yield one
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        with suppress(OSError):
            os.close(reader)
