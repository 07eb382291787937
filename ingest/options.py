"""How to ingest, as one value that worker processes can be given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ingest.accept import Accept
from ingest.batch import BatchPolicy
from ingest.decode import MAX_DEVICES, MAX_PAYLOAD
from ingest.receive import SessionOptions
from ingest.stores.base import StoreUrl
from ingest.write import RetryPolicy
from park.quality import StoredFlags


@dataclass(frozen=True, kw_only=True)
class MetricsAddress:
    """Where the HTTP server listens; this host only unless told otherwise. Port 0 takes any free one."""

    host: str = "127.0.0.1"
    port: int = 9100


@dataclass(frozen=True, kw_only=True)
class IngestOptions:
    """How to ingest.

    Attributes:
        broker: the session, or what the sessions of all sites have in common; their client ids are its, with a dash
            and the site.
        sites: one session for each of these; one for all if there are none.
        store: where readings go; its token comes from the environment.
        dead_letters: the file for messages that cannot be stored.
        processes: 1 runs in this process; more share the subscription among workers.
        writes: to the store at once. Sites share them.
        max_devices: that may bring readings or events. Sites share them.
        max_waiting_bytes: memory for messages that wait before reading from the broker pauses; the default
            holds some 14,000 small messages: 50,000/s for 0.28 s of linger and write.
            Sites share it; see `session.share_of`.
        accept: which times are accepted.
        quality: which quality flags are stored beside readings; for it one process must see all of a device's.
        drain_s: how long the last batches may take after `stop`; what is not settled then stays the broker's.
        report_every_s: how often the ingester's own figures are stored; None never.
        metrics: where Prometheus and health probes may ask; None nowhere.
        prepare_worker: a module's function, called first in each worker process: the place to set up logs, which
            otherwise go to standard error in structlog's own form.
    """

    broker: SessionOptions
    store: StoreUrl
    sites: tuple[str, ...] = ()
    dead_letters: Path = Path("dead-letters.ndjson")
    processes: int = 1
    batch: BatchPolicy = field(default_factory=BatchPolicy)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    writes: int = 4
    max_payload: int = MAX_PAYLOAD
    max_devices: int = MAX_DEVICES
    max_waiting_bytes: int = 6 << 20
    accept: Accept = field(default_factory=Accept)
    quality: StoredFlags = StoredFlags.NONE
    drain_s: float = 6.0
    report_every_s: float | None = 10.0
    metrics: MetricsAddress | None = None
    prepare_worker: Callable[[], None] | None = None
