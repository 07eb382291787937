"""The ingester for Prometheus and for health probes, over a few lines of HTTP."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Self

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

from ingest.errors import IngestError
from ingest.figures import BY_REASON, DISTRIBUTIONS, FIGURES
from ingest.options import MetricsAddress
from ingest.status import Status
from park.catalogue import Behaviour, Channel
from park.latency import BOUNDS_MS, BUCKETS_PER_OCTAVE, Latencies
from park.pipeline import INGEST
from park.safe_text import printable
from park.units import symbol

_REQUEST_LIMIT_S = 5.0
_END = b"\r\n\r\n"
_CONNECTIONS = 32
"""At once; a further one takes the place of the oldest, so that nobody can keep the probes out."""
_TEXT = "text/plain; charset=utf-8"


class StatusCollector(Collector):
    """Reads the counters when Prometheus asks, so that counting itself costs nothing more."""

    def __init__(self, status: Status) -> None:
        self._status = status

    def collect(self) -> Iterable[Metric]:
        """Everything, as it is now."""
        for channel in (*INGEST.fields, *INGEST.asked):
            name, text = f"{INGEST.name}_{channel.name}", _meaning(channel)
            if channel.name in DISTRIBUTIONS:
                yield _histogram(name, text, DISTRIBUTIONS[channel.name](self._status))
            elif channel.name in BY_REASON:
                yield _by_reason(name, text, BY_REASON[channel.name](self._status))
            elif (value := FIGURES.get(channel.name, _untold)(self._status)) is not None:
                yield _FAMILIES[channel.behaviour](name, text, value=value)


#: Figures of the last ten seconds are the store's: Prometheus makes its own from what runs from the start.
def _untold(_status: Status) -> None:
    return None


_FAMILIES = {Behaviour.REGISTER: CounterMetricFamily, Behaviour.GAUGE: GaugeMetricFamily}


def _meaning(channel: Channel) -> str:
    unit = symbol(channel.unit)
    return f"{channel.description}, {unit}" if unit else channel.description


def _by_reason(name: str, text: str, reasons: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=["reason"])
    for reason, count in sorted(reasons.items()):
        family.add_metric([reason], count)
    return family


def _histogram(name: str, text: str, latencies: Latencies) -> Metric:
    cumulative = list(accumulate(latencies.counts))
    steps = range(BUCKETS_PER_OCTAVE - 1, len(BOUNDS_MS), BUCKETS_PER_OCTAVE)  # one an octave is enough
    buckets = [(f"{BOUNDS_MS[i] / 1000:.6g}", float(cumulative[i])) for i in steps]
    buckets.append(("+Inf", float(cumulative[-1])))
    return HistogramMetricFamily(name, text, buckets=buckets, sum_value=latencies.total_ms / 1000)


def read_page(text: str) -> dict[str, int]:
    """The counters of such a page by name; those that are told by reason are added up.

    Raises:
        ValueError: it is none.
    """
    from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415 - no ingester reads pages

    found: Counter[str] = Counter()
    for family in text_string_to_metric_families(text):
        name = family.name.removeprefix(f"{INGEST.name}_")
        if family.type == "counter" and name != family.name:
            # A counter that is told by reason has no sample before its first one.
            found[name] += sum(int(one.value) for one in family.samples if one.name.endswith("_total"))
    return dict(found)


class MetricsServer:
    """`/metrics` for Prometheus, `/livez`: the loop runs, `/readyz`: everything works, or 503 and what does not."""

    def __init__(self, status: Status, address: MetricsAddress) -> None:
        self._status = status
        self._address = address
        self._registry = CollectorRegistry()
        self._registry.register(StatusCollector(status))
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.StreamWriter, None] = {}

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            IngestError: the address is taken or not ours.
        """
        host, port = self._address.host, self._address.port
        try:
            self._server = await asyncio.start_server(self._serve, host, port)
        except (OSError, OverflowError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise IngestError(f"metrics cannot be served on {host}:{port}: {reason}") from None
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = None
        if len(self._open) > _CONNECTIONS:
            next(iter(self._open)).transport.abort()
        try:
            async with asyncio.timeout(_REQUEST_LIMIT_S):
                head = await reader.readuntil(_END)
                answer = self._answer(head)
                if head.startswith(b"HEAD "):
                    answer = answer[: answer.index(_END) + len(_END)]
                writer.write(answer)
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._open.pop(writer, None)
            writer.close()

    def _answer(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if method not in (b"GET", b"HEAD"):
            return _response("405 Method Not Allowed", _TEXT, b"only GET\n")
        if path == b"/metrics":
            return _response("200 OK", CONTENT_TYPE_LATEST, generate_latest(self._registry))
        if path == b"/livez":
            return _response("200 OK", _TEXT, b"alive\n")
        if path == b"/readyz":
            troubles = self._status.troubles()
            state = "503 Service Unavailable" if troubles else "200 OK"
            return _response(state, _TEXT, ("\n".join(map(printable, troubles or ["ready"])) + "\n").encode())
        return _response("404 Not Found", _TEXT, b"/metrics, /livez, /readyz\n")


def _response(status: str, content_type: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
