"""Only a browser that asks by the viewer's own address, from the viewer's own page, is answered: pages and sockets."""

import base64
import http.client
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.viewer.guard import addresses
from tests.dashboards.test_viewer import viewer

PAGE = "GET / HTTP/1.1"
SOCKET = "GET /_nicegui_ws/socket.io/?EIO=4&transport=websocket HTTP/1.1"
NAME = "park.example:8443"
FURTHER = "panel.example"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    path = tmp_path_factory.mktemp("guarded") / "park.duckdb"
    duckdb.connect(str(path)).close()
    with viewer({"path": str(path)}, NAME, FURTHER) as running:
        found = urlsplit(running.url).port
        assert found is not None
        yield found


def asked(port: int, request: str, *headers: str) -> tuple[int, bytes]:
    """The status and body of a request with exactly these headers; `PORT` stands for the viewer's."""
    upgrade = [] if request != SOCKET else ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    if upgrade:
        upgrade.append(f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}")
    lines = [request, *(header.replace("PORT", str(port)) for header in headers), *upgrade, "", ""]
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall("\r\n".join(lines).encode("latin-1"))
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, b"" if answer.status == 101 else answer.read()


OWN = ["127.0.0.1:PORT", "localhost:PORT", "LOCALHOST:PORT", "[::1]:PORT", NAME, FURTHER, f"{FURTHER}:PORT"]
FOREIGN = [
    "evil.example",
    "evil.example:PORT",
    "127.0.0.1",
    "127.0.0.1:1",
    "localhost:80",
    "127.0.0.1:PORT.evil.example",
    "evil.example@127.0.0.1:PORT",
    "127.0.0.1.evil.example:PORT",
    "park.example",
    "park.example:PORT",
    "0.0.0.0:PORT",
    "[::]:PORT",
    "",
]


@pytest.mark.parametrize("host", OWN)
def test_its_own_addresses_are_served(host: str, port: int) -> None:
    assert asked(port, PAGE, f"Host: {host}", "Connection: close")[0] == 200
    assert asked(port, SOCKET, f"Host: {host}", f"Origin: http://{host}")[0] == 101


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_is_refused(host: str, port: int) -> None:
    status, body = asked(port, PAGE, f"Host: {host}", "Connection: close")
    assert status == 421
    assert body.count(b"\n") == 1
    assert b"Sensing" not in body
    assert asked(port, SOCKET, f"Host: {host}", f"Origin: http://{host}")[0] == 403
    assert asked(port, "GET /_nicegui/any/static/nicegui.js HTTP/1.1", f"Host: {host}", "Connection: close")[0] == 421
    assert asked(port, "POST /_nicegui_ws/socket.io/?EIO=4&transport=polling HTTP/1.1", f"Host: {host}")[0] == 421


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1", "https://evil.example:PORT", "x"]
)
def test_a_page_from_elsewhere_is_refused(origin: str, port: int) -> None:
    own = "Host: 127.0.0.1:PORT"
    assert asked(port, SOCKET, own, f"Origin: {origin}")[0] == 403
    polling = "GET /_nicegui_ws/socket.io/?EIO=4&transport=polling HTTP/1.1"
    assert asked(port, polling, own, f"Origin: {origin}", "Connection: close")[0] == 403


def test_an_address_that_is_said_twice_or_not_at_all_is_refused(port: int) -> None:
    assert asked(port, PAGE, "Host: 127.0.0.1:PORT", "Host: evil.example", "Connection: close")[0] in {400, 421}
    assert asked(port, "GET / HTTP/1.0")[0] in {400, 421}
    assert asked(port, SOCKET, "Host: 127.0.0.1:PORT")[0] == 101  # no browser: those tell the origin


@given(st.integers(1, 65_535), st.lists(st.sampled_from(["a.example", "B.example:81"])))
def test_a_name_is_taken_as_it_is_written(port: int, names: list[str]) -> None:
    allowed = addresses(port, names)
    assert {f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"} <= allowed
    assert {"a.example", f"a.example:{port}"} <= allowed or "a.example" not in names
    assert ("b.example:81" in allowed) == ("B.example:81" in names)
    assert ("localhost" in allowed) == (port == 80)
