"""No payload can name anybody: each passes a closed schema, written here and not made from the catalogue."""

import re
from collections import defaultdict
from typing import Any, Literal

import orjson
import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from park.catalogue import ValueType
from sectors.public_safety.catalogue import SECTOR
from tests.simulator.conftest import HOUR, START, lines_of, select

PERSONAL = re.compile(
    r"image|photo|picture|url|face|plate|person_|name|card|phone|mac|imei|track|subject|id$|_id|hash|embed|_age$|gender"
)


class Closed(BaseModel):
    """Whoever adds a channel has to say here what it is."""

    model_config = ConfigDict(extra="forbid", strict=True)
    ts: int
    seq: int


class ZoneCamera(Closed):
    people_count: float | int = Field(default=0, ge=0, le=2000, multiple_of=1)
    crowd_density: float | int = Field(default=0, ge=0, le=8)
    level_of_service: Literal["A", "B", "C", "D", "E", "F", "unknown"]
    average_crowd_speed: float | int = Field(default=0, ge=0, le=2)
    mean_dwell: float | int = Field(default=0, ge=0, le=3600)
    vehicle_count: float | int = Field(default=0, ge=0, le=200, multiple_of=1)
    detection_confidence: float | int = Field(ge=0, le=100)


class LineCounter(Closed):
    entered: int = Field(ge=0)
    left: int = Field(ge=0)
    people_inside: int = Field(ge=0)


class CameraHealth(Closed):
    frame_rate: float | int = Field(ge=0, le=60)
    bitrate: float | int = Field(ge=0, le=20)
    packet_loss: float | int = Field(default=0, ge=0, le=100)
    sharpness: float | int = Field(default=0, ge=0, le=100)
    storage_used: float | int = Field(ge=0, le=100)
    camera_status: Literal["online", "blurred", "dark", "bright", "scene-changed", "signal-lost", "offline"]


class FireDetector(Closed):
    smoke: float | int = Field(ge=0, le=1)
    temperature: float | int = Field(ge=-40, le=200)
    carbon_monoxide: float | int = Field(ge=0, le=1000)
    contamination: float | int = Field(ge=0, le=100)
    detector_status: Literal["normal", "prealarm", "alarm", "fault", "test"]


class CallPoint(Closed):
    calls: int = Field(ge=0)
    call_status: Literal["idle", "calling", "answered"]
    answer_time: float | int = Field(default=0, ge=0, le=3600)
    battery_voltage: float | int = Field(ge=0, le=15)


SCHEMAS: dict[str, TypeAdapter[Any]] = {
    "zone_camera": TypeAdapter(ZoneCamera),
    "line_counter": TypeAdapter(LineCounter),
    "camera_health": TypeAdapter(CameraHealth),
    "fire_detector": TypeAdapter(FireDetector),
    "call_point": TypeAdapter(CallPoint),
}


@pytest.fixture(scope="module")
def payloads() -> dict[str, list[bytes]]:
    """A day of two squares, by kind."""
    kinds = tuple(kind.name for kind in SECTOR.kinds)
    found: dict[str, list[bytes]] = defaultdict(list)
    for line in lines_of(select(kinds=kinds, devices=38), START, START + 24 * HOUR).splitlines():
        told = orjson.loads(line)
        found[told["topic"].split("/")[3]].append(orjson.dumps(told["payload"]))
    return found


def test_every_payload_of_a_day_passes_a_closed_schema(payloads: dict[str, list[bytes]]) -> None:
    assert payloads.keys() == SCHEMAS.keys()
    assert sum(map(len, payloads.values())) <= 14_000
    for kind, some in payloads.items():
        for payload in some:
            SCHEMAS[kind].validate_json(payload)


@pytest.mark.parametrize(
    "more",
    [
        {"plate_hash": "9f2c"},
        {"face_id": 17},
        {"snapshot_url": "x"},
        {"people_count": 1.5},
        {"level_of_service": "Mrs-X"},
    ],
)
def test_a_payload_that_says_more_does_not(payloads: dict[str, list[bytes]], more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SCHEMAS["zone_camera"].validate_json(orjson.dumps(orjson.loads(payloads["zone_camera"][0]) | more))


def test_no_channel_is_called_after_what_is_left_out() -> None:
    for kind in SECTOR.kinds:
        for channel in kind.channels:
            assert not PERSONAL.search(channel.name), f"{kind.name}.{channel.name}"
    assert PERSONAL.search("plate_hash")
    assert PERSONAL.search("track_id")


def test_texts_are_few_states_and_no_free_text() -> None:
    texts = [channel for kind in SECTOR.kinds for channel in kind.channels if channel.type is ValueType.TEXT]
    assert {channel.name for channel in texts} == {
        "level_of_service",
        "camera_status",
        "detector_status",
        "call_status",
    }
    assert max(len(channel.texts) for channel in texts) <= 7
