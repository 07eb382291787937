"""Requests to a real server through a network that breaks."""

import asyncio
import threading
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any

import pytest

from ingest.stores.http import Server
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.proxy import Proxy


def run(main: Coroutine[Any, Any, None]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(20):
            await main

    asyncio.run(limited())


class Database:
    """A bucket behind a proxy."""

    def __init__(self, influxdb: InfluxDB2, proxy: Proxy, *, timeout_s: float = 5.0) -> None:
        self.server = Server(f"http://127.0.0.1:{proxy.port}", connections=2, timeout_s=timeout_s)
        self._target = f"/api/v2/write?org={influxdb.org}&bucket={influxdb.new_bucket()}"
        self._headers = {"Authorization": f"Token {influxdb.token}"}

    async def write(self, line: bytes = b"m v=1") -> int:
        return (await self.server.post(self._target, line, self._headers)).status


def test_connections_are_kept_and_no_more_than_allowed(influxdb: InfluxDB2) -> None:
    async def main(proxy: Proxy) -> None:
        database = Database(influxdb, proxy)
        for _ in range(3):
            assert await database.write() == HTTPStatus.NO_CONTENT
        assert proxy.carried == 1
        statuses = await asyncio.gather(*(database.write(b"m v=%d" % i) for i in range(20)))
        assert set(statuses) == {HTTPStatus.NO_CONTENT}
        assert proxy.carried == 2
        await database.server.close()

    with Proxy(influxdb.port) as proxy:
        run(main(proxy))


def test_a_connection_that_ended_while_idle_is_replaced(influxdb: InfluxDB2) -> None:
    async def main(proxy: Proxy) -> None:
        database = Database(influxdb, proxy)
        await database.write()
        assert proxy.reset() == 1
        while proxy.open:  # noqa: ASYNC110 - another thread's, a turn or two of its loop
            await asyncio.sleep(0.01)
        assert await database.write() == HTTPStatus.NO_CONTENT
        assert proxy.carried == 2
        await database.server.close()

    with Proxy(influxdb.port) as proxy:
        run(main(proxy))


def test_a_silent_server_is_given_up_in_time_and_then_another_connection_is_made(influxdb: InfluxDB2) -> None:
    async def main(proxy: Proxy) -> None:
        database = Database(influxdb, proxy, timeout_s=0.5)
        await database.write()
        proxy.half_open()
        with pytest.raises(TimeoutError):
            await database.write()
        assert await database.write() == HTTPStatus.NO_CONTENT
        await database.server.close()

    with Proxy(influxdb.port) as proxy:
        run(main(proxy))


def test_a_cancelled_request_holds_nothing_up(influxdb: InfluxDB2) -> None:
    """Neither a thread nor the connection outlives it, though the server never answers."""

    async def main(proxy: Proxy) -> None:
        database = Database(influxdb, proxy, timeout_s=60)
        await database.write()
        proxy.half_open()
        write = asyncio.create_task(database.write())
        while not proxy.swallowed:  # noqa: ASYNC110 - another thread's
            await asyncio.sleep(0.01)
        write.cancel()
        with pytest.raises(asyncio.CancelledError):
            await write
        await database.server.close()
        while any(thread.name.startswith("http") for thread in threading.enumerate()):  # noqa: ASYNC110 - threads
            await asyncio.sleep(0.01)

    with Proxy(influxdb.port) as proxy:
        run(main(proxy))
