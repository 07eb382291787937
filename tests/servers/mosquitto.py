"""The real Mosquitto on a free port of 127.0.0.1."""

import getpass
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.certificates import make_certificates
from tests.servers.find import require
from tests.servers.process import Process, Server, accepts, free_port


@dataclass(frozen=True, kw_only=True)
class Mosquitto(Server):
    """A running broker; ``ca_file`` is the certificate to trust, None without TLS."""

    host: str = "127.0.0.1"
    ca_file: Path | None = None

    @property
    def url(self) -> str:
        """The broker's URL without a user: ``mqtt://127.0.0.1:PORT`` or ``mqtts://``."""
        return self.url_for(None)

    def url_for(self, user: str | None) -> str:
        """Return the broker's URL with a user name in it."""
        scheme = "mqtts" if self.ca_file else "mqtt"
        login = f"{user}@" if user else ""
        return f"{scheme}://{login}{self.host}:{self.port}"


@contextmanager
def run_mosquitto(
    folder: Path,
    *,
    users: Mapping[str, str] | None = None,
    acl: str | None = None,
    tls: bool = False,
    persistence: bool = False,
    autosave_interval: int = 5,
    max_queued_messages: int = 0,
    max_inflight_messages: int = 2000,
    config: Sequence[str] = (),
) -> Iterator[Mosquitto]:
    """Run Mosquitto with its configuration, data and log in ``folder``; defaults are for load.

    Args:
        folder: an existing folder, best ``tmp_path``.
        users: user name to password; None lets anybody in.
        acl: text of the ACL file.
        tls: serve TLS with a fresh certificate for 127.0.0.1 and localhost (needs openssl).
        persistence: keep sessions and queued messages in ``folder`` over a restart.
        autosave_interval: seconds between snapshots of them.
        max_queued_messages: per session; 0 is unlimited.
        max_inflight_messages: QoS 1 messages in flight per session.
        config: further lines of mosquitto.conf.
    """
    program = require("mosquitto")
    port = free_port()
    lines = [
        f"user {getpass.getuser()}",
        f"listener {port} 127.0.0.1",
        f"allow_anonymous {str(users is None).lower()}",
        f"max_queued_messages {max_queued_messages}",
        f"max_inflight_messages {max_inflight_messages}",
        "log_dest stderr",
    ]
    if users is not None:
        lines.append(f"password_file {_password_file(folder, users)}")
    if acl is not None:
        lines.append(f"acl_file {_write(folder / 'acl', acl)}")
    if persistence:
        data = folder / "data"
        data.mkdir(exist_ok=True)
        lines += [
            "persistence true",
            f"persistence_location {data}/",
            f"autosave_interval {autosave_interval}",
        ]
    ca_file = None
    if tls:
        certificates = make_certificates(folder)
        ca_file = certificates.ca
        lines += [f"certfile {certificates.certificate}", f"keyfile {certificates.key}"]
    conf = _write(folder / "mosquitto.conf", "\n".join([*lines, *config, ""]))
    process = Process(argv=[str(program), "-c", str(conf)], log=folder / "mosquitto.log", ready=lambda: accepts(port))
    broker = Mosquitto(port=port, folder=folder, process=process, ca_file=ca_file)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


def _password_file(folder: Path, users: Mapping[str, str]) -> Path:
    path = _write(folder / "passwords", "".join(f"{user}:{password}\n" for user, password in users.items()))
    subprocess.run([require("mosquitto_passwd"), "-U", path], check=True, capture_output=True, timeout=30)
    return path


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path
