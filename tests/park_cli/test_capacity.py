"""`park capacity`: what an objective says, how a knee is found, and short searches on real chains, as in judging.md."""

import asyncio
import json
import math
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import Retryable
from park_cli.capacity.found import Capacity, Step, concluded
from park_cli.capacity.load import load_of, probe_kind
from park_cli.capacity.probe import percentile
from park_cli.capacity.report import headline, write_report
from park_cli.capacity.run import Bounds, search
from park_cli.capacity.search import Search
from park_cli.capacity.slo import parse_slo
from park_cli.errors import UsageError
from simulator.plan import make_plan
from tests.end_to_end.park import HERE, PARK, ROOT
from tests.park_cli.command import Ended, park, running
from tests.servers.find import telegraf
from tests.servers.influxdb2 import InfluxDB2, run_influxdb2
from tests.servers.mosquitto import Mosquitto, run_mosquitto
from tests.servers.process import Process, wait_until
from tests.simulator.conftest import select

SLO = parse_slo("p99<1s, lost 0")
FINE = {"p50": 20.0, "p90": 40.0, "p95": 50.0, "p99": 80.0, "max": 90.0, "lost": 0, "duplicated": 0, "altered": 0}


@pytest.mark.parametrize(
    ("text", "figures", "said"),
    [
        ("p99<1s, lost 0", {}, []),
        ("p99<1s, lost 0", {"p99": 1000.0}, []),
        ("p99<1s, lost 0", {"p99": 1500.0}, ["p99 1.5 s, not p99<1s"]),
        (
            "p99<1s, lost 0",
            {"p99": math.inf, "lost": 3},
            ["p99 longer than was waited, not p99<1s", "lost 3, not lost 0"],
        ),
        ("p50<=200ms,altered=0 , overruns 5", {"overruns": 6}, ["overruns 6, not overruns 5"]),
        ("max<1s", {"max": None}, ["max is unknown: too little was seen"]),
    ],
)
def test_an_objective_is_held_against_figures(text: str, figures: dict[str, float | None], said: list[str]) -> None:
    assert list(parse_slo(text).failures({**FINE, "overruns": 0, **figures})) == said


@pytest.mark.parametrize(
    "text", ["", " , ", "p98<1s", "p99<1", "p99<-1s", "lost", "lost -1", "p99<1s, p99<2s", "lost<1s", "p99<0s"]
)
def test_what_is_no_objective_is_named(text: str) -> None:
    with pytest.raises(UsageError, match="--slo"):
        parse_slo(text)


@given(st.floats(2, 1e6), st.floats(1, 1e5), st.floats(1, 1e6), st.floats(0.02, 1))
def test_the_knee_is_found_wherever_it_is(knee: float, first: float, most: float, precision: float) -> None:
    rates, tried = Search(first=first, most=most, precision=precision), 0
    while (rate := rates.next()) is not None:
        tried += 1
        assert 0 < rate <= most
        rates.record(rate, held=rate <= knee)
    assert tried <= 50
    if knee >= most:
        assert (rates.holds, rates.fails) == (most, None)
    elif rates.holds is None:
        assert knee < 4
    else:
        assert rates.fails is not None
        assert rates.holds <= knee < rates.fails <= rates.holds * (1 + precision) * (1 + 1e-9)


@given(st.floats(2, 1e5), st.integers(2, 4), st.data())
def test_a_rate_that_fails_is_tried_again_before_it_counts(knee: float, tries: int, data: st.DataObject) -> None:
    """Misses below the knee, never so many in a row, change nothing but how long it takes."""
    calm, troubled, missed = Search(first=1, most=1e6), Search(first=1, most=1e6, tries=tries), 0
    while (rate := calm.next()) is not None:
        calm.record(rate, held=rate <= knee)
    while (rate := troubled.next()) is not None:
        misses = missed < tries - 1 and data.draw(st.booleans())
        missed = missed + 1 if misses else 0
        troubled.record(rate, held=rate <= knee and not misses)
        assert not misses or troubled.near
    assert (troubled.holds, troubled.fails) == (calm.holds, calm.fails)


@given(st.floats(1, 200_000), st.integers(1, 5000))
def test_a_rate_becomes_devices_and_a_whole_interval(rate: float, devices: int) -> None:
    load = load_of(rate, select().town, 7, ("soil_probe",), devices)
    groups = {group.kind.name: len(group.device) for group in make_plan(load.selection).groups}
    assert groups == {"soil_probe": load.selection.devices - 1, probe_kind(("soil_probe",)).name: 1}
    if rate <= 1000 * devices:
        assert load.selection.devices - 1 <= devices
    interval_ms = load.selection.town.interval_ms(next(iter(make_plan(load.selection).groups)).kind)
    assert interval_ms >= 1
    if rate <= 500 * devices:
        assert load.rate - 20 == pytest.approx(rate, abs=max(0.51 * 1000 / interval_ms, 0.51))


