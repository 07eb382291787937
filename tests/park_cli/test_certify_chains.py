"""`park certify` on real chains, as docs/certify.md gives them: ours, one that loses, and ends that come too early."""

import json
import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.end_to_end.park import HERE
from tests.park_cli.certify_chain import example
from tests.park_cli.command import running
from tests.servers.process import accepts, wait_until

MINE = ("mosquitto", "influxd", "curl")


@pytest.mark.deadline(500)
def test_our_own_chain_loses_nothing_through_its_faults(tmp_path: Path) -> None:
    one = example("certify-park.toml", tmp_path, MINE, path=os.environ["PATH"])
    one.only("kill", "broker", "store", "ingester")
    told = one.certified("--faults", "3", code=0)
    total, by_fault = told["total"], [row["counts"] for row in told["faults"]] + [told["between"]]
    assert {row["part"] for row in told["faults"]} == {"broker", "store", "ingester"}
    assert total["promised"] == told["delivered"] == total["stored"] > 300 * 10
    assert total["lost"] == total["altered"] == total["duplicated"] == 0
    assert all(sum(row[name] for row in by_fault) == total[name] for name in total)
    assert all(row["counts"]["promised"] > 0 for row in told["faults"])
    assert "Nothing lost" in (tmp_path / "park-certify.html").read_text()
    assert not [port for port in one.ports.values() if accepts(port)]


@pytest.mark.deadline(500)
def test_a_pipeline_that_loses_is_found_out(tmp_path: Path) -> None:
    """Telegraf as it is by default: at QoS 0, without a session."""
    one = example("certify-telegraf.toml", tmp_path, (*MINE, "telegraf"), path=os.environ["PATH"])
    config = tmp_path / "telegraf.conf"
    text = config.read_text().replace("qos = 1", "qos = 0")
    config.write_text(text.replace("persistent_session = true", "persistent_session = false"))
    one.only("kill", "ingester")
    one.change('settle = "3s"', 'settle = "1s"')
    one.change('late = "2s"', 'late = "2s"\nwait = "2s"')
    told = one.certified("--faults", "1", code=1)
    (row,) = told["faults"]
    # What was due while it was away, for a second at 300 a second, is gone; the rest is there.
    assert 200 < row["counts"]["lost"] <= row["counts"]["promised"]
    assert told["total"]["stored"] > 0
    assert told["total"]["altered"] == 0
    assert any("s into fault 1 (ingester, kill)" in one["when"] for one in told["wrong"])


@pytest.mark.deadline(500)
def test_ctrl_c_lets_go_of_what_is_frozen_and_ends_what_was_started(tmp_path: Path) -> None:
    one = example("certify-park.toml", tmp_path, MINE, path=os.environ["PATH"])
    one.only("freeze", "store")
    one.change('lasting = ["1s", "1500ms"]', 'lasting = ["200s", "200s"]')
    one.change('settle = "3s"', 'settle = "0s"')
    environ = {**HERE, **one.environ}
    with running("certify", str(one.file), "--folder", "kept", folder=tmp_path, environ=environ) as certify:
        certify.await_text("faults to come", deadline=100)
        wait_until(lambda: frozen(tmp_path), deadline=100, what="a frozen part")
        assert len(parts(tmp_path)) >= 3
        certify.signal(signal.SIGINT)
        done = certify.end(deadline=100)
    assert not parts(tmp_path)
    assert done.clean, done.err
    assert done.code in {0, 1}, done.err  # it waits for a while only until all is stored
    told = json.loads((tmp_path / "park-certify.json").read_text())
    assert told["interrupted"]
    assert {"broker.log", "store.log", "ingester.log"} <= {path.name for path in (tmp_path / "kept").iterdir()}


LONELY = """
[load]
broker = "mqtt://127.0.0.1:9"
store = "influxdb+http://127.0.0.1:9/park"
[parts.one]
command = ["sleep", "600"]
"""


@pytest.mark.deadline(300)
@pytest.mark.parametrize("signals", [[signal.SIGKILL], [signal.SIGINT, signal.SIGINT]], ids=["kill -9", "Ctrl-C twice"])
def test_no_end_leaves_a_program_behind(tmp_path: Path, signals: list[signal.Signals]) -> None:
    (tmp_path / "lonely.toml").write_text(LONELY)
    with running("certify", "lonely.toml", "--folder", "kept", folder=tmp_path, environ=HERE) as certify:
        certify.await_text("trying again", deadline=100)  # there is no broker
        assert parts(tmp_path)
        for number in signals:
            certify.signal(number)
            time.sleep(0.3)  # sooner, the second would be taken for an echo of the first
        certify.end(deadline=100)
    wait_until(lambda: not parts(tmp_path), deadline=100, what="all parts gone")


def parts(folder: Path) -> list[psutil.Process]:
    """Processes that run in the folder of a run."""
    here = str(folder / "kept")
    return [process for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == here]


def frozen(folder: Path) -> bool:
    """Whether one of them is stopped."""
    return any(
        process.info["status"] == psutil.STATUS_STOPPED
        for process in psutil.process_iter(["cwd", "status"])
        if process.info["cwd"] == str(folder / "kept")
    )
