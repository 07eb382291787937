"""CPU per message from the broker to the store, of our ingester and its peers, side by side.

A candidate starts, subscribes with a persistent session and becomes idle. It is then stopped (SIGSTOP) while
N messages are published, which the broker queues, and continued. Its CPU (user and system, children included)
from there until the store holds N rows is divided by N: no start-up, no waiting, no publisher in it.

Messages come from 1,000 devices of six sites; "a session a site" is ours with --site for each.

    python -m bench.ingest [--messages 100000] [--rounds 3] [--only ours,telegraf] [--json FILE]
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence, Sized
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import mqtt5
import psutil

from bench._measure import PARK, median, report, table
from mqttlink import Link, LinkOptions, parse_broker_url
from tests.servers.find import require
from tests.servers.influxdb2 import InfluxDB2, run_influxdb2
from tests.servers.mosquitto import Mosquitto, run_mosquitto

DEVICES = 1000
SITES = ("yangshan", "huishan", "xinwu", "binhu", "liangxi", "jingkai")
T0 = 1_767_225_600_000
FILTER = "park/+/+/+/+/telemetry"
DEADLINE_S = 180.0


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a candidate is given."""

    broker: Mosquitto
    influxdb: InfluxDB2
    bucket: str
    client_id: str
    folder: Path
    messages: int


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One ingester.

    Attributes:
        stores: False for the floor, which only receives and acknowledges.
        sites: it has a session for each site, whose client id ends with a dash and the site.
    """

    name: str
    argv: Callable[[Setting], Sequence[str]]
    stores: bool = True
    sites: bool = False


@dataclass(frozen=True, kw_only=True)
class Run:
    """One drain: CPU in microseconds a message, seconds, and MB."""

    cpu_us: float
    wall_s: float
    rss_mb: float


@dataclass(kw_only=True)
class Result:
    """All rounds of a candidate."""

    name: str
    runs: list[Run] = field(default_factory=list)

    def median(self, key: str) -> float:
        """The median over rounds of one figure."""
        return median([getattr(run, key) for run in self.runs])


def ours(setting: Setting) -> Sequence[str]:
    """Our ingester, through the command that everybody uses, with its metrics served."""
    store = setting.influxdb.store_url(setting.bucket)
    dead_letters = str(setting.folder / "dead-letters.ndjson")
    session = ["--broker", setting.broker.url, "--client-id", setting.client_id]
    return [*PARK, "ingest", *session, "--store", store, "--dead-letters", dead_letters, "--metrics-port", "0"]


def a_session_a_site(setting: Setting) -> Sequence[str]:
    """The same with a session for each site."""
    return [*ours(setting), *(word for site in SITES for word in ("--site", site))]


def flagging(setting: Setting) -> Sequence[str]:
    """The same with quality flags."""
    return [*ours(setting), "--quality", "flagged"]


def aiomqtt_loop(setting: Setting) -> Sequence[str]:
    influxdb = setting.influxdb
    address = [setting.broker.host, str(setting.broker.port), influxdb.url, influxdb.org]
    return [sys.executable, "-m", "bench.ingest_aiomqtt", *address, setting.bucket, setting.client_id]


def mosquitto_sub(setting: Setting) -> Sequence[str]:
    return _subscribe(setting, "mqttv5")


TELEGRAF = """
[agent]
  interval = "10s"
  metric_batch_size = 5000
  metric_buffer_limit = 100000
  flush_interval = "1s"
  omit_hostname = true
  logfile = "{folder}/telegraf.log"
[[inputs.mqtt_consumer]]
  servers = ["tcp://127.0.0.1:{port}"]
  topics = ["park/+/+/+/+/telemetry"]
  topic_tag = ""
  qos = 1
  client_id = "{client_id}"
  persistent_session = true
  max_undelivered_messages = 20000
  data_format = "json"
  json_time_key = "ts"
  json_time_format = "unix_ms"
  [[inputs.mqtt_consumer.topic_parsing]]
    topic = "park/+/+/+/+/telemetry"
    measurement = "_/_/_/measurement/_/_"
    tags = "_/sector/site/_/device/_"
