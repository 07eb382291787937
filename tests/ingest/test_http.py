"""Requests to a real server through a network that breaks."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from http.client import IncompleteRead
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


Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


def answering(answers: list[bytes], *, then: bytes = b"") -> tuple[Handle, list[int]]:
    """What answers each request of a connection with the next answer, and goes on with the last words for ever."""
    connections: list[int] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(0)
        try:
            for answer in answers:
                await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(1)
                writer.write(answer)
                await writer.drain()
                while then:
                    writer.write(then)
                    await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    return handle, connections


async def asked(handle: Handle, times: int) -> list[tuple[int, int]]:
    """Status and length of each of so many answers, one after the other."""
    listener = await asyncio.start_server(handle, "127.0.0.1", 0)
    server = Server(f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}", connections=1, timeout_s=10)
    try:
        answers = [await server.post("/", b"x", {}) for _ in range(times)]
        return [(answer.status, len(answer.body)) for answer in answers]
    finally:
        await server.close()
        listener.close()


@pytest.mark.parametrize("head", [b"", b"Content-Length: 1000000000000\r\n"])
def test_an_answer_without_an_end_is_read_so_far_as_a_store_would_say_anything(head: bytes) -> None:
    async def main() -> None:
        handle, connections = answering([b"HTTP/1.1 200 OK\r\n%b\r\n" % head], then=b"<p>" * 20_000)
        assert await asked(handle, 2) == [(200, 65_536)] * 2
        assert len(connections) == 2

    run(main())


def test_an_answer_of_some_length_leaves_the_connection_as_it_was() -> None:
    async def main() -> None:
        long = b"HTTP/1.1 400 Bad\r\nContent-Length: 65536\r\n\r\n" + b"x" * 65_536
        chunked = b"HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        handle, connections = answering([long, chunked, b"HTTP/1.1 204 No\r\n\r\n"])
        assert await asked(handle, 3) == [(400, 65_536), (400, 3), (204, 0)]
        assert len(connections) == 1

    run(main())


def test_an_answer_that_is_cut_is_none() -> None:
    async def main() -> None:
        handle, _ = answering([b"HTTP/1.1 400 Bad\r\nContent-Length: 10\r\n\r\nabc"])
        with pytest.raises(IncompleteRead):
            await asked(handle, 1)

    run(main())
