"""What would tell of a person in what the town tells: a name, a number that is somebody's, a place finer than 100 m.

Texts are few words of a catalogue, so a name has nowhere to stand. A number has: so each is held to its channel's range
and decimals, is shorter than a telephone's or a card's, and has to have come about by what the device did in its life.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson

from park.catalogue import Behaviour, Channel, DeviceKind, ValueType
from park.event import RESERVED
from sectors import EVENTS, KINDS, SECTOR_OF

Message = tuple[str, dict[str, Any]]

#: 2026-01-01T00:00 local time, when the default town was commissioned.
COMMISSIONED = 1_767_196_800_000
SLUG = "[a-z0-9-]+"
TOPIC = re.compile(
    f"park/(?P<sector>{SLUG})/(?P<site>{SLUG})/(?P<kind>[a-z0-9_]+)/(?P<stem>{SLUG})-(?P<number>[0-9]{{6}})/"
    "(?P<leaf>telemetry|event)"
)
#: Words that a channel of a person's would be called by.
PERSONAL = re.compile(
    r"(^|_)(name|surname|person|people_id|patient|record|birth|age|sex|gender|address|phone|mail|plate|licen[cs]e|vin|"
    r"card(?!_reader)|account|iban|face|image|photo|picture|snapshot|url|mac|imei|imsi|track|subject|uuid|hash|embedding|id)(_|$)"
)
#: Kinds that carry their position about: vehicles at work.
VEHICLES = {"bus", "reefer_truck"}
COARSE = 3  # decimals of a degree: 111 m
#: Digits of numbers that are somebody's: telephones have 11, cards 16 to 19, persons 18. None of ours has so many.
SOMEBODYS = 10
#: A device's own figures that never change in a day are short: ratings and states.
LONG = 5
#: The most that a register gains in a day, and the years that a device has done at most what it does in this day.
MOST_A_DAY, LIFE_YEARS, YOUNG = 60_000, 3, 1000
_ROUNDING = 1e-6


@dataclass(kw_only=True)
class _Kept:
    """What one device said of one channel, and when, in order."""

    ts: list[int] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    @property
    def gained(self) -> float:
        return float(self.values[-1] - self.values[0])


def parsed(line: bytes) -> Message:
    """A line of `park generate`. A name that stands there twice would hide the first value."""
    told = orjson.loads(line)
    if line.count(b'":') != 2 + len(told["payload"]):
        told["payload"]["said_twice"] = True
    return told["topic"], told["payload"]


def findings(messages: Iterable[Message], sites: Iterable[str], devices: int) -> Iterator[str]:
    """Every personal datum, in words.

    Args:
        messages: topic and payload, in order of time for each device.
        sites: of the town.
        devices: how many the town has; none has a higher number.
    """
    known = set(sites)
    kept: dict[str, dict[str, dict[str, _Kept]]] = defaultdict(lambda: defaultdict(dict))
    for topic, payload in messages:
        matched = TOPIC.fullmatch(topic)
        kind = KINDS.get(matched["kind"]) if matched else None
        if matched is None or kind is None or not _of_the_town(matched, kind, known, devices):
            yield f"{topic}: no topic of a device with a number"
        elif matched["leaf"] == "event":
            yield from _of_event(topic, kind, payload)
        else:
            yield from _of_reading(topic, kind, payload, kept[kind.name])
    for name, channels in kept.items():
        for said, by_device in channels.items():
            yield from _of_channel(f"{name}.{said}", _SEQ if said == "seq" else KINDS[name].channel[said], by_device)


def _of_the_town(matched: re.Match[str], kind: DeviceKind, sites: set[str], devices: int) -> bool:
    return (
        matched["sector"] == SECTOR_OF[kind.name].name
        and matched["site"] in sites
        and matched["stem"] == kind.device_stem
        and int(matched["number"]) <= devices
    )


def _of_reading(
    topic: str, kind: DeviceKind, payload: Mapping[str, Any], kept: dict[str, dict[str, _Kept]]
) -> Iterator[str]:
    for name, value in payload.items():
        if name == "ts":
            continue
        if name != "seq" and name not in kind.channel:
            yield f"{topic}: {name}: a field of nobody's catalogue"
            continue
        if name in {"latitude", "longitude"} and kind.name not in VEHICLES and round(value, COARSE) != value:
            yield f"{topic}: {name}: {value} is finer than 100 m"
        of = kept[name].setdefault(topic, _Kept())
        of.ts.append(payload["ts"])
        of.values.append(value)


def _of_event(topic: str, kind: DeviceKind, payload: Mapping[str, Any]) -> Iterator[str]:
    event = EVENTS.types.get(payload["type"])
    if event is None:
        yield f"{topic}: {payload['type']!r}: an event of nobody's catalogue"
        return
    channels = {one.name: one for one in event.channels}
    for name, value in payload.items():
        where = f"{topic}: {name}"
        if name == "id" and not _numbers_a_happening(value, payload["ts"]):
            yield f"{where}: {value!r} is neither a count nor a time"
        elif name == "phase" and value not in event.phases:
            yield f"{where}: {value!r} is no phase"
        elif name not in {"ts", *RESERVED} and name not in channels:
            yield f"{where}: a field of nobody's catalogue"
        elif name in channels:
            yield from _of_values(where, channels[name], [value])
            if name in {"latitude", "longitude"} and (
                kind.personal or (kind.name not in VEHICLES and round(value, COARSE) != value)
            ):
                yield f"{where}: {value} tells where a person is"


def _numbers_a_happening(said: Any, ts: int) -> bool:
    return bool(re.fullmatch("[0-9]{1,5}", said)) or (said.isdecimal() and COMMISSIONED <= int(said) <= ts)


def _of_values(where: str, channel: Channel, values: list[Any]) -> Iterator[str]:
    if PERSONAL.search(channel.name):
        yield f"{where}: called after a person's"
    kinds = {type(value) for value in values}
    if channel.type is ValueType.TEXT or str in kinds:
        if free := {value for value in values if value not in channel.texts}:
            yield f"{where}: {sorted(map(str, free))[:3]} are free text"
    elif channel.type is ValueType.BOOL or bool in kinds:
        if kinds != {bool} or channel.type is not ValueType.BOOL:
            yield f"{where}: flags that are numbers, or numbers that are flags"
    else:
        numbers = np.array(values, dtype=np.float64)
        whole = numbers * channel.scale
        strays = (numbers < channel.low) | (numbers > channel.high) | (np.abs(whole - np.rint(whole)) > _ROUNDING)
        if strays.any():
            yield f"{where}: {numbers[strays][0]} is beyond the channel's range or decimals"
        elif np.abs(whole).max() >= 10 ** (SOMEBODYS - 1):
            yield f"{where}: {numbers.max()} is as long as somebody's number"


def _of_channel(where: str, channel: Channel, by_device: Mapping[str, _Kept]) -> Iterator[str]:
    wrong = list(_of_values(where, channel, [value for kept in by_device.values() for value in kept.values]))
    yield from wrong
    if wrong or channel.type in {ValueType.TEXT, ValueType.BOOL}:
        return
    if channel is _SEQ:
        yield from _of_slots(where, by_device)
    elif channel.behaviour is Behaviour.REGISTER:
        yield from _of_register(where, by_device)
    else:
        yield from _identities(where, by_device)


def _of_slots(where: str, by_device: Mapping[str, _Kept]) -> Iterator[str]:
    """`seq` counts the device's readings since the commissioning."""
    for device, kept in by_device.items():
        ms, slots = np.diff(kept.ts), np.diff(kept.values)
        if not len(ms):
            continue
        every = ms.min()
        if (ms != every * slots).any():
            yield f"{where}: {device} counts what are no readings"
        elif not -1 <= kept.values[0] - (kept.ts[0] - COMMISSIONED) / every <= 0:
            yield f"{where}: {device} has counted more than it can have sent"


