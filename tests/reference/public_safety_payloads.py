"""What payloads of public safety may hold: closed schemas, written here and not made from the catalogue."""

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from park.model import DAY_MS
from park.town import default_town
from sectors import SECTORS
from sectors.public_safety.catalogue import SECTOR
from simulator.generate import FORMATS, make_lines
from simulator.observed import readings_of
from simulator.plan import Selection

#: Kind to payloads as they are published.
Payloads = Mapping[str, list[bytes]]
#: 2026-01-20T04:00 local time.
_START = 1_768_852_800_000


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


@cache
def payloads(seed: int) -> Payloads:
    """A day of two squares."""
    selection = Selection(town=default_town(SECTORS), seed=seed, devices=38, sectors=(SECTOR.name,))
    found: dict[str, list[bytes]] = defaultdict(list)
    for _, lines in make_lines(readings_of(selection), FORMATS["ndjson"], _START, _START + DAY_MS):
        for line in lines.splitlines():
            told = orjson.loads(line)
            found[told["topic"].split("/")[3]].append(orjson.dumps(told["payload"]))
    return found


def refused(some: Payloads) -> int:
    """How many a closed schema does not know."""
    return sum(_refuses(SCHEMAS[kind], payload) for kind, those in some.items() for payload in those)


def _refuses(schema: TypeAdapter[Any], payload: bytes) -> bool:
    try:
        schema.validate_json(payload)
    except ValidationError:
        return True
    return False


def said_more(some: Payloads, kind: str, more: dict[str, Any]) -> Payloads:
    """The same with more in each payload of a kind."""
    return {**some, kind: [orjson.dumps(orjson.loads(payload) | more) for payload in some[kind]]}
