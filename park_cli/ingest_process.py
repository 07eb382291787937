"""The process that `park ingest` becomes; see `ingest_handover`."""

import asyncio
import dataclasses
import json
import sys
from collections.abc import Awaitable
from functools import partial
from pathlib import Path

from ingest.options import MetricsAddress
from ingest.receive import SessionOptions
from ingest.retire import retire
from ingest.run import IngestOptions, IngestSummary, run
from ingest.session import sessions_of
from ingest.stores import parse_store_url
from mqttlink import parse_broker_url
from park.quality import StoredFlags
from park_cli.accepted import accept_of
from park_cli.credentials import secret, secrets_folder
from park_cli.entry import guarded, prepare
from park_cli.ingest_handover import Given
from park_cli.logs import configure_logging
from park_cli.signals import run_until_signal


def main() -> None:
    """The entry point of the new process."""
    prepare()
    guarded(lambda: _ingest(Given(**json.loads(sys.argv[1]))))


def _ingest(given: Given) -> None:
    configure_logging(verbose=given.verbose)
    options = _options(given)

    def work(stop: asyncio.Event) -> Awaitable[IngestSummary]:
        return retire(options, sessions_of(options)[0], stop) if given.retire else run(options, stop)

    summary = asyncio.run(run_until_signal(work))
    from park_cli.output import print_summary  # noqa: PLC0415 - it draws tables, and a service has none to draw

    print_summary("ingested", dataclasses.asdict(summary), as_json=given.as_json)


def _options(given: Given) -> IngestOptions:
    password = secret("PARK_MQTT_PASSWORD")
    port = given.metrics_port
    return IngestOptions(
        broker=SessionOptions(
            address=parse_broker_url(given.broker),
            client_id=given.client_id,
            group=given.group,
            password=None if password is None else password.encode(),
            passwords=secrets_folder("PARK_MQTT_PASSWORD_DIR"),
            ca_file=_path(given.ca_file),
            cert_file=_path(given.cert_file),
            key_file=_path(given.key_file),
        ),
        sites=tuple(given.sites),
        accept=accept_of(given.accept),
        store=parse_store_url(given.store),
        dead_letters=Path(given.dead_letters),
        quality=StoredFlags(given.quality),
        processes=given.processes,
        metrics=None if port is None else MetricsAddress(host=given.metrics_host, port=port),
        prepare_worker=partial(configure_logging, verbose=given.verbose),
    )


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)