def test_what_was_not_found_is_later_than_all_that_was() -> None:
    assert percentile([3.0, 1.0, 2.0], 0, 0.5) == 2.0
    assert percentile([1.0] * 98, 2, 0.99) == math.inf
    assert percentile([1.0] * 99, 1, 0.99) == 1.0
    assert percentile([], 0, 0.99) is None


def step(rate: float, *, held: bool) -> Step:
    latency = {"p50": 20.0, "p90": 30.0, "p95": 40.0, "p99": 70.0 if held else None, "max": 90.0 if held else None}
    names = ("offered", "acknowledged", "overruns", "expected", "lost", "duplicated", "altered", "late")
    return Step(
        asked_per_s=rate,
        rate_per_s=rate + 20,
        seconds=20.0,
        held=held,
        failures=() if held else ("p99 longer than was waited, not p99<1s",),
        latency_ms=latency,
        found=300,
        unseen=0 if held else 60,
        counts=dict.fromkeys(names, 0),
        cpu_us={"generator (park simulate)": 4.0, "broker (mosquitto)": 10.0, "store <influxd>": 15.0},
        cores={"generator (park simulate)": 0.1, "broker (mosquitto)": 0.2, "store <influxd>": 0.4},
        host_cores=1.25,
    )


def conclusion(steps: list[Step], fails: float | None) -> Capacity:
    where = {"broker": "mqtt://b", "store": "s", "began": "now", "ended": "<done>"}
    return concluded(SLO, steps, fails=fails, generator="generator (park simulate)", **where)


def test_a_rate_that_failed_once_and_was_not_tried_again_is_no_limit() -> None:
    rates = Search(first=1000, most=9000, tries=2)
    for rate, held in ((1000, True), (2000, True), (4000, False)):
        rates.record(rate, held=held)
    found = conclusion([step(1000, held=True), step(2000, held=True), step(4000, held=False)], rates.fails)
    assert (found.holds_per_s, found.fails_per_s) == (2000, None)
    assert "at least" in headline(found)


def test_a_report_is_whole_in_itself_and_escapes_what_it_shows(tmp_path: Path) -> None:
    steps = [step(1000, held=True), step(2000, held=True), step(4000, held=False)]
    found = conclusion(steps, fails=4000.0)
    page = tmp_path / "found.html"
    beside = write_report(found, SLO, page)
    text = page.read_text()
    assert "Holds 2,020 messages a second" in text
    assert "store &lt;influxd&gt;" in text
    assert "<influxd>" not in text
    assert not re.search(r"(src|href)=|https?://|@import|url\(", text)
    assert text.count("<svg") == text.count("</svg>") == 2
    assert "<th>all of this host</th>" in text
    assert text.count("<td>1.25</td>") == 3
    assert "The pipeline in all: 25.0 µs a message" in text
    told = json.loads(beside.read_text())
    assert (told["holds_per_s"], told["fails_per_s"]) == (2000, 4000)
    # 2 x 2,020 messages at 25 us a message, of which 0.7 of a processor takes so many.
    assert told["needs"][0] == {"rate_per_s": 4040, "machines": 2, "cores": 1}


def test_a_search_keeps_to_its_time_and_ends_when_it_is_told() -> None:
    async def main() -> None:
        stop, tried = asyncio.Event(), []

        async def attempt(rate: float) -> Step:
            tried.append(rate)
            if len(tried) == 3:
                stop.set()
            return step(rate, held=True)

        bounds = Bounds(step_s=0.0, rest_s=0.0, total_s=1000.0)
        steps, why = await search(Search(first=1, most=100), bounds, attempt, stop, on_step=lambda _: None)
        assert ([one.asked_per_s for one in steps], why) == ([1, 2], "it was interrupted")
        tried.clear()
        bounds = Bounds(step_s=1.0, rest_s=0.0, total_s=1.0)
        steps, why = await search(Search(first=1, most=100), bounds, attempt, asyncio.Event(), on_step=lambda _: None)
        assert (len(steps), "its time was over" in why) == (1, True)
        # Once a rate has failed, the next may fail as well, and wait for what does not come.
        bounds = Bounds(step_s=1.0, rest_s=0.0, total_s=60.0, wait_s=60.0)
        rates, failing = Search(first=8, most=100), asyncio.Event()

        async def fails(rate: float) -> Step:
            return step(rate, held=False)

        steps, why = await search(rates, bounds, fails, failing, on_step=lambda _: None)
        assert (len(steps), "its time was over" in why) == (1, True)

    asyncio.run(main())


