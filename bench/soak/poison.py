"""One poison in a queue, and what it costs."""

import dataclasses
import datetime as dt
import statistics
import time
from typing import Annotated

import typer

from bench.soak.options import Json, folder, show
from tests.end_to_end.chaos import chaos
from tests.end_to_end.ledger import Load
from tests.ingest.helpers import Sent, publish
from tests.servers.process import wait_until


def poison(
    readings: Annotated[int, typer.Option(help="Queued for each run.")] = 100_000,
    rounds: Annotated[int, typer.Option(help="Of each kind of run.")] = 7,
    malformed: Annotated[
        bool, typer.Option("--malformed", help="Poison that decoding refuses, not the store.")
    ] = False,
    json_: Json = None,
) -> None:
    """Drain a queue with and without one poison in its middle, which the store refuses."""
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2 * rounds):
        poisoned = number % 2 == 1
        seconds[poisoned].append(_drain(readings, poisoned=poisoned, malformed=malformed))
    clean, spoilt = (statistics.median(seconds[poisoned]) for poisoned in (False, True))
    figures = {
        "readings": readings,
        "stored beside the poison": readings,
        "dead letters": 1,
        "readings/s without poison": round(readings / clean),
        "readings/s with one poison": round(readings / spoilt),
        "share of the clean run, medians": round(clean / spoilt, 2),
        "share of the clean run, best of each": round(min(seconds[False]) / min(seconds[True]), 2),
        "seconds": {"without": seconds[False], "with": seconds[True]},
    }
    show("one poison in the stream", figures, json_)


def _drain(readings: int, *, poisoned: bool, malformed: bool) -> float:
    """Seconds in which the ingester drains a queue that was filled while it was stopped."""
    half = readings // 2 // 1000
    first = Load(devices=1000, seconds=half, kinds=("soil_probe",), speed="max")
    second = dataclasses.replace(first, start=first.start + dt.timedelta(seconds=half))
    with folder() as where, chaos(where, first) as park:
        # A field of another type, in the way only a foreign writer could put it there.
        ts = round(first.start.timestamp() * 1000)
        park.influxdb.write(b'weather_station,device=old relative_humidity="wet" %d\n' % ts, bucket=park.bucket)
        bad = Sent(
            topic="park/agriculture/yangshan/weather_station/weather-station-000001/telemetry",
            payload=b"{" if malformed else b'{"ts":%d,"seq":1,"relative_humidity":50.5}' % ts,
        )
        park.begin_to_ingest()
        park.ingester.pause()
        for load in (first, second):
            park.load = load
            park.simulator = park.new_simulator()
            park.simulator.start()
            park.simulator.finish(deadline=300)
            if poisoned and load is first:
                publish(park.broker, [bad])
        park.ingester.resume()
        began = time.monotonic()
        wait_until(lambda: park.metric("stored_total") >= readings, deadline=300, what="all stored")
        seconds = time.monotonic() - began
        for load in (first, second):
            park.load = load
            verified = park.verify()
            assert (verified["found"], verified["lost"]) == (readings // 2, 0), verified
        assert park.metric("dead_lettered_total") == float(poisoned)
        return round(seconds, 2)
