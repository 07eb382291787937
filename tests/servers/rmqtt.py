"""Nodes of a cluster of rmqttd, one a host, with the configuration of deploy/rmqtt as it stands there."""

import shutil
import socket
from pathlib import Path

from tests.servers.find import require
from tests.servers.hosts import Host
from tests.servers.process import Process

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "rmqtt"
PORT = 1883
_STRATEGY = Path("plugins") / "rmqtt-shared-subscription.toml"


def node(host: Host, folder: Path, *, strategy: str = "local") -> Process:
    """The broker on a host, not started: data, log and configuration in `folder`.

    Args:
        host: its number is the node's.
        folder: an existing folder.
        strategy: how a member of a shared subscription is chosen.
    """
    program = require("rmqttd")
    shutil.copytree(CONFIGURATION, folder, dirs_exist_ok=True)
    if strategy != "local":
        chosen = folder / _STRATEGY
        chosen.write_text(chosen.read_text().replace('strategy = "local"', f'strategy = "{strategy}"'))
    return Process(
        argv=host.argv([str(program), "-f", "rmqtt.toml", "--id", str(host.number)]),
        log=folder / "rmqttd.log",
        ready=lambda: serves(host),
        start_deadline=120.0,
        stop_deadline=20.0,
    )


def serves(host: Host) -> bool:
    """Whether the node takes connections, which it does once it is one of the cluster."""

    def asked() -> bool:
        with socket.socket() as probe:
            probe.settimeout(1.0)
            return probe.connect_ex(("127.0.0.1", PORT)) == 0

    return host.inside(asked)


def takes_sessions(host: Host) -> bool:
    """Whether the node takes a new session, which it does while most nodes agree with it."""
    name = f"probe-{host.number}".encode()
    body = b"\x00\x04MQTT\x05\x02\x00\x05\x00" + len(name).to_bytes(2, "big") + name

    def asked() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", PORT), timeout=5.0) as probe:
                probe.sendall(bytes([0x10, len(body)]) + body)
                answer = probe.recv(4)
        except OSError:
            return False
        return len(answer) == 4 and (answer[0], answer[3]) == (0x20, 0)

    return host.inside(asked)