def test_a_step_that_cannot_be_judged_ends_a_search_with_what_it_knows() -> None:
    async def attempt(rate: float) -> Step:
        if rate > 2:
            raise Retryable("the store answers 503")
        return step(rate, held=True)

    async def main() -> None:
        bounds = Bounds(step_s=0.0, rest_s=0.0, total_s=1000.0)
        rates, stop = Search(first=1, most=100), asyncio.Event()
        steps, why = await search(rates, bounds, attempt, stop, on_step=lambda _: None)
        assert ([one.asked_per_s for one in steps], why) == (
            [1, 2],
            "4 a second could not be judged: the store answers 503",
        )
        with pytest.raises(Retryable):
            await search(Search(first=4, most=100), bounds, attempt, stop, on_step=lambda _: None)

    asyncio.run(main())


@dataclass(frozen=True, kw_only=True)
class Chain:
    """A broker, our ingester and a store."""

    broker: Mosquitto
    influxdb: InfluxDB2
    store: str
    folder: Path

    def arguments(self, *more: str) -> list[str]:
        """Of a search of one short step."""
        where = ["capacity", "--broker", self.broker.url, "--store", self.store]
        return [*where, "--step", "4s", "--rest", "0s", "--wait", "15s", "--report", str(self.folder / "c.html"), *more]

    def search(self, *more: str) -> Ended:
        environ = {"INFLUXDB_V2_TOKEN": self.influxdb.token}
        return park(*self.arguments("--json", *more), folder=self.folder, environ=environ)


@contextmanager
def run_chain(folder: Path, argv: Callable[[Mosquitto, InfluxDB2], Sequence[str]], ready: bytes) -> Iterator[Chain]:
    """A chain with an ingester that says `ready` when it has subscribed."""
    for name in ("broker", "store"):
        (folder / name).mkdir()
    with run_mosquitto(folder / "broker") as broker, run_influxdb2(folder / "store") as influxdb:
        log = folder / "ingest.log"
        where = {"BROKER": f"tcp://127.0.0.1:{broker.port}", "INFLUXDB": influxdb.url}
        ingester = Process(
            argv=argv(broker, influxdb),
            log=log,
            ready=lambda: log.exists() and ready in log.read_bytes(),
            env={**HERE, **where, "INFLUXDB_V2_TOKEN": influxdb.token},
        )
        ingester.start()
        try:
            yield Chain(broker=broker, influxdb=influxdb, store=influxdb.store_url(), folder=folder)
        finally:
            ingester.stop()


def ours(broker: Mosquitto, influxdb: InfluxDB2) -> Sequence[str]:
    return [*PARK, "ingest", "--broker", broker.url, "--store", influxdb.store_url()]


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with run_chain(tmp_path_factory.mktemp("capacity"), ours, b"connected to the broker") as chain:
        yield chain


def test_a_rate_that_holds_is_reported_with_what_each_part_cost(chain: Chain) -> None:
    done = chain.search("--first-rate", "200", "--max-rate", "200", "--slo", "p99<10s, lost 0, altered 0, duplicated 0")
    assert done.code == 0, done.err
    told = json.loads(done.out.splitlines()[-1])
    assert told == json.loads((chain.folder / "c.json").read_text())
    assert (told["holds_per_s"], told["fails_per_s"]) == (200, None)
    (one,) = told["steps"]
    assert one["counts"]["expected"] == one["counts"]["acknowledged"] == one["counts"]["offered"] > 400
    assert one["unseen"] == 0
    assert 0 < one["latency_ms"]["p50"] <= one["latency_ms"]["p99"] < 10_000
    roles = {name.split()[0] for name in one["cpu_us"]}
    assert roles >= {"generator", "broker", "ingester", "store"}
    assert sum(one["cores"].values()) <= one["host_cores"] + 0.1
    assert "Holds at least" in (chain.folder / "c.html").read_text()


def test_a_rate_that_fails_is_exit_1_with_the_reason(chain: Chain) -> None:
    done = chain.search("--first-rate", "3", "--max-rate", "200", "--slo", "p50<1ms, lost 0")
    assert done.code == 1, done.err
    told = json.loads(done.out.splitlines()[-1])
    assert told["holds_per_s"] is None
    assert "p50" in told["steps"][0]["failures"][0]
    assert "No rate that was tried held" in (chain.folder / "c.html").read_text()


