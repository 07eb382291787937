"""The ingester as a whole: in this process, or shared among workers."""

import asyncio
import os

from ingest.deadletter import DeadLetterFile
from ingest.errors import BadOptions, BadStoreUrl
from ingest.ingester import Ingester
from ingest.memory import relax_collector
from ingest.options import IngestOptions
from ingest.receive import login
from ingest.retire import members, retiring
from ingest.status import IngestSummary, Latency
from ingest.stores import open_store
from ingest.workers import supervise
from park.quality import StoredFlags

__all__ = ["IngestOptions", "IngestSummary", "Latency", "run"]


async def run(options: IngestOptions, stop: asyncio.Event) -> IngestSummary:
    """Ingest until `stop` is set; then stop intake, flush, acknowledge, disconnect.

    Raises:
        BadOptions: options that exclude one another.
        LinkError: the broker refused the very first connection for good.
        BadStoreUrl: the store cannot be shared among processes.
        DeadLetterError: the dead-letter file cannot be used.
        IngestError: a secret cannot be read, the store or file cannot be opened, or metrics cannot be served.
    """
    if options.sites and (options.processes > 1 or options.broker.group is not None):
        raise BadOptions("sessions for sites are held by one process, and shared with no group")
    if options.quality is not StoredFlags.NONE and (options.processes > 1 or options.broker.group is not None):
        raise BadOptions("quality flags need all readings of a device in one process: no more of them, and no group")
    if options.processes > 1 and not options.store.shareable:
        raise BadStoreUrl(
            f"{options.store}: one process owns this store; use --processes 1, or a store that is a server"
        )
    await asyncio.to_thread(DeadLetterFile(options.dead_letters).open)
    for session in members(options):
        login(session)
    async with retiring(options, stop) as begun:
        if options.processes > 1:
            return await supervise(options, stop, begun)
        store = open_store(options.store, os.environ)
        relax_collector()
        try:
            return await Ingester(options, store, begun=begun).run(stop)
        finally:
            await store.close()
