"""The real VictoriaMetrics on a free port of 127.0.0.1."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import http
from tests.servers.find import require
from tests.servers.process import Process, Server, free_port


@dataclass(frozen=True, kw_only=True)
class Victoria(Server):
    """A running VictoriaMetrics, which takes line protocol on InfluxDB's write path."""

    url: str

    def write(self, lines: bytes) -> None:
        """Write line protocol with timestamps in ms."""
        http.call(f"{self.url}/api/v2/write", method="POST", query={"precision": "ms"}, body=lines)

    def export(self, match: str) -> list[dict[str, object]]:
        """Return the series that a PromQL selector matches: ``metric``, ``values`` and ``timestamps``."""
        http.call(f"{self.url}/internal/force_flush")
        parameters = {"match[]": match, "start": "0"}
        answer = http.call(f"{self.url}/api/v1/export", query=parameters)
        return [json.loads(line) for line in answer.splitlines()]


@contextmanager
def run_victoria(folder: Path) -> Iterator[Victoria]:
    """Run VictoriaMetrics with its data and log in ``folder``, keeping readings of any age."""
    program = require("victoria-metrics", "victoria-metrics-prod")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    argv = [
        *(str(program), f"-httpListenAddr=127.0.0.1:{port}", f"-storageDataPath={folder / 'victoria'}"),
        *("-retentionPeriod=100y", "-loggerLevel=WARN", "-memory.allowedBytes=256MB"),
    ]
    process = Process(argv=argv, log=folder / "victoria.log", ready=lambda: http.healthy(f"{url}/health"))
    process.start()
    try:
        yield Victoria(port=port, folder=folder, process=process, url=url)
    finally:
        process.stop()
