"""A certificate authority of one's own, and the certificate that it signs for a broker, made by the program openssl.

For a deployment without anybody else's authority: clients are given the authority's certificate, and trust that alone.
Everything is text in PEM form; keys lie on the disk only while openssl runs, in a folder of this user's.
"""

import ipaddress
import re
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mqttlink.errors import AuthorityError

_NAME = re.compile(r"[A-Za-z0-9*:]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?")
_DAY_S = 86_400
_OPENSSL_S = 60

#: What openssl is told: nothing of a certificate is left to the host's own openssl.cnf.
_CONFIG = """[req]
prompt = no
string_mask = utf8only
distinguished_name = subject
x509_extensions = extensions
[subject]
CN = {subject}
[extensions]
subjectKeyIdentifier = hash
{extensions}
"""
# What Python 3.13 and later ask for, which follow RFC 5280 to the letter.
_AUTHORITY = "basicConstraints = critical,CA:TRUE,pathlen:0\nkeyUsage = critical,keyCertSign,cRLSign"
_BROKER = """authorityKeyIdentifier = keyid:always
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = {names}"""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A certificate and its private key.

    Attributes:
        certificate: may be shown to anybody.
        key: of P-256, without a passphrase.
    """

    certificate: str
    key: str

    @property
    def text(self) -> str:
        """Both in one file, so that they are replaced together."""
        return self.key + self.certificate


def pair_of(text: str) -> Pair:
    """A pair that was written as one text.

    Raises:
        AuthorityError: it is none.
    """
    key, begin, certificate = text.partition("-----BEGIN CERTIFICATE-----")
    if not begin or "PRIVATE KEY-----" not in key:
        raise AuthorityError("not a private key followed by its certificate")
    return Pair(certificate=begin + certificate, key=key)


def new_authority(subject: str, *, days: int) -> Pair:
    """An authority that signs brokers' certificates and no other authority.

    Raises:
        AuthorityError: openssl is not here, or cannot do it.
    """
    _checked(subject)
    with tempfile.TemporaryDirectory() as folder:
        return _made(Path(folder), _CONFIG.format(subject=subject, extensions=_AUTHORITY), days)


def certificate_for(names: Iterable[str], authority: Pair, *, days: int) -> Pair:
    """A broker's certificate.

    Args:
        names: names of hosts and addresses by which clients ask for the broker, one at least.
        authority: who signs it.
        days: how long it is good for.

    Raises:
        AuthorityError: a name is none; openssl is not here, or cannot do it.
    """
    names = [_checked(name) for name in names]
    extensions = _BROKER.format(names=",".join(f"{'IP' if _is_address(name) else 'DNS'}:{name}" for name in names))
    with tempfile.TemporaryDirectory() as folder:
        signer = _write(Path(folder, "authority.pem"), authority.text)
        config = _CONFIG.format(subject="broker", extensions=extensions)
        return _made(Path(folder), config, days, "-CA", str(signer), "-CAkey", str(signer))


def serves(broker: Pair, authority: Pair, names: Iterable[str], *, days: int) -> bool:
    """Whether a broker's certificate is this authority's, for just these names, and good for so many days more.

    Raises:
        AuthorityError: openssl is not here.
    """
    with tempfile.TemporaryDirectory() as folder:
        signer = _write(Path(folder, "authority.pem"), authority.certificate)
        shown = str(_write(Path(folder, "broker.pem"), broker.certificate))
        return (
            _openssl("verify", "-CAfile", str(signer), shown).returncode == 0
            and lasts(broker, days=days)
            and _names_of(shown) == {_plain(name) for name in names}
        )


def lasts(pair: Pair, *, days: int) -> bool:
    """Whether a certificate is good for so many days more.

    Raises:
        AuthorityError: openssl is not here.
    """
    with tempfile.TemporaryDirectory() as folder:
        shown = str(_write(Path(folder, "shown.pem"), pair.certificate))
        return _openssl("x509", "-in", shown, "-noout", "-checkend", str(days * _DAY_S)).returncode == 0


def _names_of(shown: str) -> set[str]:
    said = _openssl("x509", "-in", shown, "-noout", "-ext", "subjectAltName").stdout
    return {_plain(name) for name in re.findall(r"(?:DNS|IP Address):([^,\s]+)", said)}


def _made(folder: Path, config: str, days: int, *signer: str) -> Pair:
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    done = _openssl(
        *("req", "-x509", "-new", "-config", str(_write(folder / "openssl.cnf", config)), "-days", str(days)),
        *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"),
        *("-keyout", str(key), "-out", str(certificate), *signer),
    )
    if done.returncode:
        raise AuthorityError(f"openssl: {done.stderr.strip()}")
    return Pair(certificate=certificate.read_text(encoding="ascii"), key=key.read_text(encoding="ascii"))


def _openssl(*arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - our own words, and files that were just written
            ["openssl", *arguments],  # noqa: S607 - wherever this host has it
            capture_output=True,
            text=True,
            check=False,
            timeout=_OPENSSL_S,
        )
    except FileNotFoundError:
        raise AuthorityError("certificates are made by openssl, which is not on PATH") from None


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="ascii")
    return path


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise AuthorityError(f"{name!r} is no name of a host, and no address")
    return name


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _plain(name: str) -> str:
    return ipaddress.ip_address(name).compressed if _is_address(name) else name
