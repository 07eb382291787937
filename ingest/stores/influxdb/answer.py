"""What an InfluxDB answers to a write, sorted by one table into what it means for the rows.

Only 204 is success. A refusal is laid to the rows only where the answer speaks of lines; all else that no later attempt
can mend by itself is held until a person acts, for then it is the request that is wrong, and not what was measured.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import msgspec

from ingest.errors import Misconfigured, PartialWrite, Refused, Retryable, StoreError, TooLarge, Unauthorized
from ingest.stores.http import Answer
from ingest.stores.influxdb.line import escape
from ingest.stores.influxdb.url import TOKEN_VARIABLE

ACCEPTED = HTTPStatus.NO_CONTENT
"""The one answer of InfluxDB 1 to 3, VictoriaMetrics, QuestDB and GreptimeDB to lines that they have taken."""

_DROPPED = re.compile(r"dropped=(\d+)")
_CONFLICT = re.compile(r'input field "(.*)" on measurement "(.*)" is type')
_TOO_OLD = re.compile(r"Retention Policy Lower Bound at (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)")


def error_of(where: str, answer: Answer) -> StoreError:
    """The error that an answer means.

    Args:
        where: the store, to be named in the message.
        answer: of any status but `ACCEPTED`.
    """
    text = _message(answer.body)
    said = _Said(message=f"{where} answered {answer.status}: {text}", text=text, answer=answer)
    for status, words, meaning in _TABLE:
        if answer.status in status and words.search(text) and not (meaning in _OF_LINES and _is_page(answer)):
            return meaning(said)
    return _foreign(said)


@dataclass(frozen=True, kw_only=True)
class _Said:
    """An answer: its text, and the message that tells a person of it."""

    message: str
    text: str
    answer: Answer


def _partial(said: _Said) -> StoreError:
    dropped = _DROPPED.search(said.text)
    return PartialWrite(said.message, dropped=int(dropped[1]) if dropped else None, suspects=_suspects(said.text))


def _refused(said: _Said) -> StoreError:
    return Refused(said.message)


def _too_large(said: _Said) -> StoreError:
    return TooLarge(said.message)


def _later(said: _Said) -> StoreError:
    return Retryable(said.message, after_s=_retry_after(said.answer.headers))


def _unauthorized(said: _Said) -> StoreError:
    hint = f"give a token that may write to the bucket by {TOKEN_VARIABLE} or {TOKEN_VARIABLE}_FILE"
    return Unauthorized(f"{said.message}; {hint}")


def _limit(said: _Said) -> StoreError:
    return Misconfigured(f"{said.message}; raise this limit of the store, or delete series")


def _no_bucket(said: _Said) -> StoreError:
    return Misconfigured(f"{said.message}; create the bucket, or correct bucket and org in the store URL")


def _wrong_scheme(said: _Said) -> StoreError:
    return Misconfigured(f"{said.message}; write influxdb+https:// instead of influxdb+http://, or use its plain port")


def _not_of_lines(said: _Said) -> StoreError:
    return Misconfigured(f"{said.message}; no line is blamed, so it is the store URL or the store that is wrong")


def _foreign(said: _Said) -> StoreError:
    """No row of the table: a success that is not the store's own, a page of something else, or a redirection."""
    return Misconfigured(f"{said.message}; a store answers {ACCEPTED:d}, so this is none: correct the store URL")


_ANY = re.compile("")
_LINES = re.compile(
    r"partial write|(unable|failed|cannot|could not) (to )?parse|line protocol|field type conflict", re.IGNORECASE
)
_OF_LINES = (_partial, _refused)

#: Statuses, words in the answer, and what both together mean; the first that fits counts.
_TABLE: tuple[tuple[frozenset[int] | range, re.Pattern[str], Callable[[_Said], StoreError]], ...] = (
    (frozenset({413}), _ANY, _too_large),
    (frozenset({401, 403}), _ANY, _unauthorized),
    (frozenset({408, 425, 429}), _ANY, _later),
    (range(400, 600), re.compile(r"max-(series|values)-per-|limit exceeded"), _limit),
    (range(400, 600), re.compile(r"(database|retention policy|bucket|organization)\b.*not found"), _no_bucket),
    (frozenset({400, 422}), re.compile(r"partial write", re.IGNORECASE), _partial),
    (frozenset({422}), _LINES, _partial),
    (frozenset({400}), _LINES, _refused),
    (frozenset({400}), re.compile(r"HTTP request to an HTTPS server|plain HTTP request was sent"), _wrong_scheme),
    (frozenset({400, 422}), re.compile(r"\borg(ID|anization)?\b|\bbucket\b|\bdatabase\b"), _no_bucket),
    (frozenset({404}), _ANY, _no_bucket),
    (range(500, 600), _ANY, _later),
    (range(400, 500), _ANY, _not_of_lines),
)


def _is_page(answer: Answer) -> bool:
    """Whether it is for a browser: what a proxy or a web server says, whatever words are in it."""
    return "html" in answer.headers.get("content-type", "") or answer.body.lstrip()[:1] == b"<"


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
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        answer = None
    if isinstance(answer, dict):
        text = answer.get("message") or answer.get("error") or answer
        return str(text)[:1000]
    return raw.decode(errors="replace").strip()[:1000]


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds; a date is allowed too, and anything else says nothing."""
    told = headers.get("retry-after", "")
    with suppress(ValueError):
        return max(0.0, float(told))
    try:
        until = parsedate_to_datetime(told)
    except ValueError:
        return 0.0
    now = dt.datetime.now(dt.UTC)
    return max(0.0, (until.replace(tzinfo=until.tzinfo or dt.UTC) - now).total_seconds())