[[outputs.influxdb_v2]]
  urls = ["{url}"]
  token = "$INFLUXDB_V2_TOKEN"
  organization = "{org}"
  bucket = "{bucket}"
  content_encoding = "identity"
"""


def telegraf(setting: Setting) -> Sequence[str]:
    config = setting.folder / f"{setting.client_id}.conf"
    influxdb = setting.influxdb
    config.write_text(
        TELEGRAF.format(
            folder=setting.folder,
            port=setting.broker.port,
            client_id=setting.client_id,
            url=influxdb.url,
            org=influxdb.org,
            bucket=setting.bucket,
        )
    )
    return [str(require("telegraf")), "--config", str(config)]


CANDIDATES = [
    Candidate(name="ours", argv=ours),
    Candidate(name="a session a site", argv=a_session_a_site, sites=True),
    Candidate(name="with quality flags", argv=flagging),
    Candidate(name="telegraf", argv=telegraf),
    Candidate(name="aiomqtt loop", argv=aiomqtt_loop),
    Candidate(name="mosquitto_sub", argv=mosquitto_sub, stores=False),
]


def _subscribe(setting: Setting, protocol: str) -> list[str]:
    expiry = ["-x", "3600"] if protocol == "mqttv5" else []
    address = ["-h", setting.broker.host, "-p", str(setting.broker.port), "-V", protocol]
    return [str(require("mosquitto_sub")), *address, *expiry, "-c", "-i", setting.client_id, "-q", "1", "-t", FILTER]


def forget_session(setting: Setting) -> None:
    """Make the broker drop the session, so that it does not queue for nobody."""
    argv = [argument for argument in _subscribe(setting, "mqttv5") if argument != "-c"]
    argv[argv.index("-x") + 1] = "0"
    subprocess.run([*argv, "-E"], check=True, timeout=30)


def message(number: int) -> mqtt5.PublishPacket:
    device, seq = number % DEVICES, number // DEVICES
    topic = f"park/agriculture/{SITES[device % len(SITES)]}/soil_probe/soil-probe-{device:06d}/telemetry"
    payload = (
        f'{{"ts":{T0 + 1000 * seq},"seq":{seq},"soil_moisture":{round(0.2 + number % 211 / 1000, 3)},'
        f'"soil_temperature":{round(12 + number % 97 / 10, 1)},"soil_moisture_ec":{round(1 + number % 31 / 100, 2)},'
        f'"battery_voltage":{round(3.4 + number % 41 / 100, 2)}}}'
    )
    return mqtt5.PublishPacket(
        topic, payload.encode(), qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1, content_type="application/json"
    )


async def publish(broker: Mosquitto, count: int) -> None:
    """Publish the same N messages in every round, and wait for their acknowledgements."""
    acknowledged = 0
    done = asyncio.Event()

    def count_acks(ids: Sized, _reasons: object, _generation: int) -> None:
        nonlocal acknowledged
        acknowledged += len(ids)
        if acknowledged >= count:
            done.set()

    options = LinkOptions(address=parse_broker_url(broker.url), client_id="bench-publisher", session_expiry_s=0)
    async with Link(options, on_acks=count_acks) as link:
        await link.connected()
        sent = 0
        while sent < count:
            await link.writable(500)
            ids = link.reserve(min(link.window_free, count - sent))
            packets = [bytearray(message(sent + i).write()) for i in range(len(ids))]
            for packet, packet_id in zip(packets, ids, strict=True):
                _number(packet, packet_id)
            link.send(b"".join(packets))
            sent += len(ids)
        await done.wait()


def _number(packet: bytearray, packet_id: int) -> None:
    """Put the packet id into an encoded PUBLISH, behind its topic."""
    header = 2 if packet[1] < 0x80 else 3
    at = header + 2 + int.from_bytes(packet[header : header + 2], "big")
    packet[at : at + 2] = packet_id.to_bytes(2, "big")


def cpu_s(process: psutil.Process) -> float:
    """User and system time of a process and all its children."""
    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        times = one.cpu_times()
        total += times.user + times.system
    own = process.cpu_times()
    return total + own.children_user + own.children_system


def drain(candidate: Candidate, setting: Setting) -> Run:
    """Let a candidate drain N queued messages."""
    environ = {**os.environ, "INFLUXDB_V2_TOKEN": setting.influxdb.token}
    log = setting.folder / f"{setting.client_id}.log" if candidate.stores else Path(os.devnull)
    with log.open("wb") as out:
        child = subprocess.Popen(candidate.argv(setting), stdout=out, stderr=subprocess.STDOUT, env=environ)
    process = psutil.Process(child.pid)
    try:
        await_idle(process)
        before = cpu_s(process)
        process.suspend()
        asyncio.run(publish(setting.broker, setting.messages))
        process.resume()
        began = time.monotonic()
        (await_stored if candidate.stores else await_read)(setting, process)
        wall_s = time.monotonic() - began
        return Run(cpu_us=(cpu_s(process) - before) / setting.messages * 1e6, wall_s=wall_s, rss_mb=peak_mb(process))
    finally:
        child.terminate()
        child.wait(30)
        ends = [f"-{site}" for site in SITES] if candidate.sites else [""]
        for end in ends:
            forget_session(replace(setting, client_id=setting.client_id + end))


def await_idle(process: psutil.Process) -> None:
    """Wait until the process is through with its start: three seconds without work."""
    time.sleep(3.0)
    while True:
        before = cpu_s(process)
        time.sleep(3.0)
        if cpu_s(process) - before < 0.05:
            return


def await_stored(setting: Setting, _process: psutil.Process) -> None:
    """Wait until the store holds every message."""
    began = time.monotonic()
    while time.monotonic() - began < DEADLINE_S:
        rows = setting.influxdb.influxql("SELECT count(seq) FROM soil_probe", bucket=setting.bucket)
        if rows and rows[0]["count"] == setting.messages:
            return
        time.sleep(0.3)
    raise SystemExit(f"{setting.client_id}: not all messages stored within {DEADLINE_S:g} s; see {setting.folder}")


def await_read(_setting: Setting, process: psutil.Process) -> None:
    """Wait until a process that stores nothing has gone idle: it has read everything."""
    spent, last = -1.0, cpu_s(process)
    while last != spent:
        time.sleep(1.0)
        spent, last = last, cpu_s(process)


def peak_mb(process: psutil.Process) -> float:
    """Peak resident memory."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def one_round(
    number: int,
    candidates: Sequence[Candidate],
    results: dict[str, Result],
    servers: tuple[Mosquitto, InfluxDB2],
    count: int,
) -> None:
    broker, influxdb = servers
    for candidate in candidates:
        setting = Setting(
            broker=broker,
            influxdb=influxdb,
            bucket=influxdb.new_bucket(),
            client_id=f"bench-{candidate.name.replace(' ', '-')}-{number}",
            folder=broker.folder,
            messages=count,
        )
        run = drain(candidate, setting)
        results[candidate.name].runs.append(run)
        print(f"round {number}: {candidate.name}: {run}", file=sys.stderr)