def _of_register(where: str, by_device: Mapping[str, _Kept]) -> Iterator[str]:
    """A register is a count of what its device has done."""
    usual = max(min(kept.gained, MOST_A_DAY) for kept in by_device.values())
    for device, kept in by_device.items():
        if (np.diff(kept.values) < 0).any() or kept.gained > MOST_A_DAY:
            yield f"{where}: {device} runs back, or gained {kept.gained} in a day"
        elif kept.values[-1] > YOUNG + 365 * LIFE_YEARS * usual:
            yield f"{where}: {device} stands at {kept.values[-1]}, and cannot have come to it by {usual} a day"


def _identities(where: str, by_device: Mapping[str, _Kept]) -> Iterator[str]:
    """A long value that a device keeps all day and shares with no other: as good as a name."""
    lone = [kept.values[0] for kept in by_device.values() if min(kept.values) == max(kept.values)]
    shortest = min((len(str(value).replace(".", "").lstrip("-0")) for value in lone), default=0)
    if len(lone) == len(by_device) > 2 and len(set(lone)) == len(lone) and shortest >= LONG:
        yield f"{where}: every device keeps a value of its own all day"


_SEQ = Channel(
    name="slot", unit="1", description="Of `seq`", high=1e9, type=ValueType.INT, behaviour=Behaviour.REGISTER
)
