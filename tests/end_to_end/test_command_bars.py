"""What commands must keep to, as seen through a broker; and wrong gateways, each caught."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mqttlink import parse_broker_url
from park.command import Answer, Request, State, encode_request, read_answer
from park.topics import DeviceTopic, command_topic
from simulator.broker import GatewayOptions
from simulator.clock import ScheduleOptions
from simulator.commands.memory import Memory
from simulator.commands.outcomes import Outcomes
from simulator.commands.past import CommandOptions, records_in
from simulator.commands.record import Record
from simulator.generate import FORMATS, make_lines
from simulator.observed import readings_of
from simulator.options import SimulateOptions
from tests.mqttlink.conftest import run_embedded
from tests.mqttlink.paho_client import PahoClient, paho
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import wait_until
from tests.simulator.commands import mutants
from tests.simulator.commands.town import NIGHT, SECOND, lamp, lamps
from tests.simulator.running import running

#: A street block by night, polled twice a second.
SELECTION = lamps(devices=13, interval_ms=500)
LAMP, OTHER = lamp(1), lamp(2)
_Readings = dict[tuple[str, int], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was seen of a gateway: its answers, its lamps' readings, by device and time, and its log."""

    answers: list[Answer]
    readings: _Readings
    records: list[Record]

    def states(self, command_id: str) -> list[State]:
        """The states of a command in the log."""
        return [one.state for one in sorted(self.records, key=lambda one: one.ts) if one.id == command_id]


def watched(port: int, folder: Path) -> Seen:
    """A gateway that is told things, some of which it must not do."""
    options = SimulateOptions(
        selection=SELECTION,
        schedule=ScheduleOptions(start_ms=NIGHT),
        broker=GatewayOptions(address=parse_broker_url(f"mqtt://127.0.0.1:{port}"), rewind_s=0.5, stays=False),
        commands=CommandOptions(state=folder),
    )
    with paho(port, "anna", clean_start=True) as anna, ExitStack() as stack:
        anna.publish(command_topic(LAMP, "anna"), _asked("kept", 95.0, NIGHT), retain=True)
        stack.callback(anna.publish, command_topic(LAMP, "anna"), b"", retain=True)
        anna.subscribe("park/municipal/+/street_lamp/+/telemetry")
        anna.subscribe("park/municipal/+/street_lamp/+/ack")
        simulation = stack.enter_context(running(options))
        watch = _Watch(anna=anna)
        wait_until(lambda: simulation.progress.sent > 0, deadline=60, what="the first reading")
        now = watch.until(lambda: watch.newest_ms(LAMP) > NIGHT + 1500)
        for where, asked in _requests(now):
            anna.publish(command_topic(where, "anna"), asked)
        watch.until(lambda: {"same", "early", "late", "dark"} <= watch.settled)
        anna.publish(command_topic(LAMP, "anna"), _asked("then", 90.0, watch.newest_ms(LAMP)))
        ended = watch.until(lambda: "then" in watch.settled)
        watch.until(lambda: watch.newest_ms(LAMP) > ended + SECOND < watch.newest_ms(OTHER))
        simulation.stop()
        simulation.result()
    return Seen(answers=watch.answers, readings=watch.readings, records=records_in(folder))


def _requests(now: int) -> Iterator[tuple[DeviceTopic, bytes]]:
    for _ in range(10):
        yield LAMP, _asked("same", 80.0, now)
    yield OTHER, _asked("early", 85.0, now - SECOND)
    yield lamp(3), _asked("late", 85.0, now - 10 * SECOND, lasts=5 * SECOND)
    yield lamp(4), _asked("dark", 1.0, now)


def _asked(command_id: str, level: float, issued: int, lasts: int = 60 * SECOND) -> bytes:
    args = {"level": level, "ramp": 0.0}
    return encode_request(Request(id=command_id, action="set_level", args=args, issued=issued, expires=issued + lasts))


class _Watch:
    """Keeps what a client hears of lamps."""

    def __init__(self, anna: PahoClient) -> None:
        self._anna = anna
        self.answers: list[Answer] = []
        self.readings: _Readings = {}

    @property
    def settled(self) -> set[str]:
        return {one.id for one in self.answers if one.state.final}

    def newest_ms(self, where: DeviceTopic) -> int:
        return max((ts for device, ts in self.readings if device == where.device), default=0)

    def until(self, holds: Callable[[], bool]) -> int:
        """Listen until it holds; the time of the last answer or reading."""
        last = 0
        while not holds():
            message = self._anna.next()
            if message.topic.endswith("/ack"):
                answer = read_answer(bytes(message.payload))
                assert answer is not None
                self.answers.append(answer)
                last = answer.ts
            else:
                told = json.loads(message.payload)
                last = told["ts"]
                self.readings[message.topic.split("/")[-2], last] = told
        return last


