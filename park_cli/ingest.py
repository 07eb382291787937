"""`park ingest`."""

import asyncio
import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from ingest.ingester import IngestOptions, run
from ingest.options import MetricsAddress
from ingest.receive import BrokerOptions
from ingest.stores.url import parse_store_url
from mqttlink import parse_broker_url
from park_cli.endpoints import DEFAULT_BROKER, DEFAULT_STORE, Broker, Json, Store, secret
from park_cli.output import print_summary
from park_cli.running import run_until_signal

app = typer.Typer(name="ingest", pretty_exceptions_enable=False)


@app.command()
def ingest(
    broker: Broker = DEFAULT_BROKER,
    store: Store = DEFAULT_STORE,
    *,
    client_id: Annotated[str, typer.Option(help="Name of the broker's session; keep it.")] = "park-ingest",
    group: Annotated[
        str | None, typer.Option(help="Share the messages with the ingesters of this group on other hosts.")
    ] = None,
    processes: Annotated[int, typer.Option(min=1, help="Workers that share the subscription.")] = 1,
    dead_letters: Annotated[Path, typer.Option(help="Where messages go that cannot be stored.")] = Path(
        "dead-letters.ndjson"
    ),
    metrics_port: Annotated[int | None, typer.Option(help="Port of /metrics, /livez and /readyz.")] = None,
    metrics_host: Annotated[str, typer.Option(help="Where that port listens.")] = "127.0.0.1",
    ca_file: Annotated[Path | None, typer.Option(help="Certificates to trust for mqtts.")] = None,
    json: Json = False,
) -> None:
    """Store every reading that the broker delivers; acknowledge it only when the store has it.

    Runs until SIGTERM or Ctrl-C; then it drains and exits 0.

    Secrets: INFLUXDB_V2_TOKEN and PARK_MQTT_PASSWORD, or the files that these names with _FILE name.

    Examples:
      park ingest --broker mqtt://127.0.0.1:1883 --store "influxdb+http://127.0.0.1:8086/park?org=park"

      park ingest --store duckdb:///tmp/park.duckdb
    """
    password = secret("PARK_MQTT_PASSWORD")
    options = IngestOptions(
        broker=BrokerOptions(
            address=parse_broker_url(broker),
            client_id=client_id,
            group=group,
            password=None if password is None else password.encode(),
            ca_file=ca_file,
        ),
        store=parse_store_url(store),
        dead_letters=dead_letters,
        processes=processes,
        metrics=None if metrics_port is None else MetricsAddress(host=metrics_host, port=metrics_port),
    )
    summary = asyncio.run(run_until_signal(lambda stop: run(options, stop)))
    print_summary("ingested", dataclasses.asdict(summary), as_json=json)
