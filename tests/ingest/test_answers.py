"""What counts as stored, what as poison, and what is held until a person acts."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.errors import Misconfigured, PartialWrite, Refused, Retryable, StoreError, TooLarge
from ingest.stores.base import Row, Store
from ingest.stores.http import Answer
from ingest.stores.influxdb.answer import error_of
from ingest.stores.influxdb.url import InfluxUrl
from ingest.stores.influxdb.write import InfluxStore
from ingest.write import RetryPolicy
from park.rejection import Rejection
from tests.ingest.helpers import Running, ingesting, options, publish, readings, until
from tests.ingest.page import Page, serving
from tests.ingest.seen import buried
from tests.ingest.test_command import over_tls
from tests.servers.certificates import make_certificates
from tests.servers.influxdb1 import InfluxDB1, run_influxdb1
from tests.servers.influxdb2 import InfluxDB2, run_influxdb2
from tests.servers.mosquitto import Mosquitto

HTML = {"Content-Type": "text/html; charset=utf-8"}
LINE = b"soil_probe,device=d soil_moisture=0.5,seq=1i 1767225600000\n"


@pytest.fixture(scope="module")
def influxdb1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB1]:
    config = ["  max-body-size = 20000"]
    with run_influxdb1(tmp_path_factory.mktemp("influxdb1"), http_config=config) as server:
        yield server


def at(url: str, *, bucket: str = "park", org: str = "", token: str = "") -> InfluxStore:
    return InfluxStore(InfluxUrl(endpoint=url, bucket=bucket, org=org), token, timeout_s=5.0)


def said(store: Store, *rows: Row) -> StoreError | None:
    async def main() -> StoreError | None:
        try:
            await store.write(rows or [LINE])
        except StoreError as error:
            return error
        finally:
            await store.close()
        return None

    return asyncio.run(main())


def test_what_the_real_servers_say(influxdb: InfluxDB2, influxdb1: InfluxDB1) -> None:
    bucket, database = influxdb.new_bucket(), influxdb1.new_bucket()
    two = {"token": influxdb.token, "org": influxdb.org}
    assert said(at(influxdb.url, bucket=bucket, **two)) is None
    assert said(at(influxdb1.url, bucket=database)) is None
    held = [
        (at(influxdb.url, bucket=bucket, token=influxdb.token), "org"),
        (at(influxdb.url, bucket=bucket, token=influxdb.token, org="nobody"), "organization"),
        (at(influxdb.url, bucket="nowhere", **two), "bucket"),
        (at(influxdb.url, bucket=bucket, token="wrong", org=influxdb.org), "INFLUXDB_V2_TOKEN"),
        (at(influxdb1.url, bucket="nowhere"), "database"),
        (at(influxdb1.url, bucket=f"{database}/nopolicy"), "retention policy"),
        (at(influxdb1.url.replace("http", "https"), bucket=database), "influxdb+http://"),
    ]
    for store, words in held:
        error = said(store)
        assert isinstance(error, Misconfigured), error
        assert words in str(error)
    for store in (at(influxdb.url, bucket=bucket, **two), at(influxdb1.url, bucket=database)):
        assert isinstance(said(store, LINE, b"rubbish\n"), (Refused, PartialWrite))
    assert isinstance(said(at(influxdb1.url, bucket=database), *[LINE] * 5000), TooLarge)


def test_no_http_and_an_untrusted_certificate_need_a_person(mosquitto: Mosquitto, tmp_path: Path) -> None:
    assert isinstance(said(at(mosquitto.url.replace("mqtt", "http"))), (Misconfigured, Retryable))
    certificates = make_certificates(tmp_path)
    page = Page()

    async def main() -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificates.certificate, certificates.key)
        server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0, ssl=context)
        page.port = server.sockets[0].getsockname()[1]
        for url, words in ((page.url.replace("http", "https"), "SSL_CERT_FILE"),):
            store = at(url)
            with pytest.raises(Misconfigured, match=words):
                await store.write([LINE])
            await store.close()
        server.close()

    asyncio.run(main())


@contextmanager
def speaking(serve: Callable[[socket.socket], object], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server of one line, on a free port while the block runs."""
    listening = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            with suppress(ssl.SSLError, ConnectionError):
                try:
                    peer, _ = listening.accept()
                except OSError:
                    return
                with peer if context is None else context.wrap_socket(peer, server_side=True) as spoken:
                    serve(spoken)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def an_alert(peer: socket.socket) -> None:
    """What TLS says to what is none: protocol version."""
    peer.recv(1)
    peer.sendall(b"\x15\x03\x01\x00\x02\x02\x46")


