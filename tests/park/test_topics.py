"""Topics are formed, read and refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from park.errors import TopicError
from park.topics import (
    EVENT_FILTER,
    GATEWAY_STATE_FILTER,
    GATEWAY_STATS_FILTER,
    LABEL_FILTER,
    TELEMETRY_FILTER,
    DeviceTopic,
    event_topic,
    gateway_topic,
    label_topic,
    parse_event,
    parse_gateway,
    parse_label,
    parse_telemetry,
    pattern_of,
    telemetry_topic,
)

LEVEL = st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True)
KIND = st.from_regex(r"[a-z0-9_-]{1,20}", fullmatch=True)


@given(LEVEL, LEVEL, KIND, LEVEL)
def test_a_topic_reads_back_as_its_parts(sector: str, site: str, kind: str, device: str) -> None:
    topic = telemetry_topic(sector, site, kind, device)
    assert parse_telemetry(topic) == DeviceTopic(sector=sector, site=site, kind=kind, device=device)


@given(LEVEL, st.integers(0, 10**6))
def test_a_gateway_topic_reads_back_as_its_parts(site: str, shard: int) -> None:
    gateway = parse_gateway(gateway_topic(site, shard, "state"))
    assert (gateway.site, gateway.shard, gateway.leaf) == (site, shard, "state")


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "park",
        "park/energy/xinwu/battery/battery-1",
        "park/energy/xinwu/battery/battery-1/telemetry/",
        "park/energy/xinwu/battery/battery-1/telemetry\n",
        "park/Energy/xinwu/battery/battery-1/telemetry",
        "park/energy/xin wu/battery/battery-1/telemetry",
        "park/energy//battery/battery-1/telemetry",
        "park/energy/xinwu/battery/battery,1/telemetry",
        "park/+/xinwu/battery/battery-1/telemetry",
        "park/energy/xinwu/battery/" + "b" * 300 + "/telemetry",
    ],
)
def test_a_topic_out_of_shape_is_refused_and_named(topic: str) -> None:
    with pytest.raises(TopicError, match="is not park/"):
        parse_telemetry(topic)


@given(st.text(max_size=80))
def test_any_text_is_a_topic_or_a_topic_error(topic: str) -> None:
    try:
        parts = parse_telemetry(topic)
    except TopicError:
        return
    assert telemetry_topic(parts.sector, parts.site, parts.kind, parts.device) == topic


@given(LEVEL, LEVEL, KIND, LEVEL)
def test_an_event_topic_reads_back_as_its_parts(sector: str, site: str, kind: str, device: str) -> None:
    topic = event_topic(sector, site, kind, device)
    assert parse_event(topic) == DeviceTopic(sector=sector, site=site, kind=kind, device=device)
    with pytest.raises(TopicError, match="/telemetry "):
        parse_telemetry(topic)
    with pytest.raises(TopicError, match="/event "):
        parse_event(telemetry_topic(sector, site, kind, device))
    with pytest.raises(TopicError, match="/label "):
        parse_label(event_topic(sector, site, kind, device))


@given(st.text(max_size=80))
def test_any_text_is_an_event_topic_or_a_topic_error(topic: str) -> None:
    try:
        parts = parse_event(topic)
    except TopicError:
        return
    assert event_topic(parts.sector, parts.site, parts.kind, parts.device) == topic


@given(LEVEL, LEVEL, KIND, LEVEL, st.integers(0, 99))
def test_each_topic_is_of_one_filter(sector: str, site: str, kind: str, device: str, shard: int) -> None:
    topics = {
        TELEMETRY_FILTER: telemetry_topic(sector, site, kind, device),
        EVENT_FILTER: event_topic(sector, site, kind, device),
        LABEL_FILTER: label_topic(sector, site, kind, device),
        GATEWAY_STATE_FILTER: gateway_topic(site, shard, "state"),
        GATEWAY_STATS_FILTER: gateway_topic(site, shard, "stats"),
    }
    for own, topic in topics.items():
        assert [name for name in topics if pattern_of(name).fullmatch(topic)] == [own]
        assert not pattern_of(own).fullmatch(f"{topic}/more")
        assert not pattern_of(own).fullmatch(topic.rpartition("/")[0])
