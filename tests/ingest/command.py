"""`park ingest` as a process whose standard error is read while it runs."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.process import wait_until

ROOT = Path(__file__).parents[2]
PARK = [sys.executable, "-c", "from park_cli.main import main; main()"]


@dataclass(frozen=True, kw_only=True)
class Command:
    """A running command."""

    process: subprocess.Popen[bytes]
    log: Path

    def logged(self) -> list[dict[str, Any]]:
        """Its log so far; all lines must be JSON."""
        whole, _, _ = self.log.read_text().rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]

    def logs(self, event: str, *, deadline: float = 20.0) -> dict[str, Any]:
        """Wait for a line whose event contains the text."""

        def found() -> list[dict[str, Any]]:
            return [line for line in self.logged() if event in line["event"]]

        wait_until(lambda: bool(found()), deadline=deadline, what=f"{event!r} in {self.log}")
        return found()[0]

    def finish(self) -> dict[str, Any]:
        """End it by SIGTERM; its summary."""
        self.process.terminate()
        out, _ = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, self.log.read_text()
        summary: dict[str, Any] = json.loads(out.splitlines()[-1])
        return summary


@contextmanager
def ingesting_command(folder: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> Iterator[Command]:
    """Run `park ingest` until the end of the block."""
    log = folder / "ingest.log"
    argv = [*PARK, "--verbose", "ingest", "--json", "--dead-letters", str(folder / "dead-letters.ndjson"), *arguments]
    with log.open("wb") as err:
        process = subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=err, cwd=ROOT, env={**os.environ, **(environ or {})}
        )
    try:
        yield Command(process=process, log=log)
    finally:
        process.kill()
        process.communicate()
