"""Makes every password, token and account of a deployment, each once and at random.

``files`` needs no network: passwords, and the broker's accounts, which follow the town's sites.
``tokens`` asks a running InfluxDB for one token a reader, for one bucket.

FOLDER/mosquitto/   accounts.json                             read by the broker's dynamic-security plugin
FOLDER/influxdb/    password, admin-token                     read by InfluxDB at its first start
FOLDER/simulator/   one MQTT password per gateway             read by the gateways
FOLDER/ingest/      one MQTT password per session, and park-replay; store-token    read by the ingester
FOLDER/grafana/     admin-password, store-token               read by Grafana
FOLDER/verify/      store-token                               read by `park verify`, and by a load, through its group
FOLDER/command/     the MQTT password of park-command         read by `park command`
FOLDER/control/     the MQTT password of each controller      read by `park control`
FOLDER/detector/    the MQTT password of detector             read by whoever looks for faults in readings
FOLDER/rollup/      store-token                               read by `park store rollup`
FOLDER/authority/   authority.pem, with --tls                 read by this program alone
FOLDER/tls/         ca.pem, with --tls                        read by everybody: whom the broker's clients trust

A password's file is named like its account, which is named like the only client id that it may use.
Each folder is its reader's alone: nobody else may list it. Running again keeps what is there, adds what a new
site needs, and removes the passwords of accounts that are gone.

``files --tls NAME,NAME`` makes an authority once, and of it a certificate for the broker under these names, as
FOLDER/mosquitto/broker.pem. Of the certificate a new one is made when the names change or fewer than 90 days are left.

``tokens --renew`` makes new tokens in place of those that are there, which go on being accepted until
``tokens --revoke`` ends all but the newest: their readers are started anew in between. ``tokens --renew-admin`` makes
a new admin token and ends the old one at once, for nobody but this program uses it.
"""
# ruff: noqa: INP001  (a program, not a package)

import argparse
import os
import secrets
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import IngestError, Misconfigured
from ingest.stores.influxdb.setup import READERS, Administration
from ingest.stores.influxdb.url import InfluxUrl
from mqttlink.accounts import Account, Role
from mqttlink.authority import Pair, certificate_for, lasts, new_authority, pair_of, serves
from mqttlink.dynsec import dynamic_security
from mqttlink.errors import AuthorityError
from park.errors import ParkError
from park.topics import (
    CONTROL_FILTER,
    GATEWAY_STATE_FILTER,
    GATEWAY_STATS_FILTER,
    LABEL_FILTER,
    TELEMETRY_FILTER,
    gateway_topic,
    reply_topic,
    shared,
)
from park.town import default_town, parse_town
from sectors import SECTORS

# User ids of the official images, and those that compose.yaml gives to ours.
OWNERS = {
    "mosquitto": 1883,
    "influxdb": 1000,
    "grafana": 472,
    "ingest": 10001,
    "simulator": 10002,
    "verify": 10003,
    "command": 10004,
    "control": 10005,
    "detector": 10006,
    "rollup": 10007,
    "authority": 0,
    "tls": 0,
}
# Whose secrets their group may read as well, and what is none.
_SHARED = {"verify"}
_PUBLIC = {"tls"}
# Who holds passwords of the broker's accounts.
_BROKER_USERS = ("simulator", "ingest", "command", "control", "detector")
# What the holder of a token does with the bucket.
TOKENS = READERS
INGEST = "park-ingest"
REPLAY = "park-replay"
COMMAND = "park-command"
CONTROL = "control"
DETECTOR = "detector"
_AUTHORITY = ("authority", "authority.pem")
_BROKER = ("mosquitto", "broker.pem")
_AUTHORITY_DAYS = 3650
_BROKER_DAYS = 825
_RENEWED_DAYS = 90
_OURS = "park: "
_ADMIN = "park's admin token"
_EVENTS = "park/+/+/+/+/event"
_BROKER_FIGURES = "$SYS/#"
# Of versions before the accounts.
_FORMER = (("mosquitto", "passwords"), ("mosquitto", "acl"), ("ingest", "mqtt-password"))


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
            os.fchmod(file.fileno(), 0o400 | (0o040 if owner in _SHARED else 0o044 if owner in _PUBLIC else 0))
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

    def remove(self, owner: str, name: str) -> None:
        """Forget a secret that nobody uses any more."""
        self.path(owner, name).unlink(missing_ok=True)

    def names(self, owner: str) -> list[str]:
        """All secrets of an owner."""
        folder = self.folder / owner
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def _make_folder(self, owner: str) -> None:
        folder = self.folder / owner
        if not folder.is_dir():  # it is not ours to change once it is given
            folder.mkdir(mode=0o700)
            folder.chmod(0o700 | (0o050 if owner in _SHARED else 0o055 if owner in _PUBLIC else 0))
        self._give(folder, owner)

    @staticmethod
    def _give(path: Path, owner: str) -> None:
        if os.geteuid() == 0:
            os.chown(path, OWNERS[owner], OWNERS[owner])


