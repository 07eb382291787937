"""The garbage collector of a process that ingests, and its memory."""

import atexit
import gc
import os
from pathlib import Path

_COLLECT_AFTER = 10_000


def relax_collector() -> None:
    """Messages and rows make no cycles; looking for some among thousands in flight took a third of all CPU."""
    gc.freeze()
    atexit.register(gc.unfreeze)  # else a library that counts what outlives it finds all that was imported by now
    gc.set_threshold(_COLLECT_AFTER, 20, 100)


def resident_mb() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
