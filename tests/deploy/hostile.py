"""A hostile site: what one gateway's password, and ten more of the same site, can be used for.

python -m tests.deploy.hostile JSON

Ten connections flood at QoS 1 and one at QoS 0: junk, oversize payloads, readings of ever new devices, times all over a
century, sound readings. Another client, beside them, tries to take over sessions, to join the ingester's subscription,
to write for others. It uses so much of a processor and no more, and at the end (SIGTERM) tells what it did, as JSON.
"""

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from pathlib import Path

import mqtt5

from mqttlink import Link, LinkError, LinkOptions, parse_broker_url

CONNECTIONS = 10
_BURST = 200
_OLD_MS = 1_767_225_600_000
"""What it sends is history, so that figures of live readings are of honest sites alone."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where and whom it attacks.

    Attributes:
        site: its own; it has the passwords of that site's gateways, in files of their names below `passwords`.
        sessions: client ids of others.
        share: of a processor.
    """

    broker: str
    site: str
    passwords: str
    sessions: Sequence[str]
    share: float = 0.5

    def options(self, account: str, client_id: str | None = None) -> LinkOptions:
        """How to connect with one of its accounts."""
        address = parse_broker_url(self.broker.replace("://", f"://{account}@"))
        password = (Path(self.passwords) / account).read_bytes().strip()
        return LinkOptions(
            address=address, client_id=client_id or account, password=password, clean_start=True, session_expiry_s=0
        )


class Hostile:
    """Everything it does."""

    def __init__(self, target: Target, seed: int = 1) -> None:
        self._target = target
        self._random = random.Random(seed)
        self.done: Counter[str] = Counter()
        self._began, self._cpu = time.monotonic(), time.process_time()
        self._number = 0
        self._turn = asyncio.Lock()

    async def run(self, stop: asyncio.Event) -> None:
        """Attack until `stop` is set."""
        accounts = [f"gw-{self._target.site}-{number}" for number in range(CONNECTIONS + 2)]
        tasks = [asyncio.create_task(self._flood(account, qos=1)) for account in accounts[:CONNECTIONS]]
        tasks.append(asyncio.create_task(self._flood(accounts[CONNECTIONS], qos=0)))
        tasks.append(asyncio.create_task(self._trespass(accounts[CONNECTIONS + 1])))
        tasks.append(asyncio.create_task(self._until(stop)))
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        failed = [one for one in await asyncio.gather(*tasks, return_exceptions=True) if isinstance(one, Exception)]
        if failed:
            raise failed[0]

    @staticmethod
    async def _until(stop: asyncio.Event) -> None:
        await stop.wait()

    async def _flood(self, account: str, *, qos: int) -> None:
        def count(ids: Sequence[int], _reasons: object, _generation: int) -> None:
            self.done["acknowledged"] += len(ids)

        async with Link(self._target.options(account), on_acks=count) as link:
            while True:
                await link.writable(_BURST)
                ids = list(link.reserve(min(_BURST, link.window_free))) if qos else [0] * _BURST
                try:
                    link.send(b"".join(self._packet(qos, packet_id) for packet_id in ids))
                except LinkError:
                    continue
                self.done[f"flooded at QoS {qos}"] += len(ids)
                await self._rest()

    def _packet(self, qos: int, packet_id: int) -> bytes:
        topic, payload = self._message()
        if qos:
            return mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id).write()
        return mqtt5.PublishPacket(topic, payload).write()

    def _message(self) -> tuple[str, bytes]:
        self._number += 1
        number, site = self._number, self._target.site
        device, ts = number % 50, _OLD_MS + number
        match number % 8:
            case 0:
                payload = self._random.randbytes(100)
            case 1:
                payload = self._random.randbytes(65_000 if number % 2000 == 1 else 300)
            case 2:
                device, payload = number, b'{"ts":%d,"seq":1,"soil_moisture":0.2}' % ts  # ever new devices
            case 3:
                payload = b'{"ts":%d,"seq":%d}' % (self._random.randrange(946_684_800_000, 4_102_444_800_000), number)
            case 4:
                return f"park/gateways/{site}/0/stats", b'{"ts":%d,"sent":%d}' % (ts, 2**62)
            case _:
                payload = b'{"ts":%d,"seq":%d,"soil_moisture":0.2}' % (ts, number)
        return f"park/agriculture/{site}/soil_probe/enemy-{device}/telemetry", payload

    async def _trespass(self, account: str) -> None:
        """Take-overs, shared groups and foreign topics, in turn."""
        target = self._target
        while True:
            for client_id in target.sessions:
                await self._take_over(account, client_id)
                await self._rest()
            async with Link(target.options(account)) as link:
                await link.connected()
                for group in ("park-ingest", "other"):
                    for pattern in ("park/+/+/+/+/telemetry", f"park/+/{target.site}/+/+/telemetry"):
                        await self._refused("shared group", link.subscribe([_filter(f"$share/{group}/{pattern}")]))
                await self._refused("foreign topic", link.publish(f"park/gateways/x-{target.site}/0/state", b"{}"))

    async def _take_over(self, account: str, client_id: str) -> None:
        ended = asyncio.get_running_loop().create_future()

        def refused(_generation: int, error: LinkError) -> None:
            if not ended.done():
                ended.set_exception(error)

        async with Link(self._target.options(account, client_id), on_disconnected=refused) as link:
            connected = asyncio.ensure_future(link.connected())
            await asyncio.wait([connected, ended], return_when=asyncio.FIRST_COMPLETED)
            outcome = connected if connected.done() else ended
            await self._refused("take-over", outcome)
            connected.cancel()
            ended.cancel()

    async def _refused(self, what: str, attempt: Awaitable[object]) -> None:
        try:
            await attempt
        except LinkError:
            self.done[f"{what} refused"] += 1
        else:
            self.done[f"{what} granted"] += 1

    async def _rest(self) -> None:
        """Use no more than its share of a processor, however many rest at once."""
        async with self._turn:
            used, passed = time.process_time() - self._cpu, time.monotonic() - self._began
            await asyncio.sleep(max(0.0, used / self._target.share - passed))

    @property
    def processors(self) -> float:
        """What it has used since it began, of one."""
        return (time.process_time() - self._cpu) / (time.monotonic() - self._began)


def _filter(pattern: str) -> mqtt5.TopicFilter:
    return mqtt5.TopicFilter(pattern, max_qos=mqtt5.QoS.AT_LEAST_ONCE)


async def main(target: Target) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    hostile = Hostile(target)
    try:
        await hostile.run(stop)
    finally:
        used = round(hostile.processors, 2)
        told = {**dict(sorted(hostile.done.items())), "processors": used, "pid": os.getpid()}
        sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    asyncio.run(main(Target(**json.loads(sys.argv[1]))))
