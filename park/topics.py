"""Topics: how they are formed, read and subscribed to. Pure functions on strings.

park/{sector}/{site}/{kind}/{device}/telemetry     readings
park/{sector}/{site}/{kind}/{device}/event         what happens between two readings: park/event.py
park/{sector}/{site}/{kind}/{device}/state         retained; also command, ack
park/gateways/{site}/{shard}/state                 retained birth and will of a gateway
park/gateways/{site}/{shard}/stats                 a gateway's own figures
"""

import re
from dataclasses import dataclass

from park.errors import TopicError

TELEMETRY_FILTER = "park/+/+/+/+/telemetry"
EVENT_FILTER = "park/+/+/+/+/event"
GATEWAY_STATE_FILTER = "park/gateways/+/+/state"
GATEWAY_STATS_FILTER = "park/gateways/+/+/stats"

_LEVEL = r"[a-z0-9-]+"
_DEVICE = re.compile(rf"park/({_LEVEL})/({_LEVEL})/([a-z0-9_-]+)/({_LEVEL})/([a-z]+)")
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


def gateway_topic(site: str, shard: int, leaf: str) -> str:
    """The topic of a gateway's state (birth and will) or stats."""
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
