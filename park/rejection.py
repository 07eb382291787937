"""The verdict on a message that is neither a reading nor an event, nor a gateway's."""

import enum
from dataclasses import dataclass


class Reason(enum.StrEnum):
    """Why a message was not stored."""

    BAD_TOPIC = "bad-topic"
    UNKNOWN_KIND = "unknown-kind"
    UNKNOWN_EVENT = "unknown-event"
    UNKNOWN_CODEC = "unknown-codec"
    MALFORMED = "malformed-payload"
    UNKNOWN_CHANNEL = "unknown-channel"
    WRONG_TYPE = "wrong-type"
    BAD_TIMESTAMP = "bad-timestamp"
    OVERSIZE = "oversize-payload"
    TOO_MANY_DEVICES = "too-many-devices"
    STORE_REFUSED = "store-refused"


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """A message that cannot be stored, with the reason and all it takes to replay it."""

    reason: Reason
    detail: str
    topic: str
    payload: bytes
    content_type: str | None = None
