"""The few HTTP calls that tests make to a store beside the code under test."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping

# A proxy of the environment must never come between the tests and 127.0.0.1.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class HttpError(RuntimeError):
    """The server answered with an error status; the message holds its body."""


def call(
    url: str,
    *,
    method: str = "GET",
    query: Mapping[str, str] | None = None,
    body: bytes | None = None,
    token: str = "",
    timeout: float = 30.0,
) -> bytes:
    """Send one request and return the answer's body.

    Raises:
        HttpError: on any status from 400 up.
        OSError: if nobody answers.
    """
    full = f"{url}?{urllib.parse.urlencode(query)}" if query else url
    headers = {"Authorization": f"Token {token}"} if token else {}
    request = urllib.request.Request(full, data=body, headers=headers, method=method)
    try:
        with _OPENER.open(request, timeout=timeout) as response:
            answer: bytes = response.read()
            return answer
    except urllib.error.HTTPError as error:
        with error:
            raise HttpError(f"{method} {url}: {error.code} {error.read().decode(errors='replace')}") from None


def healthy(url: str) -> bool:
    """Tell whether a GET answers with success."""
    try:
        call(url, timeout=2.0)
    except (OSError, HttpError):
        return False
    return True


def influxql(url: str, statement: str, *, database: str, token: str = "") -> list[dict[str, object]]:
    """Run one InfluxQL statement; return its rows as dicts with the tags, ``name``, and ``time`` in ms."""
    parameters = {"db": database, "q": statement, "epoch": "ms"}
    answer = json.loads(call(f"{url}/query", query=parameters, token=token))
    result = answer["results"][0]
    if "error" in result:
        raise HttpError(f"{statement}: {result['error']}")
    return [
        {"name": series["name"], **series.get("tags", {}), **dict(zip(series["columns"], row, strict=True))}
        for series in result.get("series", [])
        for row in series["values"]
    ]
