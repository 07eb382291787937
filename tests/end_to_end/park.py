"""The `park` command as processes of its own, which can be killed, paused and asked for their summary."""

import atexit
import datetime as dt
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.process import Process, ServerError

ROOT = Path(__file__).parents[2]
PARK = [sys.executable, "-c", "from park_cli.main import main; main()"]

#: This checkout, wherever the command runs.
HERE = {"PYTHONPATH": str(ROOT)}


def young_town(folder: Path) -> Path:
    """The default town commissioned lately, so that its models are warm at once on whatever day a test runs."""
    text = (ROOT / "park" / "park.toml").read_text(encoding="utf-8")
    begun = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=3)
    path = folder / "young.toml"
    path.write_text(re.sub(r"^commissioned = \S+", f"commissioned = {begun}", text, flags=re.MULTILINE), "utf-8")
    return path


def run(
    arguments: Sequence[str], folder: Path, *, environ: Mapping[str, str] | None = None, codes: Sequence[int] = (0,)
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end; `codes` are the exit codes that are expected."""
    done = subprocess.run(
        [*PARK, *arguments], cwd=folder, env={**os.environ, **HERE, **(environ or {})}, capture_output=True, check=False
    )
    assert done.returncode in codes, f"park {' '.join(arguments)}: exit {done.returncode}\n{done.stderr.decode()}"
    return done


def summary_of(output: bytes) -> dict[str, Any]:
    """The summary: the last line of the output."""
    summary: dict[str, Any] = json.loads(output.splitlines()[-1])
    return summary


@dataclass(kw_only=True)
class Command(Process):
    """A command that runs in the background."""

    stop_deadline: float = 60.0

    def finish(self, *, deadline: float, ask: bool = False, codes: Sequence[int] = (0,)) -> dict[str, Any]:
        """Wait for the end, and return the summary.

        Args:
            deadline: in seconds.
            ask: end it, by SIGTERM.
            codes: the exit codes that are expected.

        Raises:
            ServerError: it does not end in time, or not as expected.
        """
        child = self._child
        assert child is not None
        if ask:
            child.send_signal(signal.SIGTERM)
        try:
            code = child.wait(deadline)
        except subprocess.TimeoutExpired:
            raise self._failure(f"did not end within {deadline:g} s") from None
        atexit.unregister(self._reap)
        self._child = None
        if code not in codes:
            raise self._failure(f"ended with exit code {code}")
        # The log holds standard error, too, to which libraries may speak at a process's end.
        return summary_of(b"\n".join(line for line in self.log.read_bytes().splitlines() if line.startswith(b"{")))

    def said(self) -> list[dict[str, Any]]:
        """Its log so far, one entry a line."""
        lines = self.log.read_bytes().splitlines() if self.log.exists() else []
        return [json.loads(line) for line in lines if line.startswith(b"{")]


__all__ = ["HERE", "PARK", "ROOT", "Command", "ServerError", "run", "summary_of", "young_town"]
