"""Processes of this one that publish: when they have begun, and that they do not outlive it."""

import asyncio
import multiprocessing
from collections.abc import Callable

from simulator.progress import Progress


def once_sent(begun: asyncio.Event) -> Callable[[Progress], None]:
    """Given their progress, sets an event when the first message has been sent.

    `on_live` comes later: when all of them have sent their history.
    """

    def tell(progress: Progress) -> None:
        if progress.sent:
            begun.set()

    return tell


def kill_publishers() -> None:
    """End them at once, for a process that is about to end: they would try for a while yet to deliver what they owe."""
    for child in multiprocessing.active_children():
        child.kill()
