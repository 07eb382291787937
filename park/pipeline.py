"""The figures of the pipeline itself: each is one row here, with its name, unit and meaning.

They are stored beside the town's readings, shown on the pipeline dashboard, and told to Prometheus in the same words.
Tags: `instance` (the ingester's client id, or the gateway's). None has a field named `seq`.
Registers run from the start of the process; latencies cover the last ten seconds.
"""

from dataclasses import dataclass

from park.catalogue import Behaviour, Channel, ValueType


@dataclass(frozen=True, kw_only=True)
class PipelineMeasurement:
    """One measurement: its name, its tags in order, its fields.

    Attributes:
        asked: figures that Prometheus alone is told, when it asks; they are not stored.
    """

    name: str
    title: str
    tags: tuple[str, ...]
    fields: tuple[Channel, ...]
    asked: tuple[Channel, ...] = ()


def _count(name: str, description: str, behaviour: Behaviour = Behaviour.REGISTER) -> Channel:
    return Channel(name=name, unit="1", description=description, high=1e18, type=ValueType.INT, behaviour=behaviour)


def _gauge(name: str, unit: str, description: str, decimals: int = 3) -> Channel:
    return Channel(name=name, unit=unit, description=description, high=1e12, decimals=decimals)


def _quantiles(stem: str, description: str, *percents: int) -> tuple[Channel, ...]:
    return tuple(
        _gauge(f"{stem}_p{percent}", "ms", f"{description}, {'median' if percent == 50 else f'{percent}th percentile'}")
        for percent in percents
    )


_TO_STORED = "intended time to stored"
_WRITE = "time of one write to the store"

INGEST = PipelineMeasurement(
    name="park_ingest",
    title="Ingester",
    tags=("instance",),
    fields=(
        _count("received", "messages delivered by the broker"),
        _count("stored", "messages of which the store accepted every row"),
        _count("rows", "rows accepted by the store"),
        _count("dead_lettered", "messages written to the dead-letter file"),
        _count("batches", "batches accepted by the store"),
        _count("retries", "writes repeated after a refusal or a time-out"),
        _count("gaps", "sequence numbers that have not come; not told in a group over hosts", Behaviour.GAUGE),
        _count("duplicates", "readings that came again"),
        _count("late", "readings older than the device's newest"),
        _count("reconnects", "times the broker's connection was lost"),
        _gauge("in_flight", "1", "messages received and not yet acknowledged", 0),
        _gauge("devices", "1", "devices seen since the start", 0),
        _gauge("devices_silent", "1", "devices not heard for three of their intervals", 0),
        _gauge("gateways_online", "1", "gateways whose last state is online", 0),
        *_quantiles("latency", _TO_STORED, 50, 95, 99),
        *_quantiles("write", _WRITE, 95),
        _gauge("memory", "MB", "resident memory", 1),
        _gauge("cpu_per_message", "us", "processor time per message over the last ten seconds"),
    ),
    asked=(
        _count("states", "gateway states heard"),
        _gauge("ready", "1", "1 if broker, store and disk work", 0),
        _gauge("latency_seconds", "s", _TO_STORED),
        _gauge("write_seconds", "s", _WRITE),
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
        _count("models", "version of the models that make the readings", Behaviour.GAUGE),
        *_quantiles("latency", "intended time to the broker's acknowledgement", 50, 95),
    ),
)

PIPELINE = {measurement.name: measurement for measurement in (INGEST, GATEWAY)}