def test_what_was_due_while_the_broker_took_nothing_is_late_and_not_unseen(chain: Chain) -> None:
    arguments = chain.arguments("--first-rate", "200", "--max-rate", "200", "--slo", "max<60s, lost 0, overruns 100000")
    chain.broker.pause()
    try:
        environ = {"INFLUXDB_V2_TOKEN": chain.influxdb.token}
        with running(*arguments, folder=chain.folder, environ=environ) as one:
            generator = psutil.Process(one.process.pid)
            wait_until(lambda: connected(generator, chain.broker.port), deadline=60, what="connected")
            until_s = time.monotonic() + 5
            wait_until(lambda: time.monotonic() > until_s, deadline=60, what="what is due meanwhile")
            chain.broker.resume()
            done = one.end(deadline=90)
    finally:
        chain.broker.resume()
    assert done.code == 0, done.err
    (step,) = json.loads((chain.folder / "c.json").read_text())["steps"]
    assert (step["unseen"], step["counts"]["lost"]) == (0, 0)
    assert step["found"] > 20 * 6
    assert step["latency_ms"]["max"] > 2000


def connected(generator: psutil.Process, port: int) -> bool:
    """Whether a process of it has a connection to this port."""
    return any(
        one.raddr and one.raddr.port == port
        for process in generator.children(recursive=True)
        for one in process.net_connections("tcp")
    )


@pytest.mark.deadline(240)
def test_ctrl_c_ends_a_search_and_reports_what_is_known(chain: Chain) -> None:
    arguments = chain.arguments("--first-rate", "100", "--max-rate", "100000", "--slo", "p99<10s, lost 0")
    environ = {"INFLUXDB_V2_TOKEN": chain.influxdb.token}
    with running(*arguments, folder=chain.folder, environ=environ) as one:
        one.await_text("a second: held", deadline=120)
        one.signal(signal.SIGINT)
        done = one.end()
    assert done.code == 0, done.err
    assert done.clean
    assert "it was interrupted" in done.err
    assert json.loads((chain.folder / "c.json").read_text())["steps"]


@pytest.mark.deadline(240)
def test_ctrl_c_waits_for_nothing_that_is_on_its_way(tmp_path: Path, influxdb: InfluxDB2) -> None:
    steps = ("--step", "1s", "--wait", "10m", "--first-rate", "50", "--slo", "lost 0")
    environ = {"INFLUXDB_V2_TOKEN": influxdb.token}
    store = influxdb.store_url(influxdb.new_bucket())
    with (
        run_mosquitto(tmp_path) as broker,
        running("capacity", "--broker", broker.url, "--store", store, *steps, folder=tmp_path, environ=environ) as one,
    ):
        one.await_text("the broker did not take a message", deadline=120)  # for there is no ingester
        one.signal(signal.SIGINT)
        done = one.end()
    assert (done.code, done.clean) == (1, True), done.err


def test_telegraf_is_judged_by_its_configuration_in_the_docs(tmp_path: Path) -> None:
    config = ROOT / "docs" / "examples" / "telegraf.conf"
    program = str(telegraf())
    with run_chain(tmp_path, lambda *_: [program, "--config", str(config)], b"Connected [tcp") as chain:
        slo = "p99<20s, lost 0, altered 0, duplicated 0"
        done = chain.search("--first-rate", "200", "--max-rate", "200", "--slo", slo)
    assert done.code == 0, done.err + done.out
    (one,) = json.loads(done.out.splitlines()[-1])["steps"]
    assert one["counts"]["expected"] == one["counts"]["offered"] > 400
    assert "ingester (telegraf)" in one["cpu_us"]


def test_a_login_that_is_missing_is_named_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "logins").mkdir()
    environ = {"INFLUXDB_V2_TOKEN": "x", "PARK_MQTT_PASSWORD_DIR": "logins"}
    done = park("capacity", "--broker", "mqtt://127.0.0.1:9", folder=tmp_path, environ=environ)
    assert (done.code, len(done.err.splitlines())) == (2, 1), done.err
    assert "the password of gw-" in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--store", "duckdb:///tmp/none.duckdb"), "only its own process may read it"),
        (("--slo", "fast"), "is no term"),
        (("--kind", "soil"), "--kind soil"),
        (("--report", "figures.json"), "--report figures.json"),
        (("--report", "nowhere/page.html"), "--report nowhere/page.html"),
    ],
)
def test_what_cannot_be_searched_is_named(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    done = park("capacity", *arguments, folder=tmp_path, environ={"INFLUXDB_V2_TOKEN": "x"})
    assert done.code == 2
    assert message in done.err
    assert not [*tmp_path.iterdir()]
