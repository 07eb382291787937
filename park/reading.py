"""A reading, and the verdict on a message that is none."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class Reason(enum.StrEnum):
    """Why a message was not stored."""

    BAD_TOPIC = "bad-topic"
    UNKNOWN_KIND = "unknown-kind"
    UNKNOWN_CODEC = "unknown-codec"
    MALFORMED = "malformed-payload"
    UNKNOWN_CHANNEL = "unknown-channel"
    WRONG_TYPE = "wrong-type"
    BAD_TIMESTAMP = "bad-timestamp"
    OVERSIZE = "oversize-payload"
    TOO_MANY_DEVICES = "too-many-devices"
    STORE_REFUSED = "store-refused"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One reading of one device, as it is meant to be stored.

    Attributes:
        ts: intended time of measurement, Unix milliseconds.
        seq: the slot since commissioning; +1 per reading.
        values: channel name to value; a channel that was not measured is absent.
    """

    sector: str
    site: str
    kind: str
    device: str
    ts: int
    seq: int
    values: Mapping[str, float | int | bool | str]


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """A message that cannot be stored, with the reason and all it takes to replay it."""

    reason: Reason
    detail: str
    topic: str
    payload: bytes
    content_type: str | None = None
