"""What quality flags cost the decoder, and how many clean readings of the town they mark.

Readings of all kinds are decoded and rendered as InfluxDB's lines, with flags and without, in turns; the CPU of the
fastest round counts. The clean town has no faults, so each flag there is a false alarm: they are told by channel.

    python -m bench.quality [--devices 300] [--hours 24] [--rounds 3]
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Sequence

from bench._measure import table
from ingest.batch import Batch
from ingest.decode import Decoder
from ingest.messages import PlainMessage
from ingest.stores.influxdb.line import line_renderer
from park.quality import QUALITY, StoredFlags
from park.town import default_town
from sectors import SECTORS
from simulator.generate import FORMATS, make_lines
from simulator.observed import readings_of
from simulator.plan import Selection

START = 1_780_243_200_000  # 1 June 2026, 00:00 in Wuxi
_BATCH = 5000


def messages(devices: int, hours: float) -> list[PlainMessage]:
    """Clean readings of the town, in order of time."""
    readings = readings_of(Selection(town=default_town(SECTORS), seed=7, devices=devices))
    until = START + int(hours * 3_600_000)
    lines = (line for _, some in make_lines(readings, FORMATS["ndjson"], START, until) for line in some.splitlines())
    return [PlainMessage(topic=topic, payload=payload, packet_id=1) for topic, payload in map(_parts, lines)]


def _parts(line: bytes) -> tuple[str, bytes]:
    topic, _, payload = line.removeprefix(b'{"topic":"').partition(b'","payload":')
    return topic.decode(), payload[:-1]


def decode(told: Sequence[PlainMessage], stored: StoredFlags) -> tuple[float, list[bytes]]:
    """CPU seconds, and the rows of flags."""
    decoder, flags = Decoder(line_renderer, quality=stored), list[bytes]()
    mark = f"{QUALITY.name},".encode()
    spent = 0.0
    for first in range(0, len(told), _BATCH):
        batch = Batch(generation=1, opened=0.0, opened_ms=START)
        began = time.process_time()
        decoder.take(told[first : first + _BATCH], batch)
        spent += time.process_time() - began
        flags += [row for row in batch.rows if row.startswith(mark)]
    return spent, flags


def _cause(row: bytes) -> str:
    """Kind, channel, flag and test of a row."""
    tags, fields, _ = row.decode().split(" ")
    named = dict(pair.split("=", 1) for pair in tags.split(",")[1:])
    flag, _, test = fields.partition(",")
    return f"{named['device'].rpartition('-')[0]} {named['channel']} {flag} {test}"


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=300)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args(argv)
    told = messages(asked.devices, asked.hours)
    best = dict.fromkeys(StoredFlags, float("inf"))
    flags: list[bytes] = []
    for _ in range(asked.rounds):
        for stored in StoredFlags:
            spent, found = decode(told, stored)
            best[stored] = min(best[stored], spent)
            if stored is StoredFlags.FLAGGED:
                flags = found
    none = best[StoredFlags.NONE]
    print(
        table(
            [
                {"flags": one.value, "us a reading": f"{1e6 * spent / len(told):.2f}", "ratio": f"{spent / none:.2f}"}
                for one, spent in best.items()
            ]
        )
    )
    causes = Counter(map(_cause, flags)).most_common(60)
    if causes:
        print(table([{"false alarm": cause, "flags": count} for cause, count in causes]))
    print(json.dumps({"readings": len(told), "flags": len(flags), "cpu_s": {one.value: best[one] for one in best}}))


if __name__ == "__main__":
    main()