@dataclass(frozen=True, kw_only=True)
class Login:
    """An account's name, the role or roles that it holds, and who reads its password."""

    name: str
    owner: str
    roles: tuple[Role, ...]


def gateway(site: str, shard: int) -> Login:
    """A gateway speaks for its site's devices and for itself, and hears its site's commands, which it answers."""
    leaves = ("telemetry", "state", "ack", "event", "label")
    devices = Role(
        name=f"site-{site}",
        # Each sector by its name: any word in its place would be a door to what controllers tell one another.
        publish=(
            *(f"park/{sector}/{site}/+/+/{leaf}" for leaf in leaves for sector in SECTORS),
            f"{reply_topic('+', site)}/#",
        ),
        subscribe=(f"park/+/{site}/+/+/command/+",),
    )
    name = f"gw-{site}-{shard}"
    itself = Role(
        name=name,
        publish=tuple(gateway_topic(site, shard, leaf) for leaf in ("state", "stats", "orders")),
        subscribe=(gateway_topic(site, "+", "orders"),),
    )
    return Login(name=name, owner="simulator", roles=(devices, itself))


def whole_park() -> Role:
    """The ingester as one session for all sites, or as members of one shared subscription."""
    plain = (TELEMETRY_FILTER, _EVENTS, LABEL_FILTER, GATEWAY_STATE_FILTER, GATEWAY_STATS_FILTER)
    joined = tuple(shared(INGEST, pattern) for pattern in plain)
    return Role(name="ingest", subscribe=plain + joined, within=(_BROKER_FIGURES,))


def one_site(site: str) -> Role:
    """The ingester's session for one site."""
    devices = tuple(f"park/+/{site}/+/+/{leaf}" for leaf in ("telemetry", "event", "label"))
    gateways = tuple(f"park/gateways/{site}/+/{leaf}" for leaf in ("state", "stats"))
    return Role(name=f"ingest-{site}", subscribe=devices + gateways, within=(_BROKER_FIGURES,))


def replay() -> Login:
    """`park dead-letters replay`, which publishes for anybody what the ingester has received before."""
    said = (TELEMETRY_FILTER, _EVENTS, LABEL_FILTER, GATEWAY_STATE_FILTER, GATEWAY_STATS_FILTER)
    return Login(name=REPLAY, owner="ingest", roles=(Role(name="replay", publish=said),))


def actor(name: str, owner: str) -> Login:
    """Who commands, under its own name alone, and hears the answers to itself alone."""
    commands = tuple(f"park/{sector}/+/+/+/command/{name}" for sector in SECTORS)
    role = Role(name=name, publish=commands, within=(f"{reply_topic(name, '+')}/#",))
    return Login(name=name, owner=owner, roles=(role,))


def controller(name: str, owner: str) -> Login:
    """An actor who hears what devices report, and what any controller has told them; it tells that of its own alone."""
    role = Role(
        name=f"{name}-watch",
        publish=(CONTROL_FILTER.replace("#", f"{name}/#"),),
        within=(TELEMETRY_FILTER, CONTROL_FILTER),
    )
    itself = actor(name, owner)
    return Login(name=name, owner=owner, roles=(*itself.roles, role))


