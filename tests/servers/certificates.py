"""A throw-away certificate authority and a server certificate for 127.0.0.1, made by openssl."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.servers.find import require


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """Files in PEM form."""

    ca: Path
    certificate: Path
    key: Path


def make_certificates(folder: Path) -> Certificates:
    """Make an authority and a certificate that it signed for 127.0.0.1 and localhost, valid for a day."""
    openssl = str(require("openssl"))
    made = Certificates(ca=folder / "ca.pem", certificate=folder / "server.pem", key=folder / "server.key")
    authority_key = str(folder / "ca.key")
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "1"]

    def run(*arguments: str) -> None:
        subprocess.run([openssl, *arguments], check=True, capture_output=True, timeout=30)

    # Without its uses an authority is refused by Python 3.13 and later, which follow RFC 5280 to the letter.
    run(
        *("req", "-x509", *new_key, "-subj", "/CN=park test authority"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
        *("-keyout", authority_key, "-out", str(made.ca)),
    )
    run(
        *("req", "-x509", *new_key, "-subj", "/CN=127.0.0.1", "-CA", str(made.ca), "-CAkey", authority_key),
        *("-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"),
        *("-keyout", str(made.key), "-out", str(made.certificate)),
    )
    return made
