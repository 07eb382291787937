"""How much memory a process holds over time."""

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil


@dataclass(kw_only=True)
class Memory:
    """Samples of resident memory.

    Attributes:
        samples: seconds since the beginning, and MB.
    """

    samples: list[tuple[float, float]] = field(default_factory=list)

    @property
    def growth_mb(self) -> float:
        """The most that it grew beyond the first sample."""
        return max(mb for _, mb in self.samples) - self.samples[0][1]

    @property
    def peak_mb(self) -> float:
        """The most."""
        return max(mb for _, mb in self.samples)


@contextmanager
def watching(pid: int, *, every_s: float = 0.25) -> Iterator[Memory]:
    """Sample the memory of a process while the block runs."""
    process, memory, ended = psutil.Process(pid), Memory(), threading.Event()
    began = time.monotonic()

    def sample() -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            while not ended.wait(every_s):
                memory.samples.append((time.monotonic() - began, process.memory_info().rss / 1e6))

    memory.samples.append((0.0, process.memory_info().rss / 1e6))
    thread = threading.Thread(target=sample, name=f"memory of {pid}", daemon=True)
    thread.start()
    try:
        yield memory
    finally:
        ended.set()
        thread.join()