def detector(name: str, owner: str) -> Login:
    """Who looks for what is wrong: it hears readings, and neither labels nor events, which tell what is."""
    return Login(name=name, owner=owner, roles=(Role(name=name, within=(TELEMETRY_FILTER,)),))


def logins(sites: Iterable[str], *, shards: int, members: int, controllers: int = 1) -> list[Login]:
    """Everybody who may enter the broker.

    Args:
        sites: names of the town's sites.
        shards: gateways of each site.
        members: how many processes the ingester may have that share one subscription.
        controllers: `control`, and then as many more that stand by on other hosts, for an account has one connection.
    """
    sites, role = list(sites), whole_park()
    listening = {INGEST: role} | {f"{INGEST}-{number}": role for number in range(members)}
    listening |= {f"{INGEST}-{site}": one_site(site) for site in sites}
    return [
        *(gateway(site, shard) for site in sites for shard in range(shards)),
        *(Login(name=name, owner="ingest", roles=(role,)) for name, role in listening.items()),
        replay(),
        actor(COMMAND, "command"),
        *(
            controller(f"{CONTROL}-{number}" if number > 1 else CONTROL, "control")
            for number in range(1, controllers + 1)
        ),
        detector(DETECTOR, "detector"),
    ]


def accounts(safe: Safe, wanted: Iterable[Login]) -> list[Account]:
    """The table of accounts, each bound to the client id of its own name, with the passwords that are kept."""
    return [
        Account(
            username=login.name,
            client_id=login.name,
            password=safe.once(login.owner, login.name).encode(),
            roles=login.roles,
        )
        for login in wanted
    ]


def make_files(safe: Safe, sites: Iterable[str], *, shards: int = 1, members: int = 4, controllers: int = 1) -> None:
    """Make what needs no server."""
    wanted = logins(sites, shards=shards, members=members, controllers=controllers)
    safe.write("mosquitto", "accounts.json", dynamic_security(accounts(safe, wanted)))
    kept = {(login.owner, login.name) for login in wanted} | {("ingest", "store-token")}
    there = {(owner, name) for owner in _BROKER_USERS for name in safe.names(owner)}
    for owner, name in {*_FORMER, *(there - kept)}:
        safe.remove(owner, name)
    for owner, name in (("influxdb", "password"), ("influxdb", "admin-token"), ("grafana", "admin-password")):
        safe.once(owner, name)


def make_certificates(safe: Safe, names: list[str]) -> None:
    """Make what the broker shows its clients, and what these trust, as far as it is not there.

    Raises:
        AuthorityError: a name is none, openssl is not here, or the authority ends within the 90 days.
    """
    if not safe.path(*_AUTHORITY).exists():
        safe.write(*_AUTHORITY, new_authority("park", days=_AUTHORITY_DAYS).text)
    authority = _pair(safe, *_AUTHORITY)
    if not lasts(authority, days=_RENEWED_DAYS):
        raise AuthorityError(f"{safe.path(*_AUTHORITY)} ends within {_RENEWED_DAYS} days: remove it, for a new one")
    there = safe.path(*_BROKER).exists()
    if not there or not serves(_pair(safe, *_BROKER), authority, names, days=_RENEWED_DAYS):
        safe.write(*_BROKER, certificate_for(names, authority, days=_BROKER_DAYS).text)
    safe.write("tls", "ca.pem", authority.certificate)


def _pair(safe: Safe, owner: str, name: str) -> Pair:
    return pair_of(safe.path(owner, name).read_text(encoding="ascii"))


