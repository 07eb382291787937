"""What a program costs: CPU and memory of a process with its children, rounds, medians, and how to print them."""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[1]
PARK = [sys.executable, "-c", "from park_cli.main import main; main()"]


@dataclass(frozen=True, kw_only=True)
class Usage:
    """One run of a program: user and system time of it and the children it waited for, wall time, peak RSS."""

    cpu_s: float
    wall_s: float
    rss_mb: float


def run(argv: Sequence[str], *, stdin: Path | None = None, stdout: IO[Any] | None = None) -> Usage:
    """Run a program to its end.

    Raises:
        SystemExit: it failed; its standard error has said why.
    """
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    began = time.monotonic()
    with (stdin or Path(os.devnull)).open("rb") as given:
        child = subprocess.Popen(argv, stdin=given, stdout=stdout or subprocess.DEVNULL, env=environ)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(argv)}: exit {child.returncode}")
    return Usage(cpu_s=usage.ru_utime + usage.ru_stime, wall_s=time.monotonic() - began, rss_mb=usage.ru_maxrss / 1024)


def median(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows as a Markdown table; the first row's keys are the heads."""
    heads = list(rows[0])
    lines = [heads, ["---"] * len(heads), *([str(row[head]) for head in heads] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def report(path: Path | None, figures: Mapping[str, Any]) -> None:
    """Write figures as JSON together with the machine they were measured on."""
    if path is not None:
        machine = f"{os.cpu_count()} x {platform.machine()}, Python {platform.python_version()}"
        path.write_text(json.dumps({"machine": machine, **figures}, indent=2) + "\n")
