"""What can never work at the broker ends `park simulate` with one line and exit code 1."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.mosquitto import run_mosquitto

PARK = [sys.executable, "-c", "from park_cli.main import main; main()"]
ARGUMENTS = ["--devices=12", "--speed=max", "--start=2026-01-02T00:00:00Z", "--until=2026-01-02T01:00:00Z"]
by_one_and_by_two = pytest.mark.parametrize("processes", [1, 2])


def error_of(broker: str, processes: int, *, code: int = 1, **environ: str) -> str:
    """What `park simulate` says when it ends with this exit code."""
    argv = [*PARK, "simulate", f"--broker={broker}", *ARGUMENTS, f"--processes={processes}"]
    environment = {**os.environ, **environ}
    ended = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == code, ended.stderr
    assert "trying again" not in ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stderr


@by_one_and_by_two
@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("max_packet_size 150", "packets of at most 150 bytes"),
        ("retain_available false", "keeps no retained messages"),
        ("max_qos 0", "QoS 1 is needed"),
    ],
)
def test_it_is_said_once_and_ends(tmp_path: Path, processes: int, config: str, words: str) -> None:
    with run_mosquitto(tmp_path, config=[config]) as broker:
        assert words in error_of(broker.url, processes)


@by_one_and_by_two
def test_a_gateway_without_a_password_is_named(tmp_path: Path, processes: int) -> None:
    said = error_of("mqtt://127.0.0.1:1", processes, code=2, PARK_MQTT_PASSWORD_DIR=str(tmp_path))
    assert f"{tmp_path}/gw-" in said
    assert "No such file" in said
