"""docs/examples: a service's author tells a lamp, a device's author has one that obeys."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.park import ROOT
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import Process

EXAMPLES = ROOT / "docs" / "examples"
LAMP = "park/municipal/xinwu/street_lamp/street-lamp-000900"


@pytest.mark.deadline(60)
def test_a_service_of_ones_own_commands_a_device_of_ones_own(mosquitto: Mosquitto, tmp_path: Path) -> None:
    address = ["127.0.0.1", str(mosquitto.port)]
    lamp = Process(
        argv=[sys.executable, "-u", str(EXAMPLES / "lamp.py"), *address], log=tmp_path / "lamp.log", ready=lambda: True
    )
    lamp.start()
    try:

        def dimmed(level: str) -> list[str]:
            asked = [sys.executable, str(EXAMPLES / "dimmer.py"), *address, LAMP, level]
            done = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=45)
            return done.stdout.splitlines()

        assert dimmed("40") == ["accepted ", "succeeded {'level': 40.0}"]
        assert dimmed("140") == ["rejected bad-argument"]
    finally:
        lamp.kill()
    assert (tmp_path / "lamp.log").read_bytes().count(b"the lamp gives") == 1