def only_http(peer: socket.socket) -> None:
    """Ends a connection that begins with anything but a request, and says nothing."""
    if peer.recv(4) in {b"GET ", b"POST"}:
        peer.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")


def test_the_other_scheme_is_named_whatever_ends_the_connection(tmp_path: Path) -> None:
    """A server of TLS may say an alert to a request, or just hang up; one without may hang up on a greeting."""
    certificates = make_certificates(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.certificate, certificates.key)
    for rows in (1, 4000):
        with speaking(lambda peer: peer.recv(1), context) as port:
            error = said(at(f"http://127.0.0.1:{port}"), *[LINE] * rows)
            assert isinstance(error, Misconfigured), error
            assert "it speaks TLS: write influxdb+https://" in str(error)
        with speaking(an_alert) as port:
            error = said(at(f"http://127.0.0.1:{port}"), *[LINE] * rows)
            assert isinstance(error, Misconfigured), error
            assert "it speaks TLS: write influxdb+https://" in str(error)
        with speaking(only_http) as port:
            error = said(at(f"https://127.0.0.1:{port}"), *[LINE] * rows)
            assert isinstance(error, Misconfigured), error
            assert "it speaks no TLS: write influxdb+http://" in str(error)


def test_a_server_that_only_hangs_up_is_tried_again() -> None:
    with speaking(lambda _: None) as port:
        for scheme in ("http", "https"):
            assert isinstance(said(at(f"{scheme}://127.0.0.1:{port}")), Retryable)


@pytest.mark.parametrize(
    ("status", "text", "meaning"),
    [
        (200, "", Misconfigured),
        (200, "<html>log in</html>", Misconfigured),
        (201, "", Misconfigured),
        (302, "", Misconfigured),
        (400, '{"message":"unable to parse \'x\': missing fields"}', Refused),
        (400, '{"error":"partial write: field type conflict: dropped=3"}', PartialWrite),
        (400, '{"error":"partial write: max-series-per-database limit exceeded: (1000000) dropped=3"}', Misconfigured),
        (400, '{"error":"partial write: max-values-per-tag limit exceeded (100000/100000) dropped=1"}', Misconfigured),
        (400, "<html>cannot parse your request</html>", Misconfigured),
        (400, "Client sent an HTTP request to an HTTPS server.", Misconfigured),
        (400, '{"message":"Please provide either orgID or org"}', Misconfigured),
        (400, '{"message":"bad request"}', Misconfigured),
        (400, '{"code":"invalid","message":"failed to parse line protocol: line 3"}', Refused),
        (405, "", Misconfigured),
        (402, "", Misconfigured),
        (408, "", Retryable),
        (413, "<html>too large</html>", TooLarge),
        (422, '{"message":"failure writing points to database: partial write: dropped=1"}', PartialWrite),
        (422, '{"message":"no such thing"}', Misconfigured),
        (429, "", Retryable),
        (500, '{"error":"retention policy not found: x"}', Misconfigured),
        (500, '{"error":"engine: too many open files"}', Retryable),
        (503, "<html>maintenance</html>", Retryable),
        (507, "", Retryable),
    ],
)
def test_one_table_sorts_every_answer(status: int, text: str, meaning: type[StoreError]) -> None:
    error = error_of("here", Answer(status=status, headers={}, body=text.encode()))
    assert type(error) is meaning
    assert str(error).startswith(f"here answered {status}")


