"""A bucket's address, `influxdb+http://host:8086/bucket?org=name`, and the token that opens it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote

from ingest.errors import BadStoreUrl, MissingSecret
from mqttlink import is_host

SCHEMES = ("influxdb+http", "influxdb+https")
FORM = "influxdb+http://, influxdb+https://"
TOKEN_VARIABLE = "INFLUXDB_V2_TOKEN"  # noqa: S105 - the variable's name
SECRET = TOKEN_VARIABLE


@dataclass(frozen=True, kw_only=True)
class InfluxUrl:
    """A bucket of an InfluxDB, or of anything that takes its line protocol."""

    endpoint: str
    bucket: str
    org: str

    @property
    def scheme(self) -> str:
        """Finds the store's folder."""
        return f"influxdb+{self.endpoint.partition(':')[0]}"

    @property
    def shareable(self) -> bool:
        """Any number of processes may write to a server."""
        return True

    @property
    def file(self) -> None:
        """It is a server."""
        return

    @property
    def database(self) -> str:
        """InfluxQL's name of it: what stands before the first slash."""
        return self.bucket.partition("/")[0]

    @property
    def retention_policy(self) -> str:
        """What stands behind the slash: InfluxDB 1 calls it so, and 2 takes the whole for a bucket's name."""
        return self.bucket.partition("/")[2]

    @property
    def other_scheme(self) -> str:
        """What to do where this one is not spoken."""
        if self.endpoint.startswith("https"):
            return "it speaks no TLS: write influxdb+http:// instead of influxdb+https://, or use its TLS port"
        return "it speaks TLS: write influxdb+https:// instead of influxdb+http://, or use its plain port"

    def __str__(self) -> str:
        return f"influxdb+{self.endpoint}/{self.bucket}"


def parse(parts: SplitResult) -> InfluxUrl:
    """The bucket that a URL names.

    Raises:
        BadStoreUrl: what is wrong; the message never repeats a password or token.
    """
    query = parse_qs(parts.query, keep_blank_values=True)
    if unknown := sorted(set(query) - {"org"}):
        # Where an @ follows, what stands before it may be a password with a question mark in it.
        named = "an unknown parameter" if "@" in parts.query else f"the unknown parameter {unknown[0]!r}"
        raise BadStoreUrl(f"the store URL has {named}; only org is known")
    url = parts.geturl()
    if not parts.hostname:
        raise BadStoreUrl(f"the store URL {url!r} names no host")
    bucket = unquote(parts.path.strip("/"))
    if not bucket:
        raise BadStoreUrl(f"the store URL {url!r} names no bucket: influxdb+http://host:8086/BUCKET?org=ORG")
    if not bucket.isprintable() or "//" in bucket:
        raise BadStoreUrl(f"the store URL {url!r} names the bucket {bucket!r}: BUCKET or DATABASE/POLICY is meant")
    if parts.port == 0:
        raise BadStoreUrl(f"the store URL {url!r} names port 0")
    if not is_host(parts.hostname):
        raise BadStoreUrl(f"the store URL {url!r} names the host {parts.hostname!r}, which is no name and no address")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    endpoint = f"{parts.scheme.removeprefix('influxdb+')}://{host}:{parts.port or 8086}"
    return InfluxUrl(endpoint=endpoint, bucket=bucket, org=query.get("org", [""])[-1])


def read_token(environ: Mapping[str, str]) -> str:
    """The InfluxDB token from the environment or the file that it names; empty if neither is set.

    Raises:
        MissingSecret: the named file cannot be read or is empty, or what it holds is no token.
    """
    if token := environ.get(TOKEN_VARIABLE):
        return _checked(token.strip(), TOKEN_VARIABLE)
    name = environ.get(f"{TOKEN_VARIABLE}_FILE")
    if not name:
        return ""
    try:
        token = Path(name).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise MissingSecret(f"{TOKEN_VARIABLE}_FILE: {error}") from None
    except UnicodeDecodeError:
        raise MissingSecret(f"{TOKEN_VARIABLE}_FILE: {name} is no text") from None
    if not token:
        raise MissingSecret(f"{TOKEN_VARIABLE}_FILE: {name} is empty")
    return _checked(token, f"{TOKEN_VARIABLE}_FILE: {name}")


def _checked(token: str, where: str) -> str:
    """The token, if a header can carry it; what is wrong is told without it."""
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise MissingSecret(f"{where} holds no token: blanks, line breaks or letters beyond ASCII are in it")
    return token
