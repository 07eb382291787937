"""Attacks the encryption of a running park under PARK_MQTT=mqtts, as whoever sits between gateway and broker would.

Runs in the simulator's container while the simulator is stopped. Prints a line for each attempt; exits 1 if one of
them goes another way than it must.
"""

import asyncio
import dataclasses
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from mqttlink import Address, Link, LinkError, LinkOptions, Trust, UntrustedCertificate, parse_broker_url
from mqttlink.authority import new_authority

FOLDER = Path("/run/park/simulator")
OURS = Path("/run/park/tls/ca.pem")
SELF = min(path.name for path in FOLDER.iterdir())
BROKER = dataclasses.replace(parse_broker_url("mqtts://mosquitto"), username=SELF)
IN_CLEAR = dataclasses.replace(parse_broker_url("mqtt://mosquitto"), username=SELF)


def enter(address: Address, ca_file: Path | None) -> None:
    """Log in and leave."""

    async def work() -> None:
        context = Trust(ca_file=ca_file).context(address)
        password = (FOLDER / SELF).read_bytes()
        options = LinkOptions(address=address, client_id=SELF, password=password, clean_start=True, ssl=context)
        async with Link(options) as link, asyncio.timeout(10):
            await link.connected()

    asyncio.run(work())


def by_address() -> Address:
    """The broker's address of now, which its certificate does not name."""
    return dataclasses.replace(BROKER, host=socket.gethostbyname("mosquitto"))


def stranger() -> Path:
    """An authority that calls itself as ours does."""
    with tempfile.NamedTemporaryFile("w", suffix=".pem", delete=False) as file:
        file.write(new_authority("park", days=1).certificate)
    return Path(file.name)


#: What is tried, and the error that it must end with; None where it must succeed, so that the rest means something.
ATTEMPTS: dict[str, tuple[type[Exception] | None, Callable[[], None]]] = {
    "log in, trusting whom the service trusts": (None, lambda: enter(BROKER, None)),
    "log in, trusting the park's authority": (None, lambda: enter(BROKER, OURS)),
    "log in, trusting another authority of that name": (UntrustedCertificate, lambda: enter(BROKER, stranger())),
    "log in to the broker by another name": (UntrustedCertificate, lambda: enter(by_address(), OURS)),
    "connect in clear to port 1883": (
        ConnectionRefusedError,
        lambda: socket.create_connection(("mosquitto", 1883), 10).close(),
    ),
    "log in in clear to port 8883": (LinkError, lambda: enter(dataclasses.replace(IN_CLEAR, port=8883), None)),
}


def as_it_must(what: str) -> bool:
    """Whether the attempt ends as it must."""
    wanted, attempt = ATTEMPTS[what]
    ended: Exception | None = None
    try:
        attempt()
    except (LinkError, OSError, TimeoutError) as error:
        ended = error
    good = ended is None if wanted is None else isinstance(ended, wanted)
    print(f"{'as it must' if good else 'WRONG'}: {what}: {ended!r}")
    return good


if __name__ == "__main__":
    outcomes = [as_it_must(what) for what in ATTEMPTS]
    sys.exit(0 if all(outcomes) else 1)
