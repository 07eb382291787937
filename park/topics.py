"""Topics: how they are formed, read and subscribed to. Pure functions on strings.

park/{sector}/{site}/{kind}/{device}/telemetry     readings
park/{sector}/{site}/{kind}/{device}/event         what happens between two readings: park/event.py
park/{sector}/{site}/{kind}/{device}/label         what is wrong with it on purpose, which no detector may hear
park/{sector}/{site}/{kind}/{device}/command/{actor}   what an actor commands: park/command.py
park/{sector}/{site}/{kind}/{device}/ack           what became of it
park/{sector}/{site}/{kind}/{device}/state         retained
park/replies/{actor}/{site}                        the same answers, for the actor who asked; further levels are its own
park/control/{actor}/{kind}/{device}/{group}       retained: what a controller has told a device last
park/gateways/{site}/{shard}/state                 retained birth and will of a gateway
park/gateways/{site}/{shard}/stats                 a gateway's own figures
park/gateways/{site}/{shard}/orders                retained: since when its devices have been commanded
"""

import re
from dataclasses import dataclass

from park.errors import TopicError

TELEMETRY_FILTER = "park/+/+/+/+/telemetry"
EVENT_FILTER = "park/+/+/+/+/event"
LABEL_FILTER = "park/+/+/+/+/label"
GATEWAY_STATE_FILTER = "park/gateways/+/+/state"
GATEWAY_STATS_FILTER = "park/gateways/+/+/stats"
COMMAND_FILTER = "park/+/+/+/+/command/+"
CONTROL_FILTER = "park/control/#"

ACTOR = "[a-z0-9-]{1,32}"
"""Who commands: the name of an account."""
_LEVEL = r"[a-z0-9-]+"
_DEVICE = re.compile(rf"park/({_LEVEL})/({_LEVEL})/([a-z0-9_-]+)/({_LEVEL})/([a-z]+)")
_COMMAND = re.compile(rf"(park/{_LEVEL}/{_LEVEL}/[a-z0-9_-]+/{_LEVEL}/)command/({ACTOR})")
_GATEWAY = re.compile(rf"park/gateways/({_LEVEL})/([0-9]+)/(state|stats)")
MAX_TOPIC = 256


@dataclass(frozen=True, kw_only=True)
class DeviceTopic:
    """Where a reading or an event comes from, as its topic says."""

    sector: str
    site: str
    kind: str
    device: str


@dataclass(frozen=True, kw_only=True)
class GatewayTopic:
    """A gateway's topic; `leaf` is state or stats."""

    site: str
    shard: int
    leaf: str


def telemetry_topic(sector: str, site: str, kind: str, device: str) -> str:
    """The topic of a device's readings.

    Raises:
        TopicError: a part is not lower-case letters, digits and dashes.
    """
    return _device_topic(sector, site, kind, device, "telemetry")


def event_topic(sector: str, site: str, kind: str, device: str) -> str:
    """The topic of a device's events.

    Raises:
        TopicError: a part is not lower-case letters, digits and dashes.
    """
    return _device_topic(sector, site, kind, device, "event")


def label_topic(sector: str, site: str, kind: str, device: str) -> str:
    """The topic of the truth about a device's faults.

    Raises:
        TopicError: a part is not lower-case letters, digits and dashes.
    """
    return _device_topic(sector, site, kind, device, "label")


def parse_telemetry(topic: str) -> DeviceTopic:
    """The parts of a telemetry topic.

    Raises:
        TopicError: the topic is out of shape.
    """
    return _parse_device(topic, "telemetry")


def parse_event(topic: str) -> DeviceTopic:
    """The parts of an event topic.

    Raises:
        TopicError: the topic is out of shape.
    """
    return _parse_device(topic, "event")


def parse_label(topic: str) -> DeviceTopic:
    """The parts of a label topic.

    Raises:
        TopicError: the topic is out of shape.
    """
    return _parse_device(topic, "label")


def command_topic(where: DeviceTopic, actor: str) -> str:
    """Where an actor commands a device.

    Raises:
        TopicError: a part is out of shape.
    """
    topic = f"{_device(where)}command/{actor}"
    parse_command(topic)
    return topic


