"""The ingester's own measurement, `park_ingest`, written to the store every ten seconds and on drain."""

import asyncio
import time
from types import SimpleNamespace

import msgspec

from ingest.errors import Misconfigured, Retryable, StoreError
from ingest.figures import FIGURES, RECENT, Recently
from ingest.log import get_logger
from ingest.status import Status
from ingest.stores.base import Row, Series, Store
from park.catalogue import Channel, ValueType
from park.pipeline import INGEST

log = get_logger("ingest")

EVERY_S = 10.0
_WRITE_LIMIT_S = 3.0


class Reporter:
    """Samples the status; the first sample is also the store's first test."""

    def __init__(self, status: Status, store: Store, *, every_s: float = EVERY_S) -> None:
        self._status = status
        self._store = store
        self._every_s = every_s
        self._render = store.render(_series(status.instance))
        self._recently = Recently(status)

    async def run(self) -> None:
        """Report for ever."""
        while True:
            await self.report()
            await asyncio.sleep(self._every_s)

    async def report(self) -> None:
        """Write one sample; a store that is away costs this sample and nothing else."""
        row = self.sample(time.time_ns() // 1_000_000)
        try:
            async with asyncio.timeout(_WRITE_LIMIT_S):
                await self._store.write([row])
        except TimeoutError:
            log.debug("the store did not take the ingester's own figures in time")
        except (Retryable, Misconfigured) as error:
            self._status.store_fails(str(error), hold=isinstance(error, Misconfigured))
        except StoreError as error:
            log.warning("the store refuses the ingester's own figures", error=str(error))
        else:
            self._status.store_answers()

    def sample(self, now_ms: int) -> Row:
        """The row of now; latencies and CPU since the last one."""
        recent = self._recently.look()
        values = {name: read(self._status) for name, read in FIGURES.items()}
        values |= {name: read(recent) for name, read in RECENT.items()}
        stored = {channel.name: _stored(channel, values[channel.name]) for channel in INGEST.fields}
        return self._render(SimpleNamespace(ts=now_ms, **stored))


def _series(instance: str) -> Series:
    return Series(measurement=INGEST.name, tags=(("instance", instance),), fields=INGEST.fields, has_seq=False)


def _stored(channel: Channel, value: float | None) -> object:
    if value is None:
        return msgspec.UNSET
    return int(value) if channel.type is ValueType.INT else round(float(value), channel.decimals)
