"""What the viewer says of an order, and whom it lets give one."""

import asyncio
import time
from collections.abc import Callable

import pytest

from dashboards.errors import SendError
from dashboards.sources.base import Curve, Source
from dashboards.sources.duckdb import DuckSource
from dashboards.sources.influxql import InfluxSource
from dashboards.viewer import told
from dashboards.viewer.orders import MOST_OPEN, Commanding, Order, Orders, order
from dashboards.viewer.windows import Moment, Reader
from park.catalogue import Behaviour
from park.command import Answer, Request, State
from park.errors import CommandRefused
from park.topics import DeviceTopic
from sectors import KINDS
from tests.dashboards.conftest import END, SPAN_MS

LAMP = KINDS["street_lamp"]
SET_LEVEL = LAMP.actions[0]
WHERE = DeviceTopic(sector="municipal", site="north", kind=LAMP.name, device=LAMP.device(1))
NOON = 1_767_240_000_000
ARGS = {"level": 40.0, "ramp": 2.5}


def of(*answers: Answer, over: bool = False, trouble: str = "") -> Order:
    one = order(WHERE, SET_LEVEL, ARGS)
    one.answers.extend(answers)
    one.over, one.trouble = over, trouble
    return one


def answer(state: State, ts: int = NOON, **more: object) -> Answer:
    return Answer(id="x", state=state, ts=ts, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "text", "detail"),
    [
        (of(), "Sent; the device has not answered yet", ""),
        (of(trouble="The broker is away: refused"), "Sent; the device has not answered yet", "The broker is away"),
        (of(over=True), "Nobody has answered", "it may still have been done"),
        (of(over=True, trouble="not authorized"), "Nobody has answered", "not authorized"),
        (of(answer(State.ACCEPTED, due=NOON + 2500)), "Accepted 04:00:00", "To be done by 04:00:02"),
        (of(answer(State.ACCEPTED), over=True), "Accepted 04:00:00", "Its end has not been heard"),
        (of(answer(State.ACCEPTED), answer(State.SUCCEEDED, NOON + 3000)), "Done 04:00:03", "Accepted 04:00:00"),
        (of(answer(State.ACCEPTED), answer(State.EXPIRED)), "Expired before it was done 04:00:00", "Accepted"),
        (of(answer(State.ACCEPTED), answer(State.SUPERSEDED)), "Superseded by a later command", "Accepted"),
        (
            of(answer(State.REJECTED, reason="below-class", detail="not\x1b so")),
            "Rejected 04:00:00: below-class",
            "Not",
        ),
        (of(answer(State.REJECTED, reason="not-live")), "Not now: not-live", "it is asked again"),
        (
            of(answer(State.REJECTED, NOON - 9000, reason="busy"), answer(State.ACCEPTED), answer(State.FAILED)),
            "Failed 04:00:00",
            "Accepted 04:00:00",
        ),
        (of(answer(State.ACCEPTED, 2**63 - 1)), "Accepted –", ""),
        (of(answer(State.REJECTED, reason="busy"), over=True), "Rejected 04:00:00: busy", ""),
    ],
)
def test_every_state_of_an_order_is_said_in_words(one: Order, text: str, detail: str) -> None:
    said = told.accepted(one, 0)
    assert said.text.startswith(text)
    assert detail in said.detail
    assert said.text.isprintable()
    assert said.detail.isprintable()
    assert said.level


def test_what_was_asked_is_said_with_its_units() -> None:
    assert told.commanded(of()) == "Set level: Level 40 %, Ramp 2.5 s"
    assert told.commanded(order(WHERE, LAMP.actions[1], {})) == "Resume"


def test_the_newest_of_reading_and_answer_is_measured() -> None:
    level = LAMP.channel["level"]
    done = answer(State.SUCCEEDED, measured={"level": 40.0})
    assert told.measured(None, level, None, 0) == ("–", None)
    assert told.measured(done, level, None, 28_800_000) == ("40 %", NOON + 28_800_000)
    assert told.measured(done, level, (NOON - 1, 60.5), 0) == ("40 %", NOON)
    assert told.measured(done, level, (NOON + 1000, 60.5), 0) == ("60.5 %", NOON + 1000)


def test_an_action_shows_in_what_it_sets() -> None:
    for kind in KINDS.values():
        for action in kind.actions:
            shown = told.shown(kind, action)
            assert 1 <= len(shown) <= 4
            assert Behaviour.REGISTER not in {one.behaviour for one in shown}
            named = {one.name for one in action.parameters} & set(kind.channel)
            assert named <= {one.name for one in shown}
    first = {name: told.shown(KINDS[name], KINDS[name].actions[0])[0].name for name in ("battery", "green_valve")}
    assert first == {"battery": "active_power", "green_valve": "valve_open"}
    assert told.shown(LAMP, LAMP.actions[1])[0].name == "level"  # to resume shows in what others set


@pytest.mark.parametrize("store", ["bucket", "tables"])
def test_the_newest_readings_of_a_kind_are_found_in_every_store(store: str, request: pytest.FixtureRequest) -> None:
    stored = request.getfixturevalue(store)

    async def latest() -> list[Curve]:
        if isinstance(stored, str):
            server = request.getfixturevalue("influxdb")
            source: Source = InfluxSource(url=server.url, database=stored, token=server.token)
        else:
            source = DuckSource(stored.cursor)
        reader = Reader(source, clock=time.monotonic, keep_s=1.0)
        found = await reader.latest(told.readings(LAMP), Moment(now=END, span=SPAN_MS))
        await source.close()
        return found

    found = asyncio.run(latest())
    assert {(one.tags["device"], one.field) for one in found} == {
        (LAMP.device(number), field) for number in (1, 2, 3) for field in told.readings(LAMP).fields
    }
    assert all({"sector", "site", "device"} == set(one.tags) for one in found)
    assert all(END - 61_000 <= one.times[-1] < END for one in found)


def test_what_the_catalogue_refuses_is_no_order() -> None:
    with pytest.raises(CommandRefused, match="0 to 100 %"):
        order(WHERE, SET_LEVEL, {**ARGS, "level": 140.0})
    with pytest.raises(CommandRefused, match="ramp is missing"):
        order(WHERE, SET_LEVEL, {"level": 1.0})


async def nobody(
    _where: DeviceTopic, _request: Request, *, on_answer: Callable[[Answer], None], on_away: Callable[[str], None]
) -> None:
    on_away("it is dark")
    await asyncio.Event().wait()
    on_answer(answer(State.EXPIRED))


@pytest.mark.parametrize("given", [None, "", "secre", "secret ", "SECRET", "sécret", "secretsecret"])
def test_another_token_lets_nobody(given: str | None) -> None:
    allowed = Commanding(token="secret", send=nobody)
    assert not allowed.lets(given)
    assert allowed.lets("secret")
    assert "secret" not in repr(allowed)


class Watcher:
    def __init__(self) -> None:
        self.heard: list[str] = []

    def news(self, one: Order) -> None:
        self.heard.append(one.trouble)


def test_no_more_orders_are_under_way_than_are_bounded() -> None:
    watcher = Watcher()

    async def fill() -> None:
        orders = Orders(nobody)
        orders.watch(watcher)
        for _ in range(MOST_OPEN):
            orders.give(of())
        with pytest.raises(SendError, match="under way"):
            orders.give(of())
        await asyncio.sleep(0)

    asyncio.run(fill())
    assert watcher.heard[-1] == "The broker is away: it is dark"
