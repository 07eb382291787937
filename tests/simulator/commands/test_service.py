"""What a gateway hears at its start of whether its devices were commanded before, and by whom."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator.clock import ScheduleOptions
from simulator.commands.outcomes import Outcomes
from simulator.commands.past import CommandOptions, Past
from simulator.commands.service import Service
from simulator.errors import OrdersMissing
from simulator.observed import obedient_readings
from simulator.plan import Shards, make_plan
from tests.simulator.commands.town import lamps

HOUR_MS = 3_600_000


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What a broker has kept."""

    payload: bytes
    topic: str = "park/gateways/xinwu/0/orders"
    retain: bool = True
    packet_id: int | None = 1
    response_topic: str | None = None
    correlation_data: bytes | None = None


def started(payload: bytes, folder: Path) -> None:
    """A gateway without a log, which publishes an hour of history, hears this."""
    whole = make_plan(lamps())
    gateway = whole.gateways(Shards(total=1))[0]
    _, authority = obedient_readings([gateway.plan], Outcomes())
    service = Service(gateway, whole, authority, Past(known=False), CommandOptions(state=folder))
    service.take([Kept(payload=payload)], 1, 0)
    service.connected(ScheduleOptions(backfill_ms=HOUR_MS).launched())


def test_history_that_was_commanded_needs_its_log(tmp_path: Path) -> None:
    with pytest.raises(OrdersMissing, match="--state"):
        started(b'{"seed": 7, "from": 1780243200000}', tmp_path)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[" * 100_000,
        b"[]",
        b"\xff",
        b'{"seed": 8, "from": 1780243200000}',
        b'{"seed": 7, "from": 1e999}',
        b'{"seed": 7, "from": -1' + b"0" * 30 + b"}",
        b'{"seed": 7, "from": "1780243200000"}',
    ],
)
def test_what_no_gateway_says_keeps_none_from_its_work(payload: bytes, tmp_path: Path) -> None:
    started(payload, tmp_path)
