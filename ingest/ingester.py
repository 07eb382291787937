"""The ingester as a whole: in this process, or shared among workers."""

import asyncio
import os

from ingest.options import IngestOptions
from ingest.retire import retire_stale
from ingest.single import Ingester
from ingest.status import Latency, Summary
from ingest.stores import open_store
from ingest.workers import supervise

__all__ = ["IngestOptions", "Latency", "Summary", "run"]


async def run(options: IngestOptions, stop: asyncio.Event) -> Summary:
    """Ingest until `stop` is set; then stop intake, flush, acknowledge, disconnect.

    Raises:
        LinkError: the broker refused the very first connection for good.
        IngestError: the store's secret cannot be read.
    """
    await retire_stale(options)
    if options.processes > 1:
        return await supervise(options, stop)
    store = open_store(options.store, os.environ)
    try:
        return await Ingester(options, store).run(stop)
    finally:
        await store.close()
