"""Whether what answers at a broker's address can serve, said before a program whose client library cannot tell."""

import asyncio
from contextlib import suppress

from mqttlink import BrokerUnfit, Link, LinkError, LinkOptions


async def hold_fit(options: LinkOptions) -> None:
    """Connect once; a broker that is away, or refuses the login, is left to whoever connects next.

    Raises:
        BrokerUnfit: it can never serve: no MQTT 5, no retained messages, an untrusted certificate, another protocol.
    """
    unfit: BrokerUnfit | None = None
    with suppress(LinkError):
        try:
            await _once(options)
        except BrokerUnfit as error:
            unfit = error
    if unfit is not None:
        raise unfit


async def _once(options: LinkOptions) -> None:
    """Connect, or fail once.

    Raises:
        LinkError: trying again cannot help.
    """
    away = asyncio.Event()
    async with Link(options, on_disconnected=lambda _generation, _error: away.set()) as link:
        waits = [asyncio.ensure_future(link.connected()), asyncio.ensure_future(away.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for one in waits:
            one.cancel()
        found, _ = await asyncio.gather(*waits, return_exceptions=True)
        if isinstance(found, LinkError):
            raise found
