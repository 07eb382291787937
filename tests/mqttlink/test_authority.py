"""Certificates that openssl makes, as Python's TLS takes them or refuses them."""

import ssl
import subprocess
from pathlib import Path

import pytest

from mqttlink.authority import Pair, certificate_for, lasts, new_authority, pair_of, serves
from mqttlink.errors import AuthorityError
from tests.servers.find import require

NAMES = ["mosquitto", "*.park.example", "127.0.0.1", "::1"]


@pytest.fixture(scope="module", autouse=True)
def openssl() -> None:
    require("openssl")


@pytest.fixture(scope="module")
def authority() -> Pair:
    return new_authority("park", days=10)


@pytest.fixture(scope="module")
def broker(authority: Pair) -> Pair:
    return certificate_for(NAMES, authority, days=5)


def shake(folder: Path, broker: Pair, trusted: Pair, name: str) -> None:
    """A handshake in memory, by the strictest rules of Python 3.13 and later.

    Raises:
        ssl.SSLError: the client refuses the broker.
    """
    (folder / "broker.pem").write_text(broker.text, encoding="ascii")
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(folder / "broker.pem")
    client_context = ssl.create_default_context(cadata=trusted.certificate)
    client_context.verify_flags |= ssl.VERIFY_X509_STRICT
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(down, up, server_hostname=name)
    server = server_context.wrap_bio(up, down, server_side=True)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue


@pytest.mark.parametrize("name", ["mosquitto", "a.park.example", "127.0.0.1", "::1"])
def test_a_client_that_trusts_the_authority_takes_the_broker_under_each_of_its_names(
    tmp_path: Path, broker: Pair, authority: Pair, name: str
) -> None:
    shake(tmp_path, broker, authority, name)


@pytest.mark.parametrize("name", ["park.example", "127.0.0.2", "mosquitto.example"])
def test_it_is_refused_under_any_other(tmp_path: Path, broker: Pair, authority: Pair, name: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(tmp_path, broker, authority, name)


def test_another_authority_of_the_same_name_does_not_count(tmp_path: Path, broker: Pair) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(tmp_path, broker, new_authority("park", days=10), "mosquitto")


def test_the_brokers_certificate_is_no_authority(tmp_path: Path, broker: Pair, authority: Pair) -> None:
    """Whoever reads the broker's key can be the broker, and nobody else."""
    forged = certificate_for(["bank.example"], broker, days=1)
    chain = Pair(certificate=forged.certificate + broker.certificate, key=forged.key)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(tmp_path, chain, authority, "bank.example")


def test_what_has_to_be_made_anew_is_known(broker: Pair, authority: Pair) -> None:
    assert serves(broker, authority, NAMES, days=4)
    assert serves(broker, authority, reversed(NAMES), days=4)
    assert not serves(broker, authority, NAMES, days=6)
    assert not serves(broker, authority, NAMES[1:], days=4)
    assert not serves(broker, authority, [*NAMES, "another"], days=4)
    assert not serves(broker, new_authority("park", days=10), NAMES, days=4)
    assert lasts(authority, days=9)
    assert not lasts(authority, days=11)


def test_a_pair_is_one_text(broker: Pair) -> None:
    assert pair_of(broker.text) == broker
    assert broker.text.count("BEGIN") == 2
    for text in ("", broker.certificate, broker.key, broker.certificate + broker.key):
        with pytest.raises(AuthorityError, match="private key followed by"):
            pair_of(text)


@pytest.mark.parametrize("name", ["", "two words", "a,IP:10.0.0.1", "a\nb", "$HOME", "-a", "x" * 300])
def test_what_is_no_name_is_named_before_openssl_reads_it(authority: Pair, name: str) -> None:
    with pytest.raises(AuthorityError, match="is no name of a host"):
        certificate_for(["mosquitto", name], authority, days=1)


def test_without_openssl_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(AuthorityError, match="openssl, which is not on PATH"):
        new_authority("park", days=1)


def test_what_openssl_refuses_is_said_in_its_words(authority: Pair) -> None:
    broken = Pair(certificate=authority.certificate, key=authority.key.replace("A", "B"))
    with pytest.raises(AuthorityError, match="openssl: "):
        certificate_for(["mosquitto"], broken, days=1)


def test_nothing_is_left_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    certificate_for(NAMES, new_authority("park", days=1), days=1)
    assert list(tmp_path.iterdir()) == []


def test_a_certificate_says_what_it_is_for(tmp_path: Path, broker: Pair) -> None:
    (tmp_path / "broker.pem").write_text(broker.certificate, encoding="ascii")
    asked = [str(require("openssl")), "x509", "-in", str(tmp_path / "broker.pem"), "-noout", "-text"]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert "TLS Web Server Authentication" in said
    assert "CA:FALSE" in said
    assert "NIST CURVE: P-256" in said
