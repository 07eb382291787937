"""An ingester in trouble: real servers, a proxy before each, and what `/readyz` says at every moment."""

import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as paho
import psutil
from paho.mqtt.enums import CallbackAPIVersion

from tests.ingest.command import ingesting_command
from tests.ingest.helpers import payload, topic
from tests.ingest.page import Page, serving
from tests.servers.influxdb2 import InfluxDB2, Token, run_influxdb2
from tests.servers.mosquitto import Mosquitto, run_mosquitto
from tests.servers.process import free_port, wait_until
from tests.servers.proxy import Proxy

TOLD_S, TOLD_SILENT_S, WITHDRAWN_S = 10.0, 15.0, 10.0
_LOOK_S = 0.1
_STAYS_S = 3.0
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def trouble_told(port: int) -> str:
    """What `/readyz` says is wrong; empty if it answers 200."""
    try:
        with _OPENER.open(f"http://127.0.0.1:{port}/readyz", timeout=5):
            return ""
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode()
    except OSError as error:
        return repr(error)


def ready(port: int) -> bool:
    """Whether `/readyz` answers 200."""
    return not trouble_told(port)


@dataclass(kw_only=True)
class Park:
    """The parts, and how each is troubled."""

    broker: Mosquitto
    store: InfluxDB2
    to_broker: Proxy
    to_store: Proxy
    page: Page
    token: Token
    disk: Path | None
    process: psutil.Process
    health: int
    feeding: threading.Event = field(default_factory=threading.Event)

    def configure(self, old: str, new: str) -> None:
        """Restart the broker with a changed line."""
        path = self.broker.folder / "mosquitto.conf"
        path.write_text(path.read_text().replace(old, new))
        self.broker.kill()
        self.broker.start()

    def answer(self, status: int, body: bytes = b"<html></html>", **headers: str) -> None:
        """Something else answers in the store's place."""
        self.page.status, self.page.body = status, body
        self.page.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.to_store.redirect(self.page.port)

    def fill(self) -> None:
        assert self.disk is not None
        (self.disk / "filler").write_bytes(b"x" * (os.statvfs(self.disk).f_bavail * 4096))

    def worker(self, number: signal.Signals) -> None:
        children = self.process.children(recursive=True)
        workers = [one for one in children if "spawn_main" in " ".join(one.cmdline())]
        workers[0].send_signal(number)


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """One trouble: how it begins and ends, and whether no reading comes meanwhile."""

    name: str
    begin: Callable[[Park], object]
    end: Callable[[Park], object]
    silent: bool = False
    processes: int = 1


def _t(name: str, begin: Callable[[Park], object], end: Callable[[Park], object], *, processes: int = 1) -> Trouble:
    return Trouble(name=name, begin=begin, end=end, processes=processes)


def _store_back(park: Park) -> None:
    park.to_store.redirect(park.store.port)


TROUBLES = [
    _t("broker killed", lambda p: p.broker.kill(), lambda p: p.broker.start()),
    _t("broker frozen", lambda p: p.broker.pause(), lambda p: p.broker.resume()),
    _t("broker cut off", lambda p: p.to_broker.redirect(1), lambda p: p.to_broker.redirect(p.broker.port)),
    _t(
        "login refused",
        lambda p: p.configure("allow_anonymous true", "allow_anonymous false"),
        lambda p: p.configure("allow_anonymous false", "allow_anonymous true"),
    ),
    _t(
        "QoS 1 refused",
        lambda p: p.configure("log_dest stderr", "log_dest stderr\nmax_qos 0"),
        lambda p: p.configure("\nmax_qos 0", ""),
    ),
    _t("store killed", lambda p: p.store.kill(), lambda p: p.store.start()),
    _t("store frozen", lambda p: p.store.pause(), lambda p: p.store.resume()),
    _t("store cut off", lambda p: p.to_store.redirect(1), _store_back),
    _t(
        "token withdrawn",
        lambda p: p.store.set_active(p.token, active=False),
        lambda p: p.store.set_active(p.token, active=True),
    ),
    _t("a page answers 200", lambda p: p.answer(200), _store_back),
    _t("a page answers 400", lambda p: p.answer(400), _store_back),
    _t("a page answers 404", lambda p: p.answer(404), _store_back),
    _t("500 for ever", lambda p: p.answer(500), _store_back),
    _t("503, Retry-After 3600", lambda p: p.answer(503, Retry_After="3600"), _store_back),
    _t("disk full", lambda p: p.fill(), lambda p: (p.disk / "filler").unlink()),  # type: ignore[operator]
    _t("the ingester frozen", lambda p: p.process.suspend(), lambda p: p.process.resume()),
    _t("a worker frozen", lambda p: p.worker(signal.SIGSTOP), lambda p: p.worker(signal.SIGCONT), processes=2),
    _t("the parent of two frozen", lambda p: p.process.suspend(), lambda p: p.process.resume(), processes=2),
]
_BY_NAME = {trouble.name: trouble for trouble in TROUBLES}
TROUBLES += [
    Trouble(name=f"{name}, silent line", begin=_BY_NAME[name].begin, end=_BY_NAME[name].end, silent=True)
    for name in ("broker killed", "broker frozen", "store killed", "store frozen")
]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Seconds from a trouble's begin until it was told, from its end until it was withdrawn, and other changes."""

    told_s: float
    withdrawn_s: float
    flips: int
    said: list[str] = field(default_factory=list)

    def holds(self, trouble: Trouble) -> bool:
        """Whether it was told and withdrawn in time, and nothing else changed."""
        told = TOLD_SILENT_S if trouble.silent else TOLD_S
        return self.told_s <= told and self.withdrawn_s <= WITHDRAWN_S and not self.flips


