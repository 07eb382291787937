"""`park ingest`."""

from pathlib import Path
from typing import Annotated

import typer

from park.quality import StoredFlags
from park.topics import is_level
from park_cli.accepted import DEFAULT_ACCEPT, accept_of
from park_cli.endpoints import (
    DEFAULT_BROKER,
    DEFAULT_STORE,
    MOST_PROCESSES,
    Broker,
    Json,
    QualityOption,
    StoreOption,
)
from park_cli.errors import UsageError
from park_cli.expand import expanded
from park_cli.ingest_handover import Given, become
from park_cli.options import TrustOptions

app = typer.Typer(name="ingest", pretty_exceptions_enable=False)


@app.command()
@expanded
def ingest(
    context: typer.Context,
    broker: Broker = DEFAULT_BROKER,
    store: StoreOption = DEFAULT_STORE,
    *,
    client_id: Annotated[str, typer.Option(help="Name of the broker's session; keep it.")] = "park-ingest",
    site: Annotated[
        list[str] | None,
        typer.Option(
            help="Hold a session for this site alone, CLIENT-ID-SITE; may be repeated.", show_default="one for all"
        ),
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="Share the messages with the ingesters of this group on other hosts.")
    ] = None,
    processes: Annotated[int, typer.Option(min=1, max=MOST_PROCESSES, help="Workers that share the subscription.")] = 1,
    dead_letters: Annotated[Path, typer.Option(help="Where messages go that cannot be stored.")] = Path(
        "dead-letters.ndjson"
    ),
    accept: Annotated[
        str, typer.Option(help="Times that are stored: so long before now, and so long after.", metavar="BACK,AHEAD")
    ] = DEFAULT_ACCEPT,
    quality: QualityOption = StoredFlags.NONE,
    metrics_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of /metrics, /livez and /readyz.")
    ] = None,
    metrics_host: Annotated[str, typer.Option(help="Where that port listens.")] = "127.0.0.1",
    tls: TrustOptions,
    retire: Annotated[
        bool, typer.Option("--retire", help="Leave the group for good: empty this client id's session, end it, exit.")
    ] = False,
    json: Json = False,
) -> None:
    """Store every reading that the broker delivers; acknowledge it only when the store has it.

    Runs until SIGTERM or Ctrl-C; then it drains and exits 0.

    With --site, each site has a session of its own at the broker, so that it can fill its own queue alone, and its
    share of this process's memory.

    Of times outside --accept a site may have 60 weeks; what lies in further ones is a dead letter, bad-timestamp.

    With --quality, each number of a reading is held against the catalogue's limits, and what is suspect, bad or missing
    is stored as a row of park_quality (docs/faults.md).

    Secrets: INFLUXDB_V2_TOKEN and PARK_MQTT_PASSWORD, or the files that these names with _FILE name; or, in the folder
    that PARK_MQTT_PASSWORD_DIR names, a password for each client id, which then is the user. A store at
    influxdb+https:// is trusted by the system's certificates, or those that SSL_CERT_FILE names.

    Examples:
      park ingest --broker mqtt://127.0.0.1:1883 --store "influxdb+http://127.0.0.1:8086/park?org=park"

      park ingest --store duckdb:///tmp/park.duckdb

      park ingest --site yangshan --site xinwu
    """
    tls.check(broker)
    sites = site or []
    _check_sites(sites, client_id, alone=processes == 1 and group is None)
    accept_of(accept)
    if metrics_port is not None and not metrics_host:
        raise UsageError("--metrics-host is empty, which would be every address of this host; 0.0.0.0 says so")
    if quality is not StoredFlags.NONE and (processes > 1 or group is not None):
        raise UsageError("--quality: needs all readings of a device in one process; not with --processes or --group")
    if retire and len(sites) > 1:
        raise UsageError("--retire is for one session; name one --site")
    if retire and processes > 1:
        raise UsageError("--retire is for one client id; workers retire by themselves when --processes changes")
    become(
        Given(
            broker=broker,
            store=store,
            client_id=client_id,
            sites=sites,
            group=group,
            accept=accept,
            processes=processes,
            dead_letters=str(dead_letters),
            quality=quality.value,
            metrics_port=metrics_port,
            metrics_host=metrics_host,
            ca_file=_text(tls.ca_file),
            cert_file=_text(tls.cert_file),
            key_file=_text(tls.key_file),
            retire=retire,
            as_json=json,
            verbose=bool(context.parent and context.parent.params.get("verbose")),
        )
    )


def _check_sites(sites: list[str], client_id: str, *, alone: bool) -> None:
    for site in sites:
        if not is_level(site) or site == "gateways":
            raise UsageError(f"--site {site!r}: a site's name is lower-case letters, digits and dashes")
        if sites.count(site) > 1:
            raise UsageError(f"--site {site}: named twice")
    if sites and not alone:
        raise UsageError(
            f"--site: the sessions {client_id}-SITE are held by one process, and shared with no group; "
            "leave out --processes and --group, or let other hosts hold other sites"
        )


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
