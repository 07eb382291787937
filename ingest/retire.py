"""Members of the subscription that are not wanted any more: unsubscribe, drain, then expire.

A broker keeps queueing for a member that is away, and hands its queue to nobody else. So when the number
of processes changes, or a session for each site takes the place of one, the sessions of the former members are emptied
into the store before they end. That begins when the new ones have subscribed: between the two, nobody would listen.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from ingest.errors import MissingSecret
from ingest.ingester import Ingester
from ingest.log import get_logger
from ingest.options import IngestOptions
from ingest.receive import LinkError, SessionOptions, end_session, session_exists
from ingest.session import sessions_of
from ingest.status import IngestSummary
from ingest.stores import open_store

log = get_logger("ingest")

_QUIET_S = 1.0
_AGAIN_S = 5.0


def member(options: IngestOptions, number: int) -> SessionOptions:
    """The session of one worker."""
    client_id = options.broker.client_id
    return replace(options.broker, client_id=f"{client_id}-{number}", group=options.broker.group or client_id)


def members(options: IngestOptions) -> list[SessionOptions]:
    """The sessions of a run, in this process or in workers."""
    if options.processes > 1:
        return [member(options, number) for number in range(options.processes)]
    return sessions_of(options)


async def stale_members(options: IngestOptions) -> AsyncIterator[SessionOptions]:
    """Sessions that an earlier run, with another number of processes or without sites, has left at the broker.

    Where each has a password of its own, those that have none cannot be there.

    Raises:
        LinkError: the broker is away, or refuses.
        TimeoutError: it does not answer.
    """
    if (options.processes > 1 or options.sites) and await _is_left(options.broker):
        yield options.broker
    ours = {session.client_id for session in members(options)}
    number = options.processes if options.processes > 1 else 0
    while (left := member(options, number)).client_id not in ours and await _is_left(left):
        yield left
        number += 1


async def _is_left(session: SessionOptions) -> bool:
    try:
        return await session_exists(session)
    except MissingSecret:
        return False


async def retire_stale(options: IngestOptions, begun: asyncio.Event, stop: asyncio.Event) -> None:
    """Empty and end every session that this run does not use, once it has subscribed itself."""
    await _first_of(begun, stop)
    while not stop.is_set():
        try:
            async for session in stale_members(options):
                await retire(options, session, stop)
                if stop.is_set():
                    return
        except (LinkError, TimeoutError) as error:
            log.debug("former members could not be looked for", error=str(error))
            if isinstance(error, LinkError) and error.final:
                return  # a broker that binds client ids to accounts shows nobody the sessions of others
        else:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_AGAIN_S):
                await stop.wait()


@asynccontextmanager
async def retiring(options: IngestOptions, stop: asyncio.Event) -> AsyncIterator[asyncio.Event]:
    """Retire former members beside the work of the block, which sets the event once it has subscribed."""
    begun = asyncio.Event()
    task = asyncio.create_task(retire_stale(options, begun, stop), name="ingest retire")
    task.add_done_callback(_complain)
    try:
        yield begun
        if stop.is_set():
            await asyncio.wait([task], timeout=options.drain_s)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _first_of(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()


def _complain(task: asyncio.Task[None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        log.error("a former member could not be retired; the next start tries again", error=str(error))


async def retire(options: IngestOptions, session: SessionOptions, stop: asyncio.Event) -> IngestSummary:
    """Empty one session into the store, and end it once nothing has come for a second.

    Raises:
        LinkError: the broker refused the login for good, or went away at the end; the session is not ended then.
        IngestError: the store cannot be opened.
    """
    log.info("retiring a former member", client_id=session.client_id)
    quiet = replace(options, broker=session, sites=(), processes=1, report_every_s=None, metrics=None)
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
        log.info("a former member is retired", client_id=session.client_id, stored=summary.stored)
    return summary


async def _quiet(ingester: Ingester, running: asyncio.Task[IngestSummary], stop: asyncio.Event) -> None:
    """Wait until, connected all the time, nothing has come for a second and everything is settled."""
    status = ingester.status
    seen: tuple[int, int] | None = None
    while not running.done():
        now = (status.received, status.reconnects)
        if status.connected and not status.in_flight and now == seen:
            return
        seen = now if status.connected else None
        with suppress(TimeoutError):
            async with asyncio.timeout(_QUIET_S):
                await stop.wait()
                return
