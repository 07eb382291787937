"""One town published by two hosts: two commands, one broker, and a proof over both."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.end_to_end.park import HERE, PARK, run, summary_of
from tests.servers.mosquitto import run_mosquitto

SELECTION = ["--devices", "240", "--interval", "500ms", "--sector", "agriculture", "--sector", "transport"]
WINDOW = ["--start", "2026-01-02T08:00:00+08:00", "--until", "2026-01-02T08:00:08+08:00"]


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A command at work, killed if it outlives the block."""
    with subprocess.Popen([*PARK, *arguments], cwd=folder, env=HERE, stdout=-1, stderr=-1) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.deadline(180)
def test_two_hosts_share_a_town_and_no_gateway(tmp_path: Path) -> None:
    store = f"duckdb://{tmp_path}/park.duckdb"
    with run_mosquitto(tmp_path) as broker:
        with started(tmp_path, "ingest", "--broker", broker.url, "--store", store) as ingester:
            assert ingester.stderr is not None
            assert any(b"connected to the broker" in line for line in ingester.stderr)
            shared = ["simulate", "--broker", broker.url, "--json", *SELECTION, *WINDOW]
            shared += ["--rewind", "0", "--shards", "4", "--shard"]
            with started(tmp_path, *shared, "0..1") as first, started(tmp_path, *shared, "2..3") as second:
                told = [first.communicate(), second.communicate()]
            assert (first.returncode, second.returncode) == (0, 0), told
            ingester.send_signal(signal.SIGTERM)
            ingester.communicate()
        log = (tmp_path / "mosquitto.log").read_text()
    summaries = [summary_of(out) for out, _ in told]
    assert [summary["reconnects"] for summary in summaries] == [0, 0]
    assert "as gw-" in log
    assert "already connected" not in log
    assert all(summary["acknowledged"] == summary["offered"] == summary["sent"] > 0 for summary in summaries)
    assert sum(summary["offered"] for summary in summaries) == 240 * 16
    verified = summary_of(run(["verify", "--store", store, "--json", *SELECTION, *WINDOW], tmp_path).stdout)
    events = verified.pop("events")
    assert verified == {"expected": 240 * 16, "found": 240 * 16, "lost": 0, "duplicated": 0, "altered": 0, "late": 0}
    # Each device's place, told once, by one host or the other, and the rain since 04:00.
    told = sum(summary["events"]["acknowledged"] for summary in summaries)
    assert told > 240
    assert events == {"expected": told, "found": told, "lost": 0, "duplicated": 0, "altered": 0, "late": 0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--shard", "0..1"], "--shard 0..1: say with --shards how many"),
        (["--shards", "4", "--shard", "0-1"], "--shard 0-1: give one number, or two such as 0..3"),
        (["--shards", "4", "--shard", "2..4"], "--shard 2..4: of --shards 4, choose from 0..3"),
        (["--shards", "4", "--shard", "2..1"], "--shard 2..1: of --shards 4, choose from 0..3"),
        (["--shards", "0"], "--shards 0: must be at least 1"),
        (["--shards", "1" + "0" * 30], "must be at least 1, and at most 1,000,000"),
        (["--devices", "1", "--shards", "9", "--shard", "8"], "--shard: no device stands in shards 8..8"),
        (["--kind", "soil_probe", "--shards", "1", "--processes", "3"], "--processes 3: there are 2 gateways to share"),
    ],
    ids=str,
)
def test_mistaken_shards_name_the_option(tmp_path: Path, arguments: list[str], message: str) -> None:
    done = run(["simulate", *WINDOW, "--speed", "max", *arguments], tmp_path, codes=(2,))
    assert message in done.stderr.decode()
