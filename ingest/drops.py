"""The broker's own count of what it has dropped: the one sign of a queue that was full."""

from collections.abc import Sequence

from ingest.batch import Batch
from ingest.handler import Context, Handler
from ingest.messages import Message
from ingest.stores.base import Row
from park.errors import DecodeError
from park.rejection import Reason

DROPPED_TOPIC = "$SYS/broker/publish/messages/dropped"


def drops(context: Context) -> Handler:
    """Tells the count; gives no rows."""

    def handle(message: Message, _batch: Batch) -> Sequence[Row]:
        if not message.payload.isdigit() or len(message.payload) > 20:
            raise DecodeError(Reason.MALFORMED, "the broker's count of dropped messages is no number")
        context.dropped(int(message.payload))
        return ()

    return handle
