"""Topics: how they are formed, read and subscribed to. Pure functions on strings.

park/{sector}/{site}/{kind}/{device}/telemetry     readings
park/{sector}/{site}/{kind}/{device}/state         retained; also command, command/ack, event
park/gateways/{site}/{shard}/state                 retained birth and will of a gateway
park/gateways/{site}/{shard}/stats                 a gateway's own figures
"""

import re
from dataclasses import dataclass

from park.errors import TopicError

TELEMETRY_FILTER = "park/+/+/+/+/telemetry"
GATEWAY_STATE_FILTER = "park/gateways/+/+/state"
GATEWAY_STATS_FILTER = "park/gateways/+/+/stats"

_LEVEL = r"[a-z0-9-]+"
_TELEMETRY = re.compile(rf"park/({_LEVEL})/({_LEVEL})/([a-z0-9_-]+)/({_LEVEL})/telemetry")
_GATEWAY = re.compile(rf"park/gateways/({_LEVEL})/([0-9]+)/(state|stats)")
MAX_TOPIC = 256


@dataclass(frozen=True, kw_only=True)
class Telemetry:
    """Where a reading comes from, as its topic says."""

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
    topic = f"park/{sector}/{site}/{kind}/{device}/telemetry"
    parse_telemetry(topic)
    return topic


def parse_telemetry(topic: str) -> Telemetry:
    """The parts of a telemetry topic.

    Raises:
        TopicError: the topic is out of shape.
    """
    match = _TELEMETRY.fullmatch(topic) if len(topic) <= MAX_TOPIC else None
    if match is None:
        raise TopicError(
            f"topic {topic[:MAX_TOPIC]!r} is not park/{{sector}}/{{site}}/{{kind}}/{{device}}/telemetry "
            "in lower-case letters, digits and dashes"
        )
    sector, site, kind, device = match.groups()
    return Telemetry(sector=sector, site=site, kind=kind, device=device)


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


def shared(group: str, topic_filter: str) -> str:
    """The filter as a shared subscription of a group."""
    return f"$share/{group}/{topic_filter}"
