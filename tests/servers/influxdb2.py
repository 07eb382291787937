"""The real InfluxDB 2 on a free port of 127.0.0.1, set up with organisation and bucket ``park``."""

import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers import http
from tests.servers.find import require
from tests.servers.process import Process, Server, free_port

ORG = BUCKET = "park"


@dataclass(frozen=True, kw_only=True)
class Token:
    """What a client shows, and the id by which the server knows it."""

    id: str
    text: str = field(repr=False)


def _status(*, active: bool) -> str:
    return "active" if active else "inactive"


@dataclass(frozen=True, kw_only=True)
class InfluxDB2(Server):
    """A running InfluxDB 2; ``token`` may do everything."""

    url: str
    org: str = ORG
    bucket: str = BUCKET
    token: str = field(repr=False)

    def store_url(self, bucket: str | None = None) -> str:
        """Return the park's ``--store`` URL of a bucket."""
        return f"influxdb+{self.url}/{bucket or self.bucket}?org={self.org}"

    def new_bucket(self, *, retention_s: int = 0, suffix: str = "") -> str:
        """Make an empty bucket and return its name, which InfluxQL takes as its database; 0 keeps for ever."""
        name = f"test_{secrets.token_hex(6)}{suffix}"
        orgs = json.loads(http.call(f"{self.url}/api/v2/orgs", query={"org": self.org}, token=self.token))
        rules = [{"type": "expire", "everySeconds": retention_s}] if retention_s else []
        body = json.dumps({"orgID": orgs["orgs"][0]["id"], "name": name, "retentionRules": rules}).encode()
        http.call(f"{self.url}/api/v2/buckets", method="POST", body=body, token=self.token)
        return name

    def new_token(self, *, active: bool = True) -> "Token":
        """Make a token that may read and write every bucket; one that is not active is refused."""
        orgs = json.loads(http.call(f"{self.url}/api/v2/orgs", query={"org": self.org}, token=self.token))
        permissions = [{"action": action, "resource": {"type": "buckets"}} for action in ("read", "write")]
        wanted = {"orgID": orgs["orgs"][0]["id"], "permissions": permissions, "status": _status(active=active)}
        body = json.dumps(wanted).encode()
        made = json.loads(http.call(f"{self.url}/api/v2/authorizations", method="POST", body=body, token=self.token))
        return Token(id=made["id"], text=made["token"])

    def set_active(self, token: "Token", *, active: bool) -> None:
        """Let a token be accepted from now on, or refused."""
        body = json.dumps({"status": _status(active=active)}).encode()
        http.call(f"{self.url}/api/v2/authorizations/{token.id}", method="PATCH", body=body, token=self.token)

    def write(self, lines: bytes, *, bucket: str | None = None) -> None:
        """Write line protocol with timestamps in ms."""
        parameters = {"org": self.org, "bucket": bucket or self.bucket, "precision": "ms"}
        http.call(f"{self.url}/api/v2/write", method="POST", query=parameters, body=lines, token=self.token)

    def influxql(self, statement: str, *, bucket: str | None = None) -> list[dict[str, object]]:
        """Run one InfluxQL statement and return its rows."""
        return http.influxql(self.url, statement, database=bucket or self.bucket, token=self.token)


@contextmanager
def run_influxdb2(folder: Path, *, options: Sequence[str] = ()) -> Iterator[InfluxDB2]:
    """Run influxd with its data and log in ``folder``; ``options`` are further command-line options."""
    program = require("influxd")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    argv = [
        *(str(program), "--http-bind-address", f"127.0.0.1:{port}"),
        *("--bolt-path", str(folder / "influxd.bolt"), "--sqlite-path", str(folder / "influxd.sqlite")),
        *("--engine-path", str(folder / "engine"), "--reporting-disabled", "--log-level", "warn"),
        *options,
    ]
    process = Process(argv=argv, log=folder / "influxd.log", ready=lambda: http.healthy(f"{url}/health"))
    process.start()
    try:
        yield InfluxDB2(port=port, folder=folder, process=process, url=url, token=_set_up(url))
    finally:
        process.stop()


def _set_up(url: str) -> str:
    token = secrets.token_urlsafe(32)
    body = {
        "username": "park",
        "password": secrets.token_urlsafe(24),
        "org": ORG,
        "bucket": BUCKET,
        "token": token,
    }
    http.call(f"{url}/api/v2/setup", method="POST", body=json.dumps(body).encode())
    return token
