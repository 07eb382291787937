"""What can be known before the work begins: memory, files and ports that it needs."""

import contextlib
import os
import socket

from ingest.stores.base import StoreUrl
from park_cli.errors import CommandError, UsageError

_DEVICE_BYTES = 13_500
"""Of one observed device, of the costliest sectors; all kinds mixed take a fifth less: see bench/memory.py."""

_WORTH_SAYING = 50_000


def memory_note(devices: int) -> str | None:
    """What many devices will take, in words; None if it is little."""
    if devices < _WORTH_SAYING:
        return None
    needed_gb = devices * _DEVICE_BYTES / 1e9
    free_gb = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    return f"{devices:,} devices take up to {needed_gb:.1f} GB of memory; {free_gb:.1f} GB are free"


def existing(url: StoreUrl) -> StoreUrl:
    """The URL, if what it names may be read; reading makes no store.

    Raises:
        UsageError: it is a file that does not exist.
    """
    if url.file is not None and not url.file.exists():
        raise UsageError(f"--store {url}: there is no such file")
    return url


def free_port(port: int, option: str) -> int:
    """The port, if it can be listened on; 0 is any.

    Raises:
        CommandError: it is taken, or not allowed.
    """
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandError(f"{option} {port}: {(error.strerror or str(error)).lower()}") from None
    return port
