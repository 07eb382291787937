"""What gateways have done so far."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from park.latency import Latencies


@dataclass(kw_only=True)
class Progress:
    """What gateways have done so far.

    Attributes:
        offered: readings due.
        sent: readings sent, repeats included.
        acknowledged: distinct readings that the broker took.
        unheard: readings that the broker took while nobody listened; not counted as acknowledged.
        overruns: readings sent over a second after they were due, or never; history left out.
        reconnects: connections made after the first.
        until_ms: every reading before this has been offered.
        latencies: from due to acknowledged, once for each reading; history left out.
    """

    offered: int = 0
    sent: int = 0
    acknowledged: int = 0
    unheard: int = 0
    overruns: int = 0
    reconnects: int = 0
    until_ms: int = 2**63
    latencies: Latencies = field(default_factory=Latencies)


def merge(parts: Sequence[Progress]) -> Progress:
    """The sum of several gateways' progress."""
    total = Progress()
    for part in parts:
        total.offered += part.offered
        total.sent += part.sent
        total.acknowledged += part.acknowledged
        total.unheard += part.unheard
        total.overruns += part.overruns
        total.reconnects += part.reconnects
        total.until_ms = min(total.until_ms, part.until_ms)
        total.latencies.merge(part.latencies.state())
    return total
