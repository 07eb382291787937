"""The ingester's own measurement, `park_ingest`, written to the store every ten seconds and on drain."""

import asyncio
import time
from types import SimpleNamespace

import msgspec

from ingest.errors import Misconfigured, Refused, Retryable, StoreError
from ingest.figures import FIGURES, RECENT, Recently
from ingest.health import GRACE_S
from ingest.log import get_logger
from ingest.status import Status
from ingest.stores.base import Row, Series, Store
from park.catalogue import Channel, ValueType
from park.pipeline import INGEST

log = get_logger("ingest")

EVERY_S = 10.0
_WRITE_LIMIT_S = 4.0
_AGAIN_S = 2.0


class Reporter:
    """Samples the status; the first sample is also the store's first test."""

    def __init__(self, status: Status, store: Store, *, every_s: float = EVERY_S) -> None:
        self._status = status
        self._store = store
        self._every_s = every_s
        self._render = store.render(_series(status.instance))
        self._recently = Recently(status)
        self._refused = False

    async def run(self) -> None:
        """Report for ever; sooner than usual where it failed, so that the end of a trouble is seen soon."""
        while True:
            failed = await self.report() is not None
            await asyncio.sleep(min(_AGAIN_S, self._every_s) if failed else self._every_s)

    async def report(self) -> StoreError | None:
        """Write one sample; a store that is away costs this sample and nothing else.

        Returns:
            What the store says to it, None if it takes it.
        """
        store, first = self._status.health.store, time.monotonic()
        error = await self.write()
        if isinstance(error, (Retryable, Misconfigured)):
            # A silent line has no other test of the store, and ten seconds have passed since the last.
            store.fails(self, str(error), hold=isinstance(error, Misconfigured), since=first - GRACE_S)
            return error
        store.works(self)
        if error is not None and not self._refused:
            log.warning("the store refuses the ingester's own figures", error=str(error))
        elif error is None and self._refused:
            log.info("the store takes the ingester's own figures again")
        self._refused = error is not None
        return None

    async def write(self) -> StoreError | None:
        """Write one sample.

        Returns:
            What the store says to it, None if it takes it.
        """
        try:
            async with asyncio.timeout(_WRITE_LIMIT_S):
                await self._store.write([self.sample(time.time_ns() // 1_000_000)])
        except TimeoutError:
            return Retryable(f"the store did not take the ingester's own figures within {_WRITE_LIMIT_S:g} s")
        except StoreError as error:
            return error
        except Exception as error:  # noqa: BLE001 - a client library's own; figures must not end the ingester
            return Refused(f"{type(error).__name__}: {error}")
        return None

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
