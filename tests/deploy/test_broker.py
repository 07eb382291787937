"""Mosquitto under the configuration that compose.yaml gives it: limits, its log, and the upgrade to accounts."""

import re
import subprocess
from pathlib import Path
from typing import Any

from tests.deploy.brokers import SITES, Guarded, park_configuration, run_configured, run_guarded, run_park_mosquitto
from tests.deploy.program import make_secrets
from tests.mqttlink.paho_client import PahoClient, paho
from tests.servers.find import require
from tests.servers.process import free_port, wait_until

TELEMETRY = "park/+/+/+/+/telemetry"
GROUP = f"$share/park-ingest/{TELEMETRY}"
READING = "park/energy/xinwu/meter/meter-1/telemetry"


def test_the_longest_payload_passes_and_nothing_much_longer(tmp_path: Path) -> None:
    with run_guarded("mosquitto", tmp_path) as broker:
        session = broker.enter("park-ingest")
        assert session.subscribe(TELEMETRY) == 1
        gateway = broker.enter("gw-xinwu-0")
        assert gateway.publish(READING, b"x" * 65_536, ContentType="application/json") == 0
        assert len(session.next().payload) == 65_536
        gateway.client.publish(READING, b"x" * 70_000, 1)
        assert gateway.disconnects.get(timeout=10).value == 0x95
        gateway.client.loop_stop()
        session.close()


def make_accounts(folder: Path) -> None:
    (folder / "secrets").mkdir(exist_ok=True)
    make_secrets.make_files(make_secrets.Safe(folder=folder / "secrets"), SITES)


def enter(folder: Path, port: int, account: str, **options: Any) -> PahoClient:
    owner = "simulator" if account.startswith("gw-") else "ingest"
    passwords = {account: (folder / "secrets" / owner / account).read_text(encoding="utf-8")}
    return Guarded(port, passwords).enter(account, **options)


def with_setting(configuration: str, name: str, value: str) -> str:
    """The configuration with another value of one setting."""
    changed, count = re.subn(rf"^{name} .*$", f"{name} {value}", configuration, flags=re.MULTILINE)
    assert count == 1, name
    return changed


def test_refused_logins_are_in_the_log_at_once(tmp_path: Path) -> None:
    """Standard error is not buffered, so the line is there before the client has its answer."""
    make_accounts(tmp_path)
    configuration = park_configuration(tmp_path, port := free_port())
    with run_configured(tmp_path, configuration, port) as broker:
        with paho(port, "gw-xinwu-0", login=("gw-xinwu-0", "wrong")) as client:
            assert client.reason.value in {0x86, 0x87}
        wait_until(lambda: "not authorised" in broker.process.log_tail(), deadline=15, what="the refusal in the log")


def test_the_ingester_can_read_the_brokers_figures(tmp_path: Path) -> None:
    with run_guarded("mosquitto", tmp_path) as broker:
        session = broker.enter("park-ingest-xinwu")
        assert session.subscribe("$SYS/broker/publish/messages/dropped") == 1
        assert int(session.next().payload) == 0
        session.close()


def test_a_session_of_before_the_accounts_ends_with_the_upgrade(tmp_path: Path) -> None:
    """A gateway joined the ingester's shared subscription when any could: it gets no share afterwards."""
    make_accounts(tmp_path)
    data = tmp_path / "data"
    port = free_port()
    former = "\n".join([
        *(f"listener {port} 127.0.0.1", "allow_anonymous true", "persistence true"),
        *(f"persistence_location {data}/", "log_dest stderr", f"user {Path.home().owner()}", ""),
    ])  # fmt: skip
    with run_configured(tmp_path, former, port):
        thief = PahoClient(port, "gw-yangshan-0", clean_start=True, expiry_s=10**6)
        assert thief.subscribe(GROUP) == 1
        thief.close()
    assert (data / "mosquitto.db").exists()
    with run_configured(tmp_path, park_configuration(tmp_path, port), port):
        member = enter(tmp_path, port, "park-ingest-0")
        assert member.subscribe(GROUP) == 1
        gateway = enter(tmp_path, port, "gw-xinwu-0")
        for number in range(20):
            assert gateway.publish(READING, b"%d" % number) == 0
        assert [int(member.next().payload) for _ in range(20)] == list(range(20))
        gateway.close()
        member.close()


def test_the_accounts_are_only_read(tmp_path: Path) -> None:
    """In the container they lie on a read-only mount; the broker starts, runs and stops without writing them."""
    make_accounts(tmp_path)
    table = tmp_path / "secrets" / "mosquitto" / "accounts.json"
    before = (table.read_bytes(), table.stat().st_mtime_ns, table.stat().st_ino)
    with run_park_mosquitto(tmp_path) as broker:
        enter(tmp_path, broker.port, "gw-xinwu-0").close()
    assert (table.read_bytes(), table.stat().st_mtime_ns, table.stat().st_ino) == before


def test_the_programs_of_the_broker_itself_are_held_to_the_table_too(tmp_path: Path) -> None:
    with run_guarded("mosquitto", tmp_path) as broker:
        said = subprocess.run(
            [
                *(str(require("mosquitto_pub")), "-p", str(broker.port), "-V", "5", "-q", "1", "-i", "gw-yangshan-0"),
                *("-u", "gw-yangshan-0", "-P", broker.passwords["gw-yangshan-0"], "-t", READING, "-m", "x"),
            ],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert "Not authorized" in said.stdout + said.stderr


def test_long_messages_fill_a_queue_by_their_bytes(tmp_path: Path) -> None:
    """A queue of a million bytes instead of 128 million: 60 kB messages stop at the 17th, and the rest are counted."""
    make_accounts(tmp_path)
    configuration = park_configuration(tmp_path, port := free_port())
    short = with_setting(with_setting(configuration, "max_queued_bytes", "1000000"), "sys_interval", "1")
    with run_configured(tmp_path, short, port):
        session = enter(tmp_path, port, "park-ingest", clean_start=True, expiry_s=3600)
        assert session.subscribe(TELEMETRY) == 1
        session.close()
        gateway = enter(tmp_path, port, "gw-xinwu-0")
        for number in range(40):
            gateway.publish(READING, (b"%d" % number).ljust(60_000))
        site = enter(tmp_path, port, "park-ingest-xinwu")
        assert site.subscribe("$SYS/broker/publish/messages/dropped") == 1
        while int(site.next().payload) != 40 - 17:
            pass
        again = enter(tmp_path, port, "park-ingest", clean_start=False)
        assert [int(again.next().payload) for _ in range(17)] == list(range(17))
        for client in (gateway, site, again):
            client.close()
