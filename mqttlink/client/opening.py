"""How a connection begins; and what speaks where it ended before a word was said.

That may be TLS where none was asked, plain MQTT where TLS was, or a web server.
"""

import asyncio
import ssl
from contextlib import suppress

import mqtt5

from mqttlink.client.connection import Connection
from mqttlink.client.fitness import refuses_tls, speaks_http, unopened, with_tls, without_tls
from mqttlink.client.options import LinkOptions, Session
from mqttlink.client.url import Address
from mqttlink.errors import HungUp, LinkError, Unanswered

_LIMIT_S = 2.0
_CONNACK = b"\x20"


async def opened(connection: Connection, options: LinkOptions) -> Session | None:
    """Connect and be greeted; None if that failed, and `connection.lost` says why."""
    address, limit_s = options.address, options.connect_timeout_s
    context = (options.ssl or ssl.create_default_context()) if address.tls else None
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(limit_s):
            await loop.create_connection(lambda: connection, address.host, address.port, ssl=context)
            return await connection.greeted
    except TimeoutError:
        connection.fail(Unanswered(f"{address} did not answer within {limit_s:g} s"))
    except OSError as error:
        connection.fail(unopened(error, address))
    except LinkError as error:
        connection.fail(error)
    return None


async def explained(error: LinkError, address: Address) -> LinkError:
    """The error, or what is found to be behind it: what hangs up, or says nothing, is asked once in another way."""
    if not isinstance(error, (HungUp, Unanswered)):
        return error
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_LIMIT_S):
            if isinstance(error, Unanswered):
                return speaks_http(address) if await _speaks_http(address) else error
            if address.tls and await _speaks_mqtt(address):
                return without_tls(address)
            if not address.tls and await _speaks_tls(address):
                return with_tls(address)
    return error


# What was asked is ended at once: TLS would wait for the other side's goodbye, longer than the loop may live.
async def _speaks_http(address: Address) -> bool:
    """Whether it is a web server, which waits for a line's end that a CONNECT need not have."""
    reader, writer = await asyncio.open_connection(address.host, address.port, ssl=_anyone() if address.tls else None)
    try:
        writer.write(b"HEAD / HTTP/1.0\r\n\r\n")
        return await reader.read(4) == b"HTTP"
    finally:
        writer.transport.abort()


def _anyone() -> ssl.SSLContext:
    """TLS with whoever it is, for what tells nothing."""
    anyone = ssl.create_default_context()
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    return anyone


async def _speaks_tls(address: Address) -> bool:
    """Whether there is TLS at all, whoever it is: nothing is told but a greeting."""
    try:
        _, writer = await asyncio.open_connection(address.host, address.port, ssl=_anyone())
    except ssl.SSLError as error:
        return refuses_tls(error)
    writer.transport.abort()
    return True


async def _speaks_mqtt(address: Address) -> bool:
    """Whether a CONNECT is answered that names nobody: no user, password or session of ours may be told without TLS."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    try:
        writer.write(mqtt5.ConnectPacket("", clean_start=True).write())
        return await reader.read(1) == _CONNACK
    finally:
        writer.transport.abort()
