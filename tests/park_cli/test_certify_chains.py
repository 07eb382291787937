"""`park certify` on real chains, as docs/certify.md gives them: ours, one that loses, and ends that come too early."""

import json
import os
import signal
from pathlib import Path

import psutil
import pytest

from tests.end_to_end.park import HERE
from tests.park_cli.certify_chain import example
from tests.park_cli.command import park, running
from tests.servers.process import accepts, wait_until

MINE = ("mosquitto", "influxd", "curl")


def test_our_own_chain_loses_nothing_through_its_faults_as_certify_md_says(tmp_path: Path) -> None:
    one = example("certify-park.toml", tmp_path, MINE, path=os.environ["PATH"])
    for part in ("[parts.broker]", "[parts.store]", "[parts.ingester]"):
        one.change(part, f'{part}\nfaults = ["kill"]')
    for relay in ("[relays.publishers]", "[relays.to-broker]", "[relays.to-store]"):
        one.change(relay, f"{relay}\nfaults = []")
    done = park("certify", str(one.file), "--faults", "3", "--json", folder=tmp_path, environ={**HERE, **one.environ})
    assert done.code == 0, done.err
    summary = json.loads(done.out.splitlines()[-1])
    told = json.loads((tmp_path / "park-certify.json").read_text())
    assert {row["part"] for row in told["faults"]} == {"broker", "store", "ingester"}
    assert summary["promised"] == summary["delivered"] == summary["stored"] > 300 * 10
    assert summary["lost"] == summary["altered"] == summary["duplicated"] == 0
    by_fault = [row["counts"] for row in told["faults"]] + [told["between"]]
    assert all(sum(row[name] for row in by_fault) == summary[name] for name in ("promised", "stored", "late"))
    assert all(row["counts"]["promised"] > 0 for row in told["faults"])
    assert "Nothing lost" in (tmp_path / "park-certify.html").read_text()
    assert not [port for port in one.ports.values() if accepts(port)]


def test_a_pipeline_that_loses_is_found_out(tmp_path: Path) -> None:
    """Telegraf as it is by default: at QoS 0, without a session."""
    one = example("certify-telegraf.toml", tmp_path, (*MINE, "telegraf"), path=os.environ["PATH"])
    config = tmp_path / "telegraf.conf"
    text = config.read_text().replace("qos = 1", "qos = 0")
    config.write_text(text.replace("persistent_session = true", "persistent_session = false"))
    one.change("[parts.ingester]", '[parts.ingester]\nfaults = ["kill"]')
    for rest in ("[parts.broker]", "[parts.store]", "[relays.publishers]", "[relays.to-broker]", "[relays.to-store]"):
        one.change(rest, f"{rest}\nfaults = []")
    one.change('settle = "6s"', 'settle = "1s"')
    one.change('late = "5s"', 'late = "2s"\nwait = "2s"')
    done = park("certify", str(one.file), "--faults", "1", "--json", folder=tmp_path, environ=one.environ)
    assert done.code == 1, done.err
    told = json.loads((tmp_path / "park-certify.json").read_text())
    (row,) = told["faults"]
    # What was due while it was away, for a second at 300 a second, is gone; the rest is there.
    assert 200 < row["counts"]["lost"] <= row["counts"]["promised"]
    assert told["total"]["stored"] > 0
    assert told["total"]["altered"] == 0
    assert any("s into fault 1 (ingester, kill)" in one["when"] for one in told["wrong"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_end_leaves_anything_behind(tmp_path: Path, number: signal.Signals) -> None:
    one = example("certify-park.toml", tmp_path, MINE, path=os.environ["PATH"])
    one.change("[parts.store]", '[parts.store]\nfaults = ["freeze"]')
    for rest in (
        "[parts.broker]",
        "[parts.ingester]",
        "[relays.publishers]",
        "[relays.to-broker]",
        "[relays.to-store]",
    ):
        one.change(rest, f"{rest}\nfaults = []")
    one.change('lasting = ["1s", "1500ms"]', 'lasting = ["60s", "60s"]')
    one.change('settle = "6s"', 'settle = "0s"')
    environ = {**HERE, **one.environ}
    with running("certify", str(one.file), "--folder", "kept", folder=tmp_path, environ=environ) as certify:
        certify.await_text("faults to come")
        wait_until(
            lambda: any(p.status() == psutil.STATUS_STOPPED for p in parts(tmp_path)), deadline=40, what="frozen"
        )
        assert len(parts(tmp_path)) >= 3
        certify.signal(number)
        done = certify.end()
    wait_until(lambda: not parts(tmp_path), deadline=20, what="all parts gone")
    if number == signal.SIGINT:
        assert (done.code, done.clean) == (0, True), done.err
        told = json.loads((tmp_path / "park-certify.json").read_text())
        assert (told["interrupted"], told["total"]["lost"]) == (True, 0)
        assert {"broker.log", "store.log", "ingester.log"} <= {path.name for path in (tmp_path / "kept").iterdir()}


def parts(folder: Path) -> list[psutil.Process]:
    """Processes that run in the folder of a run."""
    here = str(folder / "kept")
    return [process for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == here]
