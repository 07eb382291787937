"""The page on which the pipeline shows its own figures."""

from dashboards.commanded import COMMANDED
from park.panel import Aggregate, Dashboard, Panel, Threshold, View

_NONE_IS_GOOD = (Threshold(value=0, level="good"), Threshold(value=1, level="warning"))
_LATENCY = (
    Threshold(value=0, level="good"),
    Threshold(value=2_000, level="warning"),
    Threshold(value=10_000, level="critical"),
)


def _heading(title: str, story: str) -> Panel:
    return Panel(title=title, story=story, view=View.HEADING)


def _stat(title: str, story: str, field: str, **extra: object) -> Panel:
    settings: dict[str, object] = {"across": Aggregate.SUM, "decimals": 0, "width": 4, **extra}
    return Panel(
        title=title,
        story=story,
        measurement="park_ingest",
        fields=(field,),
        aggregate=Aggregate.LAST,
        view=View.STAT,
        height=4,
        **settings,  # type: ignore[arg-type]
    )


_NOW = (
    _heading("Now", "Is everything stored that was received, and how fast."),
    Panel(
        title="Stored per second",
        story="Messages whose reading the store accepted; only then are they acknowledged.",
        measurement="park_ingest",
        fields=("stored",),
        across=Aggregate.SUM,
        unit="{msg}/s",
        view=View.STAT,
        low=0,
        decimals=1,
        rate_s=1,
        width=4,
        height=4,
        highlight=True,
    ),
    _stat(
        "Latency, 95th percentile",
        "From the intended time of a reading to the store's answer.",
        "latency_p95",
        across=Aggregate.MAX,
        thresholds=_LATENCY,
        highlight=True,
    ),
    _stat("In flight", "Received and not yet acknowledged: bounded by the window.", "in_flight", highlight=True),
    _stat(
        "Dead letters",
        "Messages that could not be stored and were set aside with their reason. None is good.",
        "dead_lettered",
        thresholds=_NONE_IS_GOOD,
        highlight=True,
    ),
    _stat(
        "Silent devices",
        "Not heard for three of their intervals.",
        "devices_silent",
        across=Aggregate.MAX,
        thresholds=_NONE_IS_GOOD,
    ),
    _stat(
        "Gateways online",
        "Gateways whose last state on the broker is online.",
        "gateways_online",
        across=Aggregate.MAX,
        highlight=True,
    ),
)

_FLOW = (
    _heading("Flow", "What comes in must go out: the lines lie on one another."),
    Panel(
        title="Received and stored",
        story="The two lines part only while the store is slow or away, and meet again afterwards.",
        measurement="park_ingest",
        fields=("received", "stored"),
        across=Aggregate.SUM,
        unit="{msg}/s",
        low=0,
        rate_s=1,
        labels={"received": "Received", "stored": "Stored"},
    ),
    Panel(
        title="Latency to the store",
        story="From the intended time of a reading to the store's answer, so that stalls are not hidden.",
        measurement="park_ingest",
        fields=("latency_p50", "latency_p95", "latency_p99"),
        aggregate=Aggregate.MAX,
        across=Aggregate.MAX,
        low=0,
        labels={"latency_p50": "Median", "latency_p95": "95th percentile", "latency_p99": "99th percentile"},
    ),
    Panel(
        title="Gateways: due, sent, taken",
        story="Readings due, sent and acknowledged by the broker. A gap between due and taken is a backlog.",
        measurement="park_gateway",
        fields=("offered", "sent", "acknowledged"),
        across=Aggregate.SUM,
        unit="{msg}/s",
        low=0,
        rate_s=1,
        labels={"offered": "Due", "sent": "Sent", "acknowledged": "Acknowledged"},
    ),
    Panel(
        title="Latency to the broker",
        story="From the intended time of a reading to the broker's acknowledgement, the slowest gateway.",
        measurement="park_gateway",
        fields=("latency_p50", "latency_p95"),
        aggregate=Aggregate.MAX,
        across=Aggregate.MAX,
        low=0,
        labels={"latency_p50": "Median", "latency_p95": "95th percentile"},
    ),
)

_CARE = (
    _heading("What went wrong, and what was done about it", "Every line rests at zero on a good day."),
    Panel(
        title="Gaps",
        story="Sequence numbers that have not come; late readings close them. Not told in a group over hosts.",
        measurement="park_ingest",
        fields=("gaps",),
        aggregate=Aggregate.LAST,
        across=Aggregate.SUM,
        low=0,
        decimals=0,
        width=6,
        labels={"gaps": "Gaps"},
    ),
    Panel(
        title="Duplicates, late readings",
        story="By sequence numbers, per minute. Duplicates come with every reconnect and change nothing.",
        measurement="park_ingest",
        fields=("duplicates", "late"),
        across=Aggregate.SUM,
        unit="1/min",
        low=0,
        rate_s=60,
        width=6,
        labels={"duplicates": "Duplicates", "late": "Late"},
    ),
    Panel(
        title="Dead letters, retries, reconnects",
        story="Per minute. Retries mean that the store refused for a while.",
        measurement="park_ingest",
        fields=("dead_lettered", "retries", "reconnects"),
        across=Aggregate.SUM,
        unit="1/min",
        low=0,
        rate_s=60,
        width=6,
        labels={"dead_lettered": "Dead letters", "retries": "Retries", "reconnects": "Reconnects"},
    ),
    Panel(
        title="Devices",
        story="Devices seen since the start, and those that fell silent.",
        measurement="park_ingest",
        fields=("devices", "devices_silent"),
        aggregate=Aggregate.LAST,
        across=Aggregate.MAX,
        low=0,
        decimals=0,
        width=6,
        labels={"devices": "Seen", "devices_silent": "Silent"},
    ),
)

_COST = (
    _heading("Cost", "What a message costs the ingester."),
    Panel(
        title="Processor time per message",
        story="Decoding, batching, writing and acknowledging together.",
        measurement="park_ingest",
        fields=("cpu_per_message",),
        across=Aggregate.MEAN,
        low=0,
        width=8,
        labels={"cpu_per_message": "Per message"},
    ),
    Panel(
        title="Memory",
        story="Resident memory of each ingester; it does not grow with the number of messages.",
        measurement="park_ingest",
        fields=("memory",),
        aggregate=Aggregate.MAX,
        by=("instance",),
        low=0,
        width=8,
        labels={"memory": "Memory"},
    ),
    Panel(
        title="Write time",
        story="One write to the store, 95th percentile: the window is sized for it.",
        measurement="park_ingest",
        fields=("write_p95",),
        aggregate=Aggregate.MAX,
        by=("instance",),
        low=0,
        width=8,
        labels={"write_p95": "Write, 95th percentile"},
    ),
    Panel(
        title="Gateways",
        story="Each gateway's counters since its start; overruns were sent more than a second late.",
        measurement="park_gateway",
        fields=("offered", "acknowledged", "overruns", "reconnects", "latency_p95"),
        aggregate=Aggregate.LAST,
        by=("site", "instance"),
        view=View.TABLE,
        sort="-overruns",
        width=24,
        height=8,
    ),
)

PIPELINE_DASHBOARD = Dashboard(
    description="Readings from gateway to store: how many, how fast, and what happened to the rest; and commands.",
    panels=(*_NOW, *_FLOW, *COMMANDED, *_CARE, *_COST),
    icon="route",
    span_s=1800,
)
