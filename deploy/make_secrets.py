"""Makes every password, token and access list of a deployment, each once and at random.

``files`` needs no network: passwords, and Mosquitto's password and ACL files, which follow the town's sites.
``tokens`` asks a running InfluxDB for tokens that can do no more than their owner needs.

FOLDER/mosquitto/   passwords, acl                 read by the broker
FOLDER/influxdb/    password, admin-token          read by InfluxDB at its first start
FOLDER/simulator/   one MQTT password per site     read by the gateways
FOLDER/ingest/      mqtt-password, store-token     read by the ingester
FOLDER/grafana/     admin-password, store-token    read by Grafana

Each folder is its reader's alone: nobody else may list it. Running again keeps what is there and adds what
a new site needs.
"""
# ruff: noqa: INP001  (a program, not a package)

import argparse
import base64
import hashlib
import json
import os
import secrets
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from park.errors import ParkError
from park.town import default_town, parse_town
from sectors import SECTORS

# User ids of the official images, and those that compose.yaml gives to ours.
OWNERS = {"mosquitto": 1883, "influxdb": 1000, "grafana": 472, "ingest": 10001, "simulator": 10002}
# What mosquitto_passwd writes; the passwords are 256 random bits, which no iteration count makes stronger.
_ITERATIONS = 101


@dataclass(frozen=True, kw_only=True)
class Safe:
    """The folder of secrets: one subfolder per reader, each file readable by that reader only."""

    folder: Path

    def path(self, owner: str, name: str) -> Path:
        """Where an owner's secret lies."""
        return self.folder / owner / name

    def write(self, owner: str, name: str, text: str) -> None:
        """Write a secret whole or not at all, and give it to its reader."""
        self._make_folder(owner)
        path = self.path(owner, name)
        draft = path.with_name(f".{name}.new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        self._give(draft, owner)
        draft.rename(path)

    def once(self, owner: str, name: str) -> str:
        """Return the secret, made at random if it is not there yet."""
        path = self.path(owner, name)
        if not path.exists():
            self.write(owner, name, secrets.token_urlsafe(32))
        return path.read_text(encoding="utf-8")

    def _make_folder(self, owner: str) -> None:
        folder = self.folder / owner
        folder.mkdir(mode=0o700, exist_ok=True)
        self._give(folder, owner)

    @staticmethod
    def _give(path: Path, owner: str) -> None:
        if os.geteuid() == 0:
            os.chown(path, OWNERS[owner], OWNERS[owner])


def password_line(user: str, password: str) -> str:
    """Return a line of Mosquitto's password file: PBKDF2 with SHA-512, as mosquitto_passwd writes it."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    encoded = "$".join(base64.b64encode(part).decode() for part in (salt, digest))
    return f"{user}:$7${_ITERATIONS}${encoded}\n"


def access_list(sites: Iterable[str]) -> str:
    """Return Mosquitto's ACL file: a gateway speaks for its own site alone, the ingester only listens."""
    gateways = [
        f"user {site}\n"
        f"topic write park/+/{site}/#\n"
        f"topic write park/gateways/{site}/#\n"
        f"topic read park/+/{site}/+/+/command\n"
        for site in sites
    ]
    return "\n".join([*gateways, "user ingest\ntopic read park/#\n"])


def make_files(safe: Safe, sites: Iterable[str]) -> None:
    """Make what needs no server."""
    sites = list(sites)
    if "ingest" in sites:
        raise ParkError("park.toml: a site may not be named 'ingest': that is the ingester's user name")
    passwords = {site: safe.once("simulator", site) for site in sites}
    passwords["ingest"] = safe.once("ingest", "mqtt-password")
    safe.write("mosquitto", "passwords", "".join(password_line(*login) for login in passwords.items()))
    safe.write("mosquitto", "acl", access_list(sites))
    for owner, name in (("influxdb", "password"), ("influxdb", "admin-token"), ("grafana", "admin-password")):
        safe.once(owner, name)


@dataclass(frozen=True, kw_only=True)
class Influx:
    """As much of InfluxDB's API as making a token takes."""

    url: str
    org: str
    bucket: str

    def make_tokens(self, safe: Safe) -> None:
        """Make the ingester's token (read and write one bucket) and Grafana's (read it)."""
        admin = safe.once("influxdb", "admin-token")
        for owner, actions in (("ingest", ("read", "write")), ("grafana", ("read",))):
            path = safe.path(owner, "store-token")
            # A token outlives the database that knew it when only one of the two volumes was removed.
            if path.exists() and self._bucket(path.read_text(encoding="utf-8")):
                continue
            safe.write(owner, "store-token", self._authorize(admin, f"park: {owner}", actions))

    def _bucket(self, token: str) -> dict[str, Any] | None:
        try:
            found = self._call("GET", "buckets", token, query={"org": self.org, "name": self.bucket})
        except urllib.error.HTTPError as error:
            with error:
                if error.code in {401, 404}:
                    return None
                raise
        return next(iter(found["buckets"]), None)

    def _authorize(self, admin: str, description: str, actions: Iterable[str]) -> str:
        bucket = self._bucket(admin)
        if bucket is None:
            raise ParkError(
                f"{self.url} does not know the admin token of these secrets, or has no bucket {self.bucket!r} "
                "in it: its data and the secrets come from different first starts"
            )
        resource = {"type": "buckets", "id": bucket["id"], "orgID": bucket["orgID"]}
        permissions = [{"action": action, "resource": resource} for action in actions]
        body = {"orgID": bucket["orgID"], "description": description, "permissions": permissions}
        return str(self._call("POST", "authorizations", admin, body=body)["token"])

    def _call(
        self,
        method: str,
        path: str,
        token: str,
        *,
        query: dict[str, str] | None = None,
        body: object = None,
    ) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310  (the URL is the deployment's own)
            f"{self.url}/api/v2/{path}?{urllib.parse.urlencode(query or {})}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Token {token}"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            answer: dict[str, Any] = json.load(response)
            return answer


def main(arguments: list[str] | None = None) -> int:
    """Run ``files`` or ``tokens``."""
    parser = argparse.ArgumentParser(description="Make a deployment's secrets.")
    parser.add_argument("what", choices=["files", "tokens"])
    parser.add_argument("folder", type=Path, help="an existing folder")
    parser.add_argument("--config", type=Path, help="the town's park.toml; default: the package's own")
    parser.add_argument("--url", default="http://influxdb:8086", help="of InfluxDB")
    parser.add_argument("--org", default="park")
    parser.add_argument("--bucket", default="park")
    given = parser.parse_args(arguments)
    safe = Safe(folder=given.folder)
    try:
        if given.what == "tokens":
            Influx(url=given.url, org=given.org, bucket=given.bucket).make_tokens(safe)
        else:
            town = (
                parse_town(given.config.read_text(encoding="utf-8"), str(given.config), SECTORS)
                if given.config
                else default_town(SECTORS)
            )
            make_files(safe, (site.name for site in town.sites))
    except (ParkError, OSError) as error:
        sys.stderr.write(f"make_secrets: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
