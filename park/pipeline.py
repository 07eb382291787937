"""Measurements of the pipeline itself, stored beside the town's and shown on the pipeline dashboard.

Tags: `instance` (the ingester's client id, or the gateway's). None has a field named `seq`.
Counters run from the start of the process; latencies cover the last ten seconds.
"""

from dataclasses import dataclass

from park.catalogue import Behaviour, Channel, ValueType


@dataclass(frozen=True, kw_only=True)
class PipelineMeasurement:
    """One measurement: its name, its tags in order, its fields."""

    name: str
    title: str
    tags: tuple[str, ...]
    fields: tuple[Channel, ...]


def _count(name: str, description: str) -> Channel:
    return Channel(
        name=name,
        unit="1",
        description=description,
        high=1e18,
        type=ValueType.INT,
        behaviour=Behaviour.REGISTER,
    )


def _gauge(name: str, unit: str, description: str, decimals: int = 3) -> Channel:
    return Channel(name=name, unit=unit, description=description, high=1e12, decimals=decimals)


INGEST = PipelineMeasurement(
    name="park_ingest",
    title="Ingester",
    tags=("instance",),
    fields=(
        _count("received", "messages delivered by the broker"),
        _count("stored", "messages whose reading the store accepted"),
        _count("dead_lettered", "messages written to the dead-letter file"),
        _count("batches", "batches accepted by the store"),
        _count("retries", "writes repeated after a refusal or a time-out"),
        _count("gaps", "sequence numbers that never came"),
        _count("duplicates", "readings that came again"),
        _count("late", "readings older than the device's newest"),
        _count("reconnects", "times the broker's connection was lost"),
        _gauge("in_flight", "1", "messages received and not yet acknowledged", 0),
        _gauge("devices", "1", "devices seen since the start", 0),
        _gauge("devices_silent", "1", "devices not heard for three of their intervals", 0),
        _gauge("gateways_online", "1", "gateways whose last state is online", 0),
        _gauge("latency_p50", "ms", "intended time to stored, median"),
        _gauge("latency_p95", "ms", "intended time to stored, 95th percentile"),
        _gauge("latency_p99", "ms", "intended time to stored, 99th percentile"),
        _gauge("write_p95", "ms", "time of one write to the store, 95th percentile"),
        _gauge("memory", "MB", "resident memory", 1),
        _gauge("cpu_per_message", "us", "processor time per message over the last ten seconds"),
    ),
)

GATEWAY = PipelineMeasurement(
    name="park_gateway",
    title="Gateways",
    tags=("instance", "site"),
    fields=(
        _count("offered", "readings due"),
        _count("sent", "readings sent, repeats included"),
        _count("acknowledged", "distinct readings that the broker took"),
        _count("overruns", "readings sent over a second after they were due"),
        _count("reconnects", "times the broker's connection was lost"),
        _gauge("latency_p50", "ms", "intended time to the broker's acknowledgement, median"),
        _gauge("latency_p95", "ms", "intended time to the broker's acknowledgement, 95th percentile"),
    ),
)

PIPELINE = {measurement.name: measurement for measurement in (INGEST, GATEWAY)}
