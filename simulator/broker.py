"""The broker as gateways see it: where it is, whom they trust and are, and how long they wait for it."""

from dataclasses import dataclass, field
from pathlib import Path

from mqttlink import Address, Trust
from park.codecs import CODECS, DEFAULT_CONTENT_TYPE, Codec
from simulator.errors import NoPassword


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Where gateways find their passwords.

    Attributes:
        password: for every gateway; or
        folder: one file per user name, named like it.
    """

    password: bytes | None = field(default=None, repr=False)
    folder: Path | None = None

    def of(self, user: str) -> bytes | None:
        """The password of a user, None if there is none.

        Raises:
            NoPassword: the folder has none that can be read.
        """
        if self.folder is None:
            return self.password
        path = self.folder / user
        try:
            return path.read_bytes().strip()
        except OSError as error:
            raise NoPassword(f"the password of {user} cannot be read, {path}: {error.strerror}") from None


@dataclass(frozen=True, kw_only=True)
class GatewayOptions:
    """The broker as gateways see it.

    Attributes:
        address: its user name, if any, replaces the gateway's client id.
        rewind_s: how much of what the broker acknowledged is sent again after a reconnection; longer than
            the interval at which the broker saves its state.
        stays: whether a gateway that has finished stays for `rewind_s` after its last acknowledgement, to send again
            what a broker forgets that dies; of no use if the broker lives and dies with us.
        drain_s: how long after its end the schedule is still worked off before the rest is given up.
        codec: writes the payloads; every message names it.
        trust: what `mqtts` is held against.
    """

    address: Address
    credentials: Credentials = field(default_factory=Credentials)
    rewind_s: float = 10.0
    drain_s: float = 30.0
    codec: Codec = CODECS[DEFAULT_CONTENT_TYPE]
    stays: bool = True
    trust: Trust = field(default_factory=Trust)
