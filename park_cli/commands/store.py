"""`park store`."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from ingest.rollups.roll import Pace, Roller
from ingest.stores import Store, open_store, parse_store_url, setup_of
from park.codecs.json.read import LATEST_MS
from park_cli.endpoints import DEFAULT_STORE, Json, StoreOption
from park_cli.errors import UsageError
from park_cli.foresight import existing
from park_cli.options import duration_ms, moment_ms
from park_cli.output import print_summary
from park_cli.signals import run_until_signal

app = typer.Typer(name="store", help="Look after the store.", no_args_is_help=True)


@app.command()
def rollup(
    store: StoreOption = DEFAULT_STORE,
    *,
    once: Annotated[bool, typer.Option("--once", help="Make what is to be made, and end.")] = False,
    since: Annotated[
        str | None,
        typer.Option(help="Make all from this time on again, whoever wrote it.", show_default="never"),
    ] = None,
    quiet: Annotated[str, typer.Option(help="How long nobody may have written readings of an hour.")] = "30s",
    json: Json = False,
) -> None:
    """Keep what readings come to in 5 minutes and in an hour, so that a year is as quick to show as a day.

    The ingester marks the hours of which it stores readings, of yesterday as well as of now; those are made, and made
    again. An hour that is written to without a pause is made every five minutes with what there is. Readings that were
    there before the first run are found; what other programs write later is not, but by --since.

    Runs until SIGTERM or Ctrl-C. It may be killed at any moment. One process is enough for a store; a DuckDB file has
    to be let go by its ingester first, and then --once makes what is missing.

    The token, by INFLUXDB_V2_TOKEN or INFLUXDB_V2_TOKEN_FILE, has to read and to write.

    Examples:
      park store rollup --store "influxdb+http://127.0.0.1:8086/park?org=park"

      park store rollup --store duckdb:///tmp/park.duckdb --once
    """
    url = parse_store_url(store)
    if url.file is not None:
        existing(url)
    first = None if since is None else moment_ms(since, "--since")
    quiet_s = duration_ms(quiet, "--quiet") / 1000
    if url.file is not None and not once:
        raise UsageError("--store: one process owns a file, so it is rolled up with --once, while nobody else uses it")

    async def work(stop: asyncio.Event) -> int:
        opened = open_store(url, os.environ)
        try:
            return await _roll(opened, stop, Pace(quiet_s=quiet_s), first=first, once=once)
        finally:
            await opened.close()

    hours = asyncio.run(run_until_signal(work))
    print_summary("rolled up", {"hours": hours}, as_json=json)


@app.command()
def setup(
    store: StoreOption = DEFAULT_STORE,
    *,
    retention: Annotated[
        str | None,
        typer.Option(help="How long the bucket keeps, 0 for ever; its events go, too.", show_default="as it is"),
    ] = None,
    tokens: Annotated[
        Path | None, typer.Option(help="Folder for a file with the token of each reader.", show_default="none")
    ] = None,
    json: Json = False,
) -> None:
    """Make what is missing: the bucket, and a token each for ingester, rollups, verify and Grafana.

    What is there stays as it is, so that a second run changes nothing. InfluxDB 2 alone has buckets and tokens.

    The operator's token comes from INFLUXDB_V2_TOKEN or INFLUXDB_V2_TOKEN_FILE.

    Examples:
      park store setup --store "influxdb+http://127.0.0.1:8086/park?org=park" --tokens secrets
    """
    url = parse_store_url(store)
    module = setup_of(url)
    keep_s = None if retention is None else _kept_s(retention)
    if tokens is not None and not tokens.is_dir():
        raise UsageError(f"--tokens {tokens}: there is no such folder")
    with module.administer(url, os.environ) as administration:
        done: list[str] = administration.ensure_bucket(keep_s)
        for name, actions in module.READERS.items() if tokens is not None else ():
            file = Path(tokens or "") / name
            if not file.exists() or not administration.accepts(_secret_in(file)):
                _keep(file, administration.make_token(f"park: {name}", actions).text)
                done.append(f"made the token {file}")
    print_summary("set up", {"changes": len(done), "done": done}, as_json=json)


def _kept_s(retention: str) -> int:
    """Whole seconds, 0 for ever: a part of one must not become that."""
    keep_s, rest = divmod(duration_ms(retention, "--retention"), 1000)
    if rest:
        raise UsageError(f"--retention {retention}: give whole seconds")
    return keep_s


def _secret_in(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise UsageError(f"--tokens {file}: is no text, and so no token; remove it") from None


def _keep(file: Path, secret: str) -> None:
    """Write a secret for its owner's eyes alone, whole or not at all."""
    draft = file.with_name(f".{file.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as opened:
        opened.write(secret)
    draft.replace(file)


async def _roll(store: Store, stop: asyncio.Event, pace: Pace, *, first: int | None, once: bool) -> int:
    roller = Roller(store, pace=pace)
    if first is not None:
        await roller.touch(first, LATEST_MS)
    return await roller.once(stop) if once else await roller.run(stop)
