"""Both brokers, for suites that must pass on either."""

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from mqttlink.accounts import ANYTHING, Account
from mqttlink.broker.server import Broker
from tests.servers.mosquitto import run_mosquitto

_names = itertools.count(1)
MEADOW = Account(username="meadow", password=b"green-42", client_id=None, roles=(ANYTHING,))


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A broker that runs."""

    port: int


@contextmanager
def run_embedded(accounts: Iterable[Account] | None = None) -> Iterator[Endpoint]:
    """The embedded broker in a thread of its own, as blocking clients need it."""
    ports: list[int] = []
    ready = threading.Event()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        stop = asyncio.Event()
        async with Broker(accounts=accounts, sys_interval_s=0.5) as broker:
            ports.append(broker.port)
            loops.append((asyncio.get_running_loop(), stop))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="embedded broker")
    thread.start()
    assert ready.wait(10.0), "the embedded broker did not start"
    try:
        yield Endpoint(port=ports[0])
    finally:
        loop, stop = loops[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(10.0)
        assert not thread.is_alive(), "the embedded broker did not stop"


@pytest.fixture(scope="session")
def embedded() -> Iterator[Endpoint]:
    with run_embedded() as endpoint:
        yield endpoint


@pytest.fixture(params=["embedded", "mosquitto"])
def broker(request: pytest.FixtureRequest) -> Endpoint:
    """One of the two brokers, open to anybody; tests keep apart by the `name` fixture."""
    return Endpoint(port=request.getfixturevalue(request.param).port)


@pytest.fixture(params=["embedded", "mosquitto"])
def guarded_broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Endpoint]:
    """One of the two brokers, with one user `meadow` whose password is `green-42`."""
    if request.param == "embedded":
        with run_embedded([MEADOW]) as endpoint:
            yield endpoint
    else:
        with run_mosquitto(tmp_path, users={"meadow": "green-42"}) as server:
            yield Endpoint(port=server.port)


@pytest.fixture
def name() -> str:
    """A name that no other test uses, for topics and client ids."""
    return f"t{next(_names)}"


@pytest.fixture
def unique(name: str) -> Callable[[str], str]:
    """Names within one test."""
    return lambda suffix: f"{name}-{suffix}"
