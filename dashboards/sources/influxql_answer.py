"""What a server answers to a statement of InfluxQL, whoever it may be."""

from typing import Any

import httpx

from dashboards.errors import SourceError

_SHOWN = 500


def series_of(statement: str, response: httpx.Response) -> list[dict[str, Any]]:
    """The series of an answer to one statement.

    Raises:
        SourceError: it refuses the statement, or is no InfluxDB.
    """
    try:
        body = response.json()
    except (ValueError, RecursionError) as error:
        raise _foreign(response, str(error)) from error
    results = body.get("results") if isinstance(body, dict) and response.is_success else [body]
    result = results[0] if isinstance(results, list) and results else None
    if not isinstance(result, dict):
        raise _foreign(response, str(body))
    if "error" in result or not response.is_success:
        said = str(result.get("error") or result.get("message") or body)
        raise SourceError(f"{statement}: {said[:_SHOWN]}")
    series = result.get("series", [])
    if not isinstance(series, list) or not all(isinstance(one, dict) for one in series):
        raise _foreign(response, str(body))
    return series


def _foreign(response: httpx.Response, said: str) -> SourceError:
    url = response.request.url
    return SourceError(f"{url.scheme}://{url.netloc.decode()} does not answer InfluxQL: {said[:_SHOWN]}")
