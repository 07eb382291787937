"""The real InfluxDB 1.x on a free port of 127.0.0.1, with a database ``park`` and no login."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import http
from tests.servers.find import require
from tests.servers.process import Process, Server, free_port

_CONFIG = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
{http}
[logging]
  level = "warn"
"""


@dataclass(frozen=True, kw_only=True)
class InfluxDB1(Server):
    """A running InfluxDB 1.x, which also takes writes on the v2 API."""

    url: str
    bucket: str = "park"

    def new_bucket(self) -> str:
        """Make an empty database and return its name."""
        name = f"test_{secrets.token_hex(6)}"
        self._create(name)
        return name

    def write(self, lines: bytes, *, bucket: str | None = None) -> None:
        """Write line protocol with timestamps in ms through the v2 API."""
        parameters = {"bucket": bucket or self.bucket, "precision": "ms"}
        http.call(f"{self.url}/api/v2/write", method="POST", query=parameters, body=lines)

    def influxql(self, statement: str, *, bucket: str | None = None) -> list[dict[str, object]]:
        """Run one InfluxQL statement and return its rows."""
        return http.influxql(self.url, statement, database=bucket or self.bucket)

    def _create(self, database: str) -> None:
        http.call(f"{self.url}/query", method="POST", query={"q": f'CREATE DATABASE "{database}"'})


@contextmanager
def run_influxdb1(folder: Path, *, http_config: Sequence[str] = ()) -> Iterator[InfluxDB1]:
    """Run InfluxDB 1.x with its data and log in ``folder``; ``http_config`` are further lines of its [http]."""
    program = require("influxd-1.13.2")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    config = folder / "influxdb1.conf"
    config.write_text(
        _CONFIG.format(folder=folder, port=port, rpc=free_port(), http="\n".join(http_config)), encoding="utf-8"
    )
    argv = [str(program), "-config", str(config)]
    process = Process(argv=argv, log=folder / "influxdb1.log", ready=lambda: http.healthy(f"{url}/ping"))
    process.start()
    try:
        server = InfluxDB1(port=port, folder=folder, process=process, url=url)
        server._create(server.bucket)
        yield server
    finally:
        process.stop()