def parse_command(topic: str) -> tuple[DeviceTopic, str]:
    """The device that a command's topic names, and the actor.

    Raises:
        TopicError: the topic is out of shape.
    """
    match = _COMMAND.fullmatch(topic) if len(topic) <= MAX_TOPIC else None
    if match is None:
        raise TopicError(
            f"topic {topic[:MAX_TOPIC]!r} is not park/{{sector}}/{{site}}/{{kind}}/{{device}}/command/{{actor}}"
        )
    return _parse_device(f"{match[1]}command", "command"), match[2]


def ack_topic(where: DeviceTopic) -> str:
    """Where a device always says what became of a command."""
    return f"{_device(where)}ack"


def state_topic(where: DeviceTopic) -> str:
    """Where a device with a connection of its own says whether it is there: retained birth and will."""
    return f"{_device(where)}state"


def reply_topic(actor: str, site: str) -> str:
    """Where an actor may ask to be answered by a site's devices; levels below it are the actor's own."""
    return f"park/replies/{actor}/{site}"


def control_topic(actor: str, kind: str, device: str, group: str) -> str:
    """Where a controller says what it has told a device last, for others and for one that starts later."""
    return f"park/control/{actor}/{kind}/{device}/{group}"


def is_reply(topic: str, actor: str, site: str) -> bool:
    """Whether a command's response topic is one on which this site's devices answer this actor."""
    plain = len(topic) <= MAX_TOPIC and topic.isprintable() and not {"+", "#"} & set(topic)
    return plain and f"{topic}/".startswith(f"{reply_topic(actor, site)}/")


def _device(where: DeviceTopic) -> str:
    return f"park/{where.sector}/{where.site}/{where.kind}/{where.device}/"


def _device_topic(sector: str, site: str, kind: str, device: str, leaf: str) -> str:
    topic = f"park/{sector}/{site}/{kind}/{device}/{leaf}"
    _parse_device(topic, leaf)
    return topic


def _parse_device(topic: str, leaf: str) -> DeviceTopic:
    match = _DEVICE.fullmatch(topic) if len(topic) <= MAX_TOPIC else None
    if match is None or match[5] != leaf:
        raise TopicError(
            f"topic {topic[:MAX_TOPIC]!r} is not park/{{sector}}/{{site}}/{{kind}}/{{device}}/{leaf} "
            "in lower-case letters, digits and dashes"
        )
    sector, site, kind, device, _ = match.groups()
    return DeviceTopic(sector=sector, site=site, kind=kind, device=device)


def gateway_topic(site: str, shard: int | str, leaf: str) -> str:
    """The topic of a gateway's state (birth and will), stats or orders; `+` stands for any shard in a filter."""
    return f"park/gateways/{site}/{shard}/{leaf}"


def parse_gateway(topic: str) -> GatewayTopic:
    """The parts of a gateway's topic.

    Raises:
        TopicError: the topic is out of shape.
    """
    match = _GATEWAY.fullmatch(topic) if len(topic) <= MAX_TOPIC else None
    if match is None:
        raise TopicError(f"topic {topic[:MAX_TOPIC]!r} is not park/gateways/{{site}}/{{shard}}/state or stats")
    return GatewayTopic(site=match[1], shard=int(match[2]), leaf=match[3])


def of_site(topic_filter: str, site: str) -> str:
    """The filter, one of the above, for a single site."""
    levels = topic_filter.split("/")
    levels[2] = site
    return "/".join(levels)


def is_level(text: str) -> bool:
    """Whether a name may be a level of a topic: lower-case letters, digits and dashes."""
    return re.fullmatch(_LEVEL, text) is not None


def shared(group: str, topic_filter: str) -> str:
    """The filter as a shared subscription of a group."""
    return f"$share/{group}/{topic_filter}"


def pattern_of(topic_filter: str) -> re.Pattern[str]:
    """What fully matches the topics that a filter of plain levels and `+` takes."""
    return re.compile("/".join("[^/]*" if level == "+" else re.escape(level) for level in topic_filter.split("/")))