def summary(results: Sequence[Result]) -> list[dict[str, object]]:
    """A row per candidate: medians over the rounds, and how much of its CPU ours needs."""
    base = results[0].median("cpu_us")
    return [
        {
            "ingester": result.name,
            "CPU us/message": f"{result.median('cpu_us'):.2f}",
            f"{results[0].name} / it": f"{base / result.median('cpu_us'):.2f}",
            "wall s": f"{result.median('wall_s'):.1f}",
            "peak RSS MB": f"{result.median('rss_mb'):.0f}",
        }
        for result in results
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="comma-separated candidates")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    only = set(filter(None, arguments.only.split(",")))
    candidates = [candidate for candidate in CANDIDATES if not only or candidate.name in only]
    results = {candidate.name: Result(name=candidate.name) for candidate in candidates}
    with (
        tempfile.TemporaryDirectory() as folder,
        run_mosquitto(Path(folder)) as broker,
        run_influxdb2(Path(folder)) as influxdb,
    ):
        for number in range(arguments.rounds):
            one_round(number, candidates, results, (broker, influxdb), arguments.messages)
    print(table(summary(list(results.values()))))
    runs = {name: [asdict(run) for run in result.runs] for name, result in results.items()}
    report(arguments.json, {"messages": arguments.messages, "runs": runs})


if __name__ == "__main__":
    main()
