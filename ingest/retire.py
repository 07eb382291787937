"""Members of the subscription that are not wanted any more: unsubscribe, drain, then expire.

A broker keeps queueing for a member that is away, and hands its queue to nobody else. So when the number
of processes changes, the sessions of the former members are emptied into the store before they end.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

import structlog

from ingest.options import IngestOptions
from ingest.receive import BrokerOptions, LinkError, end_session, session_exists
from ingest.single import Ingester
from ingest.status import Summary
from ingest.stores import open_store

log = structlog.get_logger("ingest")

_QUIET_S = 1.0


def member(options: IngestOptions, number: int) -> BrokerOptions:
    """The session of one worker."""
    client_id = options.broker.client_id
    return replace(options.broker, client_id=f"{client_id}-{number}", group=options.broker.group or client_id)


async def stale_members(options: IngestOptions) -> AsyncIterator[BrokerOptions]:
    """Sessions that an earlier run with another number of processes has left at the broker."""
    try:
        if options.processes > 1 and await session_exists(options.broker):
            yield options.broker
        number = options.processes if options.processes > 1 else 0
        while await session_exists(member(options, number)):
            yield member(options, number)
            number += 1
    except (LinkError, TimeoutError) as error:
        log.debug("former members could not be looked for", error=str(error))


async def retire_stale(options: IngestOptions, stop: asyncio.Event) -> None:
    """Empty and end every session that this run does not use."""
    async for session in stale_members(options):
        await retire(options, session, stop)
        if stop.is_set():
            return


async def retire(options: IngestOptions, session: BrokerOptions, stop: asyncio.Event) -> None:
    """Empty one session into the store, and end it once nothing has come for a second."""
    log.info("retiring a former member", client_id=session.client_id)
    quiet = replace(options, broker=session, processes=1, report_every_s=None, metrics=None)
    store = open_store(options.store, os.environ)
    emptied = asyncio.Event()
    try:
        ingester = Ingester(quiet, store, retiring=True)
        running = asyncio.create_task(ingester.run(emptied))
        try:
            await _quiet(ingester, running, stop)
        finally:
            emptied.set()
            summary = await running
    finally:
        await store.close()
    if not stop.is_set() and summary.received == summary.stored + summary.dead_lettered:
        await end_session(session)


async def _quiet(ingester: Ingester, running: asyncio.Task[Summary], stop: asyncio.Event) -> None:
    received = -1
    while not running.done() and (received != ingester.status.received or ingester.status.in_flight):
        received = ingester.status.received
        with suppress(TimeoutError):
            async with asyncio.timeout(_QUIET_S):
                await stop.wait()
                return
