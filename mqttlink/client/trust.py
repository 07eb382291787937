"""Certificates: whom a link trusts, and what it shows."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from mqttlink.client.url import Address
from mqttlink.errors import UnusableCertificate


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Certificates for `mqtts`; a value that other processes can be given.

    Attributes:
        ca_file: certificates to trust; the system's if None.
        cert_file, key_file: what this client shows the broker; both or neither.
    """

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    def context(self, address: Address) -> ssl.SSLContext | None:
        """What a link to the address is given; None without TLS.

        Raises:
            UnusableCertificate: a file cannot be read, or is none; names the files.
        """
        if not address.tls:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.cert_file is not None:
                context.load_cert_chain(self.cert_file, self.key_file, password=_no_password)
        except OSError as error:
            files = ", ".join(str(path) for path in (self.ca_file, self.cert_file, self.key_file) if path)
            raise UnusableCertificate(f"certificates for {address} cannot be used ({files}): {error}") from None
        return context


def _no_password() -> str:
    """Called for an encrypted key; openssl would ask the terminal."""
    raise UnusableCertificate(
        "the private key is encrypted; give one without a passphrase, readable by its owner alone"
    )
