"""What gateways have done so far."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from park.latency import BOUNDS_MS, BUCKETS, Latencies
from park.model import Floats

_BOUNDS_MS = np.array(BOUNDS_MS)


@dataclass(kw_only=True)
class Progress:
    """What gateways have done so far.

    Attributes:
        offered: readings due.
        sent: readings sent, repeats included.
        acknowledged: distinct readings that the broker took and somebody subscribes to.
        overruns: readings sent over a second after they were due, or never; history left out.
        reconnects: connections made after the first.
        until_ms: every reading before this has been offered.
        latencies: from due to acknowledged, once for each reading; history left out.
        events_offered, events_acknowledged: the same of events.
        acknowledged_s: when the broker took something for the first time at last, on the clock of `time.time`;
            0 if it took nothing.
    """

    offered: int = 0
    sent: int = 0
    acknowledged: int = 0
    overruns: int = 0
    reconnects: int = 0
    until_ms: int = 2**63
    latencies: Latencies = field(default_factory=Latencies)
    events_offered: int = 0
    events_acknowledged: int = 0
    acknowledged_s: float = 0.0


def merge(parts: Sequence[Progress]) -> Progress:
    """The sum of several gateways' progress."""
    total = Progress()
    for part in parts:
        total.offered += part.offered
        total.sent += part.sent
        total.acknowledged += part.acknowledged
        total.overruns += part.overruns
        total.reconnects += part.reconnects
        total.until_ms = min(total.until_ms, part.until_ms)
        total.latencies.merge(part.latencies.state())
        total.events_offered += part.events_offered
        total.events_acknowledged += part.events_acknowledged
        total.acknowledged_s = max(total.acknowledged_s, part.acknowledged_s)
    return total


def count_all(latencies: Latencies, milliseconds: Floats) -> None:
    """Count many latencies in one pass; the same as adding them one by one."""
    if not len(milliseconds):
        return
    buckets = np.minimum(np.searchsorted(_BOUNDS_MS, milliseconds, side="right"), BUCKETS - 1)
    counts = np.frombuffer(latencies.counts, dtype=np.int64)
    counts += np.bincount(buckets, minlength=BUCKETS)
    latencies.total_ms += float(np.maximum(milliseconds, 0.0).sum())
    latencies.max_ms = max(latencies.max_ms, float(milliseconds.max()))
