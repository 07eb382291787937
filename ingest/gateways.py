"""Gateways: their births and wills, and their own figures."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import msgspec

from ingest.batch import Batch
from ingest.handler import Context, Handler, SiteState
from ingest.messages import Message
from ingest.stores.base import Render, Row, Series
from park.codecs.json.read import EARLIEST_MS, LATEST_MS, TYPES, reason_of
from park.errors import DecodeError
from park.pipeline import GATEWAY
from park.rejection import Reason
from park.topics import GatewayTopic, parse_gateway


class _State(msgspec.Struct):
    state: Literal["online", "offline", "stopped"]
    live_from: int | None = None


def states(context: Context) -> Handler:
    """Remembers who is online, and since when a site's readings are live; gives no rows."""
    read = msgspec.json.Decoder(_State).decode

    def handle(message: Message, _batch: Batch) -> Sequence[Row]:
        where = parse_gateway(message.topic)
        told = _read(read, message.payload)
        gateway = (where.site, where.shard)
        if len(context.gateways) < context.max_devices or gateway in context.gateways:
            online = context.gateways[gateway] = told.state == "online"
            # The will of a gateway that dies was written before it knew; only one that is at work can say.
            if online:
                context.sites.setdefault(where.site, SiteState()).live_from = told.live_from or 0
        return ()

    return handle


class Figures:
    """Handles the figures of gateways: a row of `park_gateway` each."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._renders: dict[str, Render] = {}
        self._read = msgspec.json.Decoder(_figures_struct()).decode

    def __call__(self, message: Message, batch: Batch) -> Sequence[Row]:
        """The figures' row."""
        where = parse_gateway(message.topic)
        told = _read(self._read, message.payload, reason_of)
        if all(getattr(told, channel.name) is msgspec.UNSET for channel in GATEWAY.fields):
            raise DecodeError(Reason.MALFORMED, f"{GATEWAY.name}: no figure in it")
        render = self._renders.get(message.topic)
        if render is None:
            most = self._context.max_devices
            if len(self._renders) >= most:
                raise DecodeError(Reason.TOO_MANY_DEVICES, f"more than {most} gateways")
        site = self._context.site(where.site)
        self._context.admit(site, told.ts, batch.opened_ms)
        if render is None:
            self._context.sites[where.site] = site
            render = self._renders[message.topic] = self._context.render(_series(where))
        return (render(told),)


def _malformed(_said: str) -> Reason:
    return Reason.MALFORMED


def _read(decode: Callable[[bytes], Any], payload: bytes, reason: Callable[[str], Reason] = _malformed) -> Any:
    try:
        return decode(payload)
    except msgspec.ValidationError as error:
        raise DecodeError(reason(str(error)), f"a gateway's message: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError(Reason.MALFORMED, f"a gateway's message: {error}") from None


def _figures_struct() -> type[msgspec.Struct]:
    fields: list[Any] = [("ts", Annotated[int, msgspec.Meta(ge=EARLIEST_MS, le=LATEST_MS)])]
    fields += [(channel.name, TYPES[channel.type] | msgspec.UnsetType, msgspec.UNSET) for channel in GATEWAY.fields]
    return msgspec.defstruct(GATEWAY.name, fields, forbid_unknown_fields=True, gc=False)


def _series(where: GatewayTopic) -> Series:
    tags = {"instance": f"gw-{where.site}-{where.shard}", "site": where.site}
    return Series(
        measurement=GATEWAY.name,
        tags=tuple((tag, tags[tag]) for tag in GATEWAY.tags),
        fields=GATEWAY.fields,
        has_seq=False,
    )
