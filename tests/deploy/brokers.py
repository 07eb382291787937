"""The brokers with the park's accounts: Mosquitto under deploy's own configuration, and the embedded one."""

import getpass
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.program import ROOT, make_secrets
from tests.mqttlink.conftest import run_embedded
from tests.mqttlink.paho_client import PahoClient
from tests.servers.find import require
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import Process, accepts, free_port

CONF = ROOT / "deploy" / "mosquitto" / "mosquitto.conf"
LISTENERS = ROOT / "deploy" / "mosquitto" / "listener"
SITES = ["yangshan", "xinwu"]
_PLUGIN = "mosquitto_dynamic_security.so"


def _plugin() -> Path:
    found = next(iter(sorted(Path("/usr/lib").glob(f"**/{_PLUGIN}"))), None)
    if found is None:
        pytest.skip(f"{_PLUGIN} is not below /usr/lib; Mosquitto brings it")
    return found


def park_configuration(folder: Path, port: int, scheme: str = "mqtt") -> str:
    """deploy/mosquitto/mosquitto.conf with a listener, and the places of this test run instead of the container's."""
    listener = (LISTENERS / f"{scheme}.conf").read_text(encoding="utf-8")
    text, files = re.subn(
        r"\S+/broker\.pem$", str(folder / "secrets/mosquitto/broker.pem"), listener, flags=re.MULTILINE
    )
    assert files == (2 if scheme == "mqtts" else 0)
    text = f"{CONF.read_text(encoding='utf-8')}{text}"
    for pattern, line in (
        (r"^include_dir .*$", ""),
        (r"^listener .*$", f"listener {port} 127.0.0.1"),
        (r"^plugin .*$", f"plugin {_plugin()}"),
        (r"^plugin_opt_config_file .*$", f"plugin_opt_config_file {folder / 'secrets/mosquitto/accounts.json'}"),
        (r"^persistence_location .*$", f"persistence_location {folder / 'data'}/"),
    ):
        text, count = re.subn(pattern, line, text, flags=re.MULTILINE)
        assert count == 1, pattern
    return f"user {getpass.getuser()}\n{text}"


@contextmanager
def run_configured(folder: Path, configuration: str, port: int) -> Iterator[Mosquitto]:
    """Mosquitto with this configuration, its data in the folder `data`, its log in `mosquitto.log`."""
    (folder / "data").mkdir(exist_ok=True)
    conf = folder / "mosquitto.conf"
    conf.write_text(configuration, encoding="utf-8")
    argv = [str(require("mosquitto")), "-c", str(conf)]
    process = Process(argv=argv, log=folder / "mosquitto.log", ready=lambda: accepts(port))
    process.start()
    try:
        yield Mosquitto(port=port, folder=folder, process=process)
    finally:
        process.stop()


@contextmanager
def run_park_mosquitto(folder: Path, scheme: str = "mqtt") -> Iterator[Mosquitto]:
    """Mosquitto as compose.yaml runs it, with the accounts that lie in the folder `secrets`; by mqtt or mqtts."""
    port = free_port()
    with run_configured(folder, park_configuration(folder, port, scheme), port) as broker:
        yield broker


class Guarded:
    """A broker that knows the park's accounts.

    Args:
        passwords: of every account, by its name.
    """

    def __init__(self, port: int, passwords: dict[str, str]) -> None:
        self.port = port
        self.passwords = passwords

    def enter(self, account: str, *, client_id: str | None = None, **options: Any) -> PahoClient:
        """Connect with an account's password, under its own client id unless another is given."""
        login = (account, self.passwords[account])
        return PahoClient(self.port, account if client_id is None else client_id, login=login, **options)


@contextmanager
def run_guarded(kind: str, folder: Path) -> Iterator[Guarded]:
    """Either broker with the accounts of two sites."""
    secrets = folder / "secrets"
    secrets.mkdir()
    safe = make_secrets.Safe(folder=secrets)
    make_secrets.make_files(safe, SITES)
    table = make_secrets.accounts(safe, make_secrets.logins(SITES, shards=1, members=4))
    passwords = {account.username: account.password.decode() for account in table}
    if kind == "embedded":
        with run_embedded(table) as endpoint:
            yield Guarded(endpoint.port, passwords)
    else:
        with run_park_mosquitto(folder) as broker:
            yield Guarded(broker.port, passwords)
