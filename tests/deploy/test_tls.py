"""PARK_MQTT=mqtts: certificates made at the first start, and Mosquitto as compose.yaml runs it with them."""

import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest

from mqttlink import Address, Link, LinkError, LinkOptions, Trust, UntrustedCertificate
from mqttlink.authority import Pair, certificate_for, new_authority, pair_of
from tests.deploy.brokers import park_configuration, run_park_mosquitto
from tests.deploy.program import files_of, make_secrets
from tests.servers.find import require
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import free_port

NAMES = ["localhost", "127.0.0.1"]
ACCOUNT = "gw-xinwu-0"
#: A CONNECT of MQTT 5 by a client "a", in clear.
CONNECT = b"\x10\x0e\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x01a"


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """Everything that the service `secrets` makes."""
    require("openssl")
    folder = tmp_path / "secrets"
    folder.mkdir()
    assert make(folder) == 0
    return folder


def make(folder: Path, names: list[str] = NAMES) -> int:
    code: int = make_secrets.main(["files", str(folder), "--tls", ",".join(names)])
    return code


def pair(secrets: Path, path: str) -> Pair:
    return pair_of(files_of(secrets)[path])


# --- the files


def test_the_keys_are_their_readers_alone_and_the_authority_is_everybodys(secrets: Path) -> None:
    modes = {
        str(path.relative_to(secrets)): stat.S_IMODE(path.stat().st_mode)
        for owner in ("authority", "tls", "mosquitto")
        for path in (secrets / owner, *(secrets / owner).iterdir())
    }
    assert modes == {
        "authority": 0o700,
        "authority/authority.pem": 0o400,
        "tls": 0o755,
        "tls/ca.pem": 0o444,
        "mosquitto": 0o700,
        "mosquitto/broker.pem": 0o400,
        "mosquitto/accounts.json": 0o400,
    }
    owner = make_secrets.OWNERS["mosquitto"] if os.geteuid() == 0 else os.geteuid()
    assert (secrets / "mosquitto" / "broker.pem").stat().st_uid == owner
    assert "PRIVATE" not in (secrets / "tls" / "ca.pem").read_text()


def test_a_second_start_keeps_them(secrets: Path) -> None:
    before = [files_of(secrets)[name] for name in ("authority/authority.pem", "mosquitto/broker.pem", "tls/ca.pem")]
    assert make(secrets) == 0
    after = [files_of(secrets)[name] for name in ("authority/authority.pem", "mosquitto/broker.pem", "tls/ca.pem")]
    assert before == after


def test_another_name_makes_a_new_certificate_of_the_same_authority(secrets: Path) -> None:
    before, authority = pair(secrets, "mosquitto/broker.pem"), pair(secrets, "authority/authority.pem")
    assert make(secrets, [*NAMES, "park.example"]) == 0
    assert pair(secrets, "mosquitto/broker.pem") != before
    assert pair(secrets, "authority/authority.pem") == authority


def test_a_certificate_that_ends_soon_is_made_anew(secrets: Path) -> None:
    safe, authority = make_secrets.Safe(folder=secrets), pair(secrets, "authority/authority.pem")
    old = certificate_for(NAMES, authority, days=89)
    safe.write("mosquitto", "broker.pem", old.text)
    assert make(secrets) == 0
    assert pair(secrets, "mosquitto/broker.pem") != old


def test_an_authority_that_ends_soon_is_not_replaced_behind_the_devices_backs(
    secrets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_secrets.Safe(folder=secrets).write("authority", "authority.pem", new_authority("park", days=89).text)
    assert make(secrets) == 1
    assert "authority.pem ends within 90 days" in capsys.readouterr().err


def test_a_new_authority_brings_a_new_certificate(secrets: Path) -> None:
    before = pair(secrets, "mosquitto/broker.pem")
    (secrets / "authority" / "authority.pem").unlink()
    assert make(secrets) == 0
    assert pair(secrets, "mosquitto/broker.pem") != before
    assert files_of(secrets)["tls/ca.pem"] == pair(secrets, "authority/authority.pem").certificate


def test_a_name_that_is_none_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    require("openssl")
    assert make(tmp_path, ["a b"]) == 1
    assert "'a b' is no name" in capsys.readouterr().err


# --- the broker


def trusting(broker: Mosquitto, ca_file: Path, host: str = "127.0.0.1") -> Link:
    """A gateway's link that trusts these certificates."""
    address = Address(host=host, port=broker.port, username=ACCOUNT, tls=True)
    password = (broker.folder / "secrets" / "simulator" / ACCOUNT).read_bytes()
    context = Trust(ca_file=ca_file).context(address)
    return Link(LinkOptions(address=address, client_id=ACCOUNT, password=password, ssl=context))


async def enter(link: Link) -> None:
    async with link, asyncio.timeout(20):
        await link.connected()


@pytest.mark.parametrize("host", NAMES)
def test_who_trusts_the_authority_enters(secrets: Path, tmp_path: Path, host: str) -> None:
    with run_park_mosquitto(tmp_path, "mqtts") as broker:
        asyncio.run(enter(trusting(broker, secrets / "tls" / "ca.pem", host)))


def test_another_authority_of_the_same_name_is_not_trusted(secrets: Path, tmp_path: Path) -> None:
    (tmp_path / "other.pem").write_text(new_authority("park", days=1).certificate, encoding="ascii")
    with run_park_mosquitto(tmp_path, "mqtts") as broker, pytest.raises(UntrustedCertificate):
        asyncio.run(enter(trusting(broker, tmp_path / "other.pem")))


def test_a_broker_under_another_name_is_not_trusted(secrets: Path, tmp_path: Path) -> None:
    assert make(secrets, ["mosquitto"]) == 0
    with run_park_mosquitto(tmp_path, "mqtts") as broker, pytest.raises(UntrustedCertificate):
        asyncio.run(enter(trusting(broker, secrets / "tls" / "ca.pem")))


def test_in_clear_nobody_is_answered(secrets: Path, tmp_path: Path) -> None:
    with run_park_mosquitto(tmp_path, "mqtts") as broker:
        with socket.create_connection(("127.0.0.1", broker.port), timeout=20) as line:
            line.sendall(CONNECT)
            assert _told(line)[:1] != b"\x20", "a CONNACK in clear"
        address = Address(host="127.0.0.1", port=broker.port, username=ACCOUNT)
        with pytest.raises(LinkError):
            asyncio.run(enter(Link(LinkOptions(address=address, client_id=ACCOUNT, password=b"x"))))


def _told(line: socket.socket) -> bytes:
    """What the broker sends until it ends the connection; an alert of TLS, or nothing."""
    told = b""
    try:
        while more := line.recv(4096):
            told += more
    except ConnectionError:
        pass
    return told


def test_the_same_bytes_are_answered_where_mqtt_is_spoken_in_clear(secrets: Path, tmp_path: Path) -> None:
    """So that the test above can fail."""
    with (
        run_park_mosquitto(tmp_path) as broker,
        socket.create_connection(("127.0.0.1", broker.port), timeout=20) as line,
    ):
        line.sendall(CONNECT)
        assert line.recv(1) == b"\x20"


def test_the_listeners_are_alike_but_for_port_and_certificate(tmp_path: Path) -> None:
    def settings(scheme: str) -> set[str]:
        lines = park_configuration(tmp_path, free_port(), scheme).splitlines()
        return {line for line in lines if line and not line.startswith(("#", "listener "))}

    assert {line.split()[0] for line in settings("mqtts") - settings("mqtt")} == {"certfile", "keyfile", "tls_version"}
    assert settings("mqtt") - settings("mqtts") == set()
