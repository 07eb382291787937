"""Whether a broker still answers: an answer of now, and not one that was under way."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqttlink import ConnectionLost
from mqttlink.client.alive import Aliveness
from tests.mqttlink.conftest import Endpoint
from tests.mqttlink.harness import Proxy, linked, run

pytestmark = pytest.mark.deadline(40)


@given(st.lists(st.booleans(), max_size=40))
def test_an_answer_counts_for_the_ping_that_it_answers(steps: list[bool]) -> None:
    """True asks, False is an answer of the broker's; they come in order."""

    async def main() -> None:
        pings: list[bytes] = []
        alive = Aliveness(pings.append, lambda _: None, lambda: True)
        asked: list[asyncio.Future[None]] = []
        answers = 0
        for asks in steps:
            if asks:
                asked.append(alive.ask())
            elif answers < len(pings):
                alive.answered()
                answers += 1
            assert [one.done() for one in asked] == [number < answers for number in range(len(asked))]
        alive.end(ConnectionLost("over"))
        assert all(one.done() for one in asked)

    asyncio.run(main())


def test_the_broker_is_asked_again_on_the_next_connection(broker: Endpoint, name: str) -> None:
    async def main() -> None:
        async with Proxy(broker.port) as proxy, linked(proxy.port, name, keep_alive_s=1) as one:
            await one.link.answered()
            proxy.forwarding.clear()
            asking = asyncio.create_task(one.link.answered())
            await one.until(lambda: len(one.disconnections) > 0)
            assert not asking.done()
            proxy.forwarding.set()
            await asking
            assert one.link.generation > 1

    run(main())


def test_messages_that_need_no_acknowledgement_do_not_keep_a_link_from_pinging(broker: Endpoint, name: str) -> None:
    """The broker lets go of who says nothing, however much it is told."""

    async def main() -> None:
        async with (
            linked(broker.port, f"{name}-s", f"{name}/#", keep_alive_s=1) as receiver,
            linked(broker.port, f"{name}-p") as sender,
        ):
            for number in range(70):  # three and a half seconds, twice what the broker waits
                await sender.link.publish(f"{name}/a", b"%d" % number, qos=0)
                await asyncio.sleep(0.05)
            await receiver.until(lambda: len(receiver.messages) == 70)
            assert receiver.disconnections == []
            assert receiver.sessions[0].generation == receiver.link.generation

    run(main())