def undergo(park: Park, trouble: Trouble) -> Outcome:
    """Begin and end a trouble, and watch readiness all the time."""
    if trouble.silent:
        park.feeding.clear()
    else:
        park.feeding.set()
    wait_until(lambda: ready(park.health), deadline=60, what="ready")
    watch = _Watch(park.health)
    watch.look(2.0)
    began = time.monotonic()
    trouble.begin(park)
    watch.until(wanted=False, deadline_s=30.0)
    told_s = watch.changed - began
    watch.look(_STAYS_S)
    trouble.end(park)
    ended = time.monotonic()
    watch.until(wanted=True, deadline_s=60.0)
    withdrawn_s = max(0.0, watch.changed - ended)
    watch.look(_STAYS_S)
    return Outcome(told_s=round(told_s, 1), withdrawn_s=round(withdrawn_s, 1), flips=watch.changes - 2, said=watch.said)


def undergo_alone(park: Park, begin: Callable[[Park], object], *, deadline_s: float) -> Outcome:
    """Begin a trouble that ends by itself; what is withdrawn is counted from its telling."""
    park.feeding.set()
    wait_until(lambda: ready(park.health), deadline=60, what="ready")
    watch = _Watch(park.health)
    watch.look(1.0)
    began = time.monotonic()
    begin(park)
    watch.until(wanted=False, deadline_s=30.0)
    told = watch.changed
    watch.until(wanted=True, deadline_s=deadline_s)
    withdrawn_s = watch.changed - told
    watch.look(_STAYS_S)
    return Outcome(
        told_s=round(told - began, 1), withdrawn_s=round(withdrawn_s, 1), flips=watch.changes - 2, said=watch.said
    )


class _Watch:
    def __init__(self, port: int) -> None:
        self._port = port
        self._state = True
        self.changes = 0
        self.changed = 0.0
        self.said: list[str] = []

    def look(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._once()

    def until(self, *, wanted: bool, deadline_s: float) -> None:
        end = time.monotonic() + deadline_s
        while self._state is not wanted:
            assert time.monotonic() < end, f"{'ready' if wanted else 'not ready'}: not within {deadline_s:g} s"
            self._once()

    def _once(self) -> None:
        text = trouble_told(self._port)
        now = not text
        if now != self._state:
            self.said.append(text)
            self._state, self.changed = now, time.monotonic()
            self.changes += 1
        time.sleep(_LOOK_S)


def small_disk(folder: Path, stack: ExitStack) -> Path | None:
    """A disk that can be filled; None where nobody may mount one."""
    disk = folder / "disk"
    disk.mkdir()
    argv = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(argv, capture_output=True, check=False).returncode:
        return None
    stack.callback(subprocess.run, ["umount", "-l", str(disk)], check=True)
    return disk


def _feed(broker: Mosquitto, feeding: threading.Event, stop: threading.Event) -> None:
    """Twenty readings a second, through every outage."""
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.reconnect_delay_set(1, 1)
    client.connect_async(broker.host, broker.port, keepalive=5)
    client.loop_start()
    seq = 0
    while not stop.wait(0.05):
        if feeding.is_set() and client.is_connected():
            client.publish(topic(), payload(seq), qos=0)
            seq += 1
    client.disconnect()
    client.loop_stop()


@contextmanager
def in_trouble(folder: Path, *, processes: int = 1) -> Iterator[Park]:
    """Everything at work, and ready."""
    with ExitStack() as stack:
        disk = small_disk(folder, stack)
        broker = stack.enter_context(run_mosquitto(folder))
        store = stack.enter_context(run_influxdb2(folder))
        to_broker, to_store = (stack.enter_context(Proxy(server.port)) for server in (broker, store))
        page = stack.enter_context(serving(Page()))
        token = store.new_token(active=True)
        health = free_port()
        url = store.store_url(store.bucket).replace(str(store.port), str(to_store.port))
        argv = ["--broker", f"mqtt://127.0.0.1:{to_broker.port}", "--store", url, "--metrics-port", str(health)]
        argv += ["--client-id", "troubled", "--processes", str(processes)]
        letters = [] if disk is None else ["--dead-letters", str(disk / "dead.ndjson")]
        secrets = {"INFLUXDB_V2_TOKEN": token.text}
        command = stack.enter_context(ingesting_command(folder, *argv, *letters, environ=secrets))
        stop, feeding = threading.Event(), threading.Event()
        feeder = threading.Thread(target=_feed, args=(broker, feeding, stop), daemon=True)
        feeder.start()
        stack.callback(feeder.join)
        stack.callback(stop.set)
        park = Park(
            broker=broker,
            store=store,
            to_broker=to_broker,
            to_store=to_store,
            page=page,
            token=token,
            disk=disk,
            process=psutil.Process(command.process.pid),
            health=health,
            feeding=feeding,
        )
        wait_until(lambda: ready(health), deadline=60, what="ready")
        yield park