@pytest.mark.parametrize("told", ["3600", "Fri, 01 Jan 2100 00:00:00 GMT", "0", "soon", "nan", ""])
def test_a_wait_is_probed_every_four_seconds(told: str) -> None:
    error = error_of("here", Answer(status=503, headers={"retry-after": told}, body=b""))
    assert isinstance(error, Retryable)
    for attempt in range(50):
        assert 0 <= RetryPolicy().delay(attempt, error.after_s) <= 4.0
    assert RetryPolicy().delay(0, 3600.0) == 4.0


async def holds(running: Running, words: str) -> None:
    """Everything waits, and readiness says why."""
    await until(lambda: any(words in one for one in running.status.troubles()), what=words)
    await until(lambda: running.status.retries > 3, what="tried again")
    assert (running.status.stored, running.status.dead_lettered) == (0, 0)
    assert any(words in one for one in running.status.troubles())


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (200, b"<html>please log in</html>"),
        (400, b"<html>bad request</html>"),
        (400, b"unable to parse this request"),  # of any request: the ingester's own figures are refused alike
    ],
)
def test_a_page_of_something_else_holds_everything(
    mosquitto: Mosquitto, tmp_path: Path, status: int, text: bytes
) -> None:
    client = f"page-{tmp_path.name}"[-40:]

    async def main(page: Page) -> None:
        async with ingesting(options(mosquitto, tmp_path, client), at(page.url)) as running:
            await asyncio.to_thread(publish, mosquitto, readings(60))
            await holds(running, "answered")
            assert any(one.startswith("hold") for one in running.status.troubles())
            page.status, page.body = 204, b""
            await running.settles(60)
            assert running.status.dead_lettered == 0
            await until(lambda: not running.status.troubles(), what="ready")

    with serving(Page(status=status, body=text, headers=HTML if b"<" in text else {})) as page:
        asyncio.run(main(page))
    assert not (tmp_path / "dead-letters.ndjson").exists()


def test_a_store_with_tls_spoken_to_without_holds_everything(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Whatever the batch's size: a long request is reset before its answer can be read."""

    async def main(url: str, count: int) -> None:
        settings = replace(options(mosquitto, tmp_path, f"plain-{count}"), drain_s=0.1)
        async with ingesting(settings, at(url, bucket="park", org="park")) as running:
            await asyncio.to_thread(publish, mosquitto, readings(count))
            await holds(running, "influxdb+https://")

    with run_influxdb2(tmp_path) as server, over_tls(server, make_certificates(tmp_path)) as url:
        for count in (2, 3000):
            asyncio.run(main(url.replace("https", "http"), count))
    assert not (tmp_path / "dead-letters.ndjson").exists()


def test_a_long_wait_is_probed_and_told(mosquitto: Mosquitto, tmp_path: Path) -> None:
    maintenance = Page(status=503, body=b"maintenance", headers={"Retry-After": "3600"})

    async def main(page: Page) -> None:
        settings = options(mosquitto, tmp_path, "maintenance", retry=RetryPolicy())
        async with ingesting(settings, at(page.url)) as running:
            await asyncio.to_thread(publish, mosquitto, readings(60))
            await until(lambda: any("3600 s" in one for one in running.status.troubles()), what="told")
            page.status, page.headers = 204, {}
            await running.settles(60)

    with serving(maintenance) as page:
        asyncio.run(main(page))


def test_poison_alone_in_its_batch_is_still_poison(mosquitto: Mosquitto, influxdb: InfluxDB2, tmp_path: Path) -> None:
    """All rows of a batch are refused, and the ingester's own are taken: it is the rows."""
    bucket = influxdb.new_bucket()
    influxdb.write(b'soil_probe,device=old soil_moisture="wet" 1767225600000\n', bucket=bucket)

    async def main() -> None:
        store = at(influxdb.url, bucket=bucket, org=influxdb.org, token=influxdb.token)
        async with ingesting(options(mosquitto, tmp_path, bucket), store) as running:
            await asyncio.to_thread(publish, mosquitto, readings(1))
            await running.settles(1)
            assert running.status.dead_lettered == 1
            assert not [one for one in running.status.troubles() if one.startswith("hold")]

    asyncio.run(main())
    letters: list[Rejection] = buried(tmp_path)
    assert len(letters) == 1
