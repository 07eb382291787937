"""No payload can name anybody: each passes a closed schema that is not made from the catalogue."""

import re
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from park.catalogue import ValueType
from sectors.public_safety.catalogue import SECTOR
from tests.reference.public_safety_payloads import SCHEMAS, Payloads, refused
from tests.reference.public_safety_payloads import payloads as payloads_of

PERSONAL = re.compile(
    r"image|photo|picture|url|face|plate|person_|name|card|phone|mac|imei|track|subject|id$|_id|hash|embed|_age$|gender"
)


@pytest.fixture(scope="module")
def payloads() -> Payloads:
    """A day of two squares, by kind."""
    return payloads_of(42)


def test_every_payload_of_a_day_passes_a_closed_schema(payloads: Payloads) -> None:
    assert payloads.keys() == SCHEMAS.keys()
    assert sum(map(len, payloads.values())) <= 14_000
    assert refused(payloads) == 0


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
def test_a_payload_that_says_more_does_not(payloads: Payloads, more: dict[str, Any]) -> None:
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
