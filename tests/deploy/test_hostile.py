"""A hostile site beside honest ones, on the real Mosquitto with compose's configuration and accounts."""

import time
from pathlib import Path

import pytest

from tests.deploy.siege import besieged
from tests.servers.influxdb2 import InfluxDB2
from tests.servers.process import wait_until


@pytest.mark.deadline(180)
def test_a_hostile_site_costs_honest_ones_nothing(influxdb: InfluxDB2, tmp_path: Path) -> None:
    with besieged(tmp_path, influxdb, devices=150, seconds=30) as siege:
        siege.begin()
        siege.enemy.start()
        wait_until(lambda: siege.metric("dead_lettered_total") > 1000, deadline=30, what="the flood")
        siege.ingester.stop()
        time.sleep(4)
        siege.ingester.start()
        time.sleep(3)
        enemy = siege.enemy.finish(deadline=20, ask=True)
        simulated, verified = siege.end(60)
        ingested = siege.ingester.finish(deadline=60, ask=True)
        assert simulated["acknowledged"] == simulated["offered"]
        assert (verified["found"], verified["lost"], verified["altered"]) == (verified["expected"], 0, 0)
        assert verified["expected"] > 150 * 10
        assert ingested["received"] == ingested["stored"] + ingested["dead_lettered"]
        assert enemy["flooded at QoS 0"] > 1000 < enemy["flooded at QoS 1"]
        assert enemy["take-over refused"] > 7 < enemy["shared group refused"]
        assert not [name for name in enemy if name.endswith("granted")]
        assert enemy["processors"] < 0.6
        assert siege.disk_mb() < 40
