"""What an InfluxDB answers to a write that it does not take, as an error."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus

import msgspec

from ingest.errors import Misconfigured, PartialWrite, Refused, Retryable, StoreError, TooLarge, Unauthorized
from ingest.stores.http import Answer
from ingest.stores.influxdb.line import escape
from ingest.stores.influxdb.url import TOKEN_VARIABLE

_PARTIAL = "partial write"
_DROPPED = re.compile(r"dropped=(\d+)")
_CONFLICT = re.compile(r'input field "(.*)" on measurement "(.*)" is type')
_TOO_OLD = re.compile(r"Retention Policy Lower Bound at (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)")


def error_of(where: str, answer: Answer) -> StoreError:
    """The error that an answer means.

    Args:
        where: the store, to be named in the message.
        answer: of any status but success.
    """
    status, text = answer.status, _message(answer.body)
    message = f"{where} answered {status}: {text}"
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return TooLarge(message)
    if _PARTIAL in text or status == HTTPStatus.UNPROCESSABLE_ENTITY:
        dropped = _DROPPED.search(text)
        return PartialWrite(message, dropped=int(dropped[1]) if dropped else None, suspects=_suspects(text))
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        hint = f"give a token that may write to the bucket by {TOKEN_VARIABLE} or {TOKEN_VARIABLE}_FILE"
        return Unauthorized(f"{message}; {hint}")
    if status == HTTPStatus.NOT_FOUND or HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return Misconfigured(f"{message}; create the bucket, or correct bucket and org in the store URL")
    if status == HTTPStatus.BAD_REQUEST:
        return Refused(message)
    return Retryable(message, after_s=_retry_after(answer.headers))


def _suspects(text: str) -> Callable[[bytes], bool] | None:
    """Which lines may have been dropped: those with the field of a conflict, or those before the retention."""
    if conflict := _CONFLICT.search(text):
        field, measurement = (escape(name).encode() for name in conflict.groups())
        return lambda line: line.startswith(measurement + b",") and (b" %b=" % field in line or b",%b=" % field in line)
    if bound := _TOO_OLD.search(text):
        with suppress(ValueError):  # digits that are no date
            # The bound is cut to its second, and moves on with the clock.
            bound_ms = (dt.datetime.fromisoformat(bound[1] + "+00:00").timestamp() + 2) * 1000
            return lambda line: int(line[line.rindex(b" ") :]) < bound_ms
    return None


def _message(raw: bytes) -> str:
    """What the server says, shortened; it answers in JSON, whose key depends on its version."""
    try:
        answer = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        answer = None
    if isinstance(answer, dict):
        text = answer.get("message") or answer.get("error") or answer
        return str(text)[:1000]
    return raw.decode(errors="replace").strip()[:1000]


def _retry_after(headers: Mapping[str, str]) -> float:
    try:
        return max(0.0, float(headers.get("retry-after", "0")))
    except ValueError:  # a date; our own back-off serves
        return 0.0