@dataclass(frozen=True, kw_only=True)
class Influx:
    """The readers of one bucket of an InfluxDB, and its operator."""

    url: str
    org: str
    bucket: str

    def make_tokens(self, safe: Safe, *, renew: bool = False) -> None:
        """Make each reader's token, for what `TOKENS` says of one bucket; with `renew` also where there is one."""
        with self._as_operator(safe) as operator:
            for owner, actions in TOKENS.items():
                path = safe.path(owner, "store-token")
                # A token outlives the database that knew it when only one of the two volumes was removed.
                if not renew and path.exists() and operator.accepts(path.read_text(encoding="utf-8")):
                    continue
                try:
                    made = operator.make_token(f"{_OURS}{owner}", actions)
                except Misconfigured as error:
                    raise ParkError(
                        f"{self.url} does not know the admin token of these secrets, or has no bucket {self.bucket!r} "
                        f"in it: its data and the secrets come from different first starts ({error})"
                    ) from None
                safe.write("influxdb", f"{owner}-token-id", made.id)
                safe.write(owner, "store-token", made.text)

    def revoke(self, safe: Safe) -> int:
        """End every token that was made here for a reader but is not the newest; how many.

        Raises:
            ParkError: of some reader it is not known which is the newest, as its token was made by an older version.
        """
        if missing := [owner for owner in TOKENS if not safe.path("influxdb", f"{owner}-token-id").exists()]:
            raise ParkError(f"{missing[0]}'s token was made by an older version; make new ones first: tokens --renew")
        kept = {safe.path("influxdb", f"{owner}-token-id").read_text(encoding="utf-8") for owner in TOKENS}
        with self._as_operator(safe) as operator:
            former = [
                number
                for number, description in operator.tokens().items()
                if description.startswith(_OURS) and number not in kept
            ]
            for number in former:
                operator.end_token(number)
        return len(former)

    def renew_admin(self, safe: Safe) -> None:
        """Make a new admin token with the rights of the one that is there, and end that one."""
        with self._as_operator(safe) as operator:
            made, former = operator.renew_operator(_ADMIN)
        safe.write("influxdb", "admin-token", made.text)
        with self._as_operator(safe) as operator:
            for number in former:
                operator.end_token(number)

    def _as_operator(self, safe: Safe) -> Administration:
        url = InfluxUrl(endpoint=self.url, bucket=self.bucket, org=self.org)
        return Administration(url, safe.once("influxdb", "admin-token"))


def _tokens(safe: Safe, given: argparse.Namespace) -> None:
    influx = Influx(url=given.url, org=given.org, bucket=given.bucket)
    if given.revoke:
        sys.stdout.write(f"{influx.revoke(safe)} former tokens are ended\n")
    elif given.renew_admin:
        influx.renew_admin(safe)
    else:
        influx.make_tokens(safe, renew=given.renew)


def _files(safe: Safe, given: argparse.Namespace) -> None:
    path = given.config
    town = default_town(SECTORS) if path is None else parse_town(path.read_text(encoding="utf-8"), str(path), SECTORS)
    counts = {"shards": given.shards, "members": given.members, "controllers": given.controllers}
    make_files(safe, (site.name for site in town.sites), **counts)
    if given.tls:
        make_certificates(safe, given.tls.split(","))


def main(arguments: list[str] | None = None) -> int:
    """Run ``files`` or ``tokens``."""
    parser = argparse.ArgumentParser(description="Make a deployment's secrets.")
    parser.add_argument("what", choices=["files", "tokens"])
    parser.add_argument("folder", type=Path, help="an existing folder")
    parser.add_argument("--config", type=Path, help="the town's park.toml; default: the package's own")
    parser.add_argument("--shards", type=int, default=1, help="gateways of each site")
    parser.add_argument("--members", type=int, default=4, help="processes that the ingester may have")
    parser.add_argument("--controllers", type=int, default=1, help="control, and control-2 and so on to stand by")
    parser.add_argument("--tls", metavar="NAME,NAME", help="files: certificates, for a broker of these names")
    parser.add_argument("--url", default="http://influxdb:8086", help="of InfluxDB")
    parser.add_argument("--org", default="park")
    parser.add_argument("--bucket", default="park")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--renew", action="store_true", help="tokens: make new ones; the old ones go on")
    how.add_argument("--revoke", action="store_true", help="tokens: end all but the newest")
    how.add_argument("--renew-admin", action="store_true", help="tokens: a new admin token; the old one ends")
    given = parser.parse_args(arguments)
    safe = Safe(folder=given.folder)
    try:
        (_tokens if given.what == "tokens" else _files)(safe, given)
    except (ParkError, IngestError, AuthorityError, OSError) as error:
        sys.stderr.write(f"make_secrets: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
