"""Every kind that obeys, through a gateway's desk: done once, shown in time, and the same when made again."""

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from park.command import State
from park.topics import DeviceTopic, ack_topic
from sectors import KINDS, SECTOR_OF
from simulator.commands.outcomes import Outcomes
from simulator.generate import FORMATS, make_lines
from simulator.observed import Readings, readings_of
from simulator.plan import Shards, make_plan
from tests.simulator.commands.town import NOON, SECOND, Town, answers, letter
from tests.simulator.conftest import HOUR, select


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a kind's first device is told at a noon, and what it measures from its end on, within a tolerance."""

    kind: str
    action: str
    args: dict[str, Any]
    shows: dict[str, float]
    within: float = 0.051
    noon: int = NOON


CASES = (
    Case(kind="battery", action="set_power", args={"power": 6.5, "duration": 15}, shows={"active_power": 6.5}),
    Case(kind="ev_charger", action="set_limit", args={"limit": 0.0}, shows={"active_power": 0.0}),
    # On the first noon that is warm enough to water.
    Case(
        kind="irrigation_valve",
        action="open",
        args={"duration": 30},
        shows={"valve_open": 1.0},
        noon=NOON + 24 * HOUR,
    ),
    Case(kind="reefer_truck", action="set_temperature", args={"temperature": 6.0}, shows={"setpoint_temperature": 6.0}),
    Case(
        kind="traffic_signal",
        action="set_plan",
        args={"plan": "night", "green_share": 0.42},
        shows={"cycle_time": 70.0, "green_ratio": 0.42},
    ),
    Case(
        kind="greenhouse",
        action="set_temperature",
        args={"heating": 25.0, "ventilation": 35.0},
        shows={"heating_on": 1.0},
    ),
)


def readings(made: Readings, device: str, start: int, until: int) -> list[dict[str, Any]]:
    lines = b"".join(some for _, some in make_lines(made, FORMATS["ndjson"], start, until)).splitlines()
    return [json.loads(line)["payload"] for line in lines if b"telemetry" in line and device.encode() in line]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_an_order_is_done_once_and_its_success_is_measured(case: Case) -> None:
    kind, sector = KINDS[case.kind], SECTOR_OF[case.kind].name
    selection = select(kinds=(case.kind,), devices=2 * kind.per_cell, interval_ms=20_000, events=True)
    whole = make_plan(selection)
    gateways = whole.gateways(Shards(total=1))
    gateway = next(one for one in gateways if any(0 in group.device for group in one.plan.groups))
    one = Town(gateway=gateway, whole=whole)
    where = DeviceTopic(sector=sector, site=gateway.site, kind=case.kind, device=kind.device(1))
    asked = letter(where, case.action, at=case.noon, lasts=1200 * SECOND, id_="once", **case.args)
    told = answers(one.at(case.noon, [asked] * 10), ack_topic(where))
    assert {(answer.state, answer.reason) for answer in told} == {(State.ACCEPTED, "")}
    takes = next(action for action in kind.actions if action.name == case.action).shows_s
    end = case.noon + int(takes * 1000) + 2 * SECOND
    one.at(end, [replace(asked, arrived_ms=end)])
    assert one.states("once") == [State.ACCEPTED, State.SUCCEEDED]
    assert len(one.outcomes.orders[sector]) == 1
    until = case.noon + 900 * SECOND
    made = readings(one.readings, where.device, case.noon - 60 * SECOND, until)
    assert made == readings(readings_of(selection, Outcomes(one.records)), where.device, case.noon - 60 * SECOND, until)
    grid = 300 * SECOND if case.kind == "greenhouse" else 0
    shown = [told for told in made if end + grid <= told["ts"] < until - 50 * SECOND]
    assert shown
    for told_after in shown:
        for channel, value in case.shows.items():
            assert float(told_after[channel]) == pytest.approx(value, abs=case.within)
