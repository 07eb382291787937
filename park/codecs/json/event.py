"""Events as JSON: `{"ts": 1767225600000, "id": "7", "type": "rain_spell", "phase": "begin"}`, one flat object each.

Events are rare and are JSON whatever codec the readings of their gateway have.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import msgspec

from park.codecs.json.read import EARLIEST_MS, LATEST_MS, TYPES, reason_of
from park.errors import DecodeError
from park.event import ID, Event, EventType, Phase
from park.rejection import Reason

_HEAD = ("ts", "id", "type", "phase")


class _Typed(msgspec.Struct):
    type: str


def event_decoder(types: Mapping[str, EventType]) -> Callable[[bytes], Event]:
    """A function that reads an event of one of the types; it raises `DecodeError`."""
    structs = {name: _struct(event_type) for name, event_type in types.items()}

    def read(payload: bytes) -> Event:
        name = _decode(payload, _Typed, "an event").type
        event_type = types.get(name)
        if event_type is None:
            raise DecodeError(Reason.UNKNOWN_EVENT, f"event type {name[:64]!r} is in no catalogue")
        told = msgspec.structs.asdict(_decode(payload, structs[name], name))
        ts, event_id, _, phase = (told.pop(key) for key in _HEAD)
        values = {key: value for key, value in told.items() if value is not msgspec.UNSET}
        return Event(type=event_type, ts=ts, id=event_id, phase=Phase(phase), values=values)

    return read


def encode_event(event: Event) -> bytes:
    """The payload of an event."""
    names = [channel.name for channel in event.type.channels if channel.name in event.values]
    head = {"ts": event.ts, "id": event.id, "type": event.type.name, "phase": event.phase.value}
    return msgspec.json.encode(head | {name: event.values[name] for name in names})


def _struct(event_type: EventType) -> type[msgspec.Struct]:
    phases = tuple(phase.value for phase in event_type.phases)
    fields: list[Any] = [
        ("ts", Annotated[int, msgspec.Meta(ge=EARLIEST_MS, le=LATEST_MS)]),
        ("id", Annotated[str, msgspec.Meta(pattern=rf"^{ID}\Z")]),
        ("type", str),
        ("phase", Literal.__getitem__(phases)),
    ]
    channels = event_type.channels
    fields += [(channel.name, TYPES[channel.type] | msgspec.UnsetType, msgspec.UNSET) for channel in channels]
    return msgspec.defstruct(event_type.name, fields, forbid_unknown_fields=True)


def _decode(payload: bytes, struct: Any, what: str) -> Any:
    try:
        return msgspec.json.decode(payload, type=struct)
    except msgspec.ValidationError as error:
        raise DecodeError(reason_of(str(error)), f"{what}: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError(Reason.MALFORMED, f"{what}: {error}") from None
