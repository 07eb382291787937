"""From the command `park ingest` to the process that it becomes.

The libraries that read a command line would take a sixth of the ingester's memory, and it stays for months. So
the command hands over to `ingest_process`, under the same process id, once its options are read.
"""

import dataclasses
import json
import os
import signal
import sys
from typing import NoReturn

from park_cli.signals import ENDING


@dataclasses.dataclass(frozen=True, kw_only=True)
class Given:
    """The command's options, as text where JSON has nothing better. No secret is among them."""

    broker: str
    store: str
    client_id: str
    sites: list[str]
    group: str | None
    accept: str
    processes: int
    dead_letters: str
    metrics_port: int | None
    metrics_host: str
    ca_file: str | None
    cert_file: str | None
    key_file: str | None
    quality: str
    retire: bool
    as_json: bool
    verbose: bool


def become(given: Given) -> NoReturn:
    """Replace this process by one that ingests."""
    safe = [] if "" in sys.path else ["-P"]
    program = "from park_cli.entry import prepare; prepare(); from park_cli.ingest_process import main; main()"
    sys.stdout.flush()
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # until `prepare`: a signal waits for somebody to answer it
    argv = [sys.executable, *safe, "-c", program, json.dumps(dataclasses.asdict(given))]
    os.execv(sys.executable, argv)  # noqa: S606 - our own interpreter, and no shell is wanted
