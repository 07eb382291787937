"""`park incident store-away`: a real store is stopped and started by the commands that its owner names."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.end_to_end.chain import Park
from tests.servers.influxdb2 import InfluxDB2, run_influxdb2
from tests.servers.mosquitto import run_mosquitto
from tests.servers.process import wait_until


@contextmanager
def owned(server: InfluxDB2, folder: Path) -> Iterator[dict[str, str]]:
    """Commands that stop and start a server, each of which returns when that is done: as of a service manager."""

    def serve() -> None:
        for asked, act in (("stop", server.stop), ("start", server.start)):
            wait_until((folder / asked).exists, deadline=120, what=asked)
            if over.is_set():
                return
            act()
            (folder / f"{asked}-done").touch()

    over, owner = threading.Event(), threading.Thread(target=serve)
    owner.start()
    script = 'touch "$0"; while [ ! -e "$0-done" ]; do sleep 0.05; done'
    try:
        yield {option: f"sh -c '{script}' {folder / option}" for option in ("stop", "start")}
    finally:
        over.set()
        for asked in ("stop", "start"):
            (folder / asked).touch()
        owner.join()


@pytest.mark.deadline(180)
def test_a_store_that_was_away_has_everything_and_the_answer_is_when_it_was(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("broker", "store", "owner")]
    for folder in folders:
        folder.mkdir()
    with run_mosquitto(folders[0]) as broker, run_influxdb2(folders[1]) as server:
        park = Park(broker, server, tmp_path)

        def stored() -> int:
            rows = server.influxql("SELECT count(seq) AS seq FROM traffic_detector", bucket=park.bucket)
            return int(str(rows[0]["seq"])) if rows else 0

        with park.ingesting(), owned(server, folders[2]) as commands:
            asked = ["incident", "store-away", "--broker", broker.url, "--for", "1m", "--speed", "10", "--draw", "1"]
            told = park.summary(*asked, "--stop", commands["stop"], "--start", commands["start"])
            assert told["published"] == 60 * 30
            wait_until(lambda: stored() >= told["published"], deadline=60, what="everything stored")
        assert stored() == told["published"]
    assert park.ingested["retries"] > 0
    (label,) = [json.loads(line) for line in (tmp_path / "store-away.labels").read_text(encoding="utf-8").splitlines()]
    assert (label["device"], label["fault"]) == ("store", "away")
    assert label["start"] <= label["first_observable"] < label["end"]
    assert label["changed"] > 0
    found = {"device": "store", "start": label["first_observable"] + 500, "end": label["end"]}
    (tmp_path / "found.ndjson").write_text(json.dumps(found) + "\n", encoding="utf-8")
    scored = park.summary("incident", "store-away", "--score", "found.ndjson")
    assert (scored["overall"]["recall"], scored["precision"]) == (1.0, 1.0)
    assert scored["overall"]["delay_s"][0] == 0.5