def recomputed(records: list[Record], until_ms: int) -> _Readings:
    """The lamps' readings, made of what the log says."""
    made = make_lines(readings_of(SELECTION, Outcomes(records)), FORMATS["ndjson"], NIGHT, until_ms)
    lines = [json.loads(line) for _, some in made for line in some.splitlines() if b"street_lamp" in line]
    told = [one for one in lines if one["topic"].endswith("telemetry")]
    return {(one["topic"].split("/")[-2], one["payload"]["ts"]): one["payload"] for one in told}


# --- the bars


def the_log_alone_makes_the_readings(seen: Seen) -> None:
    """C1 and C2: whatever order it is read in; so nothing before an order has changed, and nothing elsewhere."""
    until_ms = max(ts for _, ts in seen.readings) + 1
    for records in (seen.records, seen.records[::-1]):
        wanted = recomputed(records, until_ms)
        assert {key: wanted[key] for key in seen.readings} == seen.readings


def one_is_done_once(seen: Seen) -> None:
    """C3: ten of the same are accepted once, and all are answered with that."""
    assert seen.states("same") == [State.ACCEPTED, State.SUCCEEDED]
    accepted = [one.ts for one in seen.answers if (one.id, one.state) == ("same", State.ACCEPTED)]
    assert len(set(accepted)) == 1


def what_is_kept_or_late_is_not_done(seen: Seen) -> None:
    """C4."""
    assert [one.id for one in seen.records if one.state is State.ACCEPTED if one.id in {"kept", "late"}] == []
    assert all(one.ts < one.expires for one in seen.records if one.state is not State.REJECTED)
    assert {"late", "same", "early", "then"} <= {one.id for one in seen.answers if one.state.final}


def interlocks_reject(seen: Seen) -> None:
    """C5: in the dark no lamp goes below its class's least."""
    assert {(one.state, one.reason) for one in seen.answers if one.id == "dark"} == {(State.REJECTED, "below-class")}


def success_shows(seen: Seen) -> None:
    """C6: what is said to be done, the next readings show."""
    for command_id, where, level in (("early", OTHER, 85.0), ("then", LAMP, 90.0)):
        ended = next(one.ts for one in seen.answers if (one.id, one.state) == (command_id, State.SUCCEEDED))
        after = [told["level"] for (device, ts), told in seen.readings.items() if device == where.device and ts > ended]
        assert after
        assert set(after) == {level}


BARS = [
    the_log_alone_makes_the_readings,
    one_is_done_once,
    what_is_kept_or_late_is_not_done,
    interlocks_reject,
    success_shows,
]


@pytest.fixture
def embedded() -> Iterator[int]:
    with run_embedded() as endpoint:
        yield endpoint.port


@pytest.mark.deadline(100)
@pytest.mark.parametrize("which", ["embedded", "mosquitto"])
def test_gateways_hold_the_bars(which: str, embedded: int, mosquitto: Mosquitto, tmp_path: Path) -> None:
    seen = watched(embedded if which == "embedded" else mosquitto.port, tmp_path)
    for bar in BARS:
        bar(seen)


def knows_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Memory, "get", lambda *_: None)


MUTANTS: dict[Callable[[pytest.MonkeyPatch], None], Callable[[Seen], None]] = {
    mutants.ack_without_effect: success_shows,
    mutants.effect_at_request_time: the_log_alone_makes_the_readings,
    mutants.order_dependent_merge: the_log_alone_makes_the_readings,
    knows_nothing: one_is_done_once,
    mutants.does_what_is_retained: what_is_kept_or_late_is_not_done,
    mutants.never_expires: what_is_kept_or_late_is_not_done,
    mutants.no_interlocks: interlocks_reject,
}


@pytest.mark.deadline(100)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_wrong_gateway_is_caught(
    mutant: Callable[[pytest.MonkeyPatch], None], embedded: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    seen = watched(embedded, tmp_path)
    with pytest.raises(AssertionError):
        MUTANTS[mutant](seen)
