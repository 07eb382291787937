"""A broker that can never serve the gateways ends `park simulate` with one line and exit code 1."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.mosquitto import run_mosquitto

ARGUMENTS = ["--devices=12", "--speed=max", "--start=2026-06-01T00:00:00Z", "--until=2026-06-01T01:00:00Z"]


@pytest.mark.parametrize("processes", [1, 2])
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
        program = [
            sys.executable,
            "-c",
            "from park_cli.main import main; main()",
            "simulate",
            f"--broker={broker.url}",
            *ARGUMENTS,
        ]
        ended = subprocess.run(
            [*program, f"--processes={processes}"], capture_output=True, text=True, timeout=60, check=False
        )
    assert ended.returncode == 1, ended.stderr
    assert words in ended.stderr
    assert "trying again" not in ended.stderr
    assert "Traceback" not in ended.stderr
