"""What devices were commanded, as commands are told where to find it: in files of lines, or in a store."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from ingest.stores import open_store, parse_store_url
from park.codecs.json.read import LATEST_MS
from park.town import Town
from park_cli.foresight import existing
from simulator.commands.log import logs_of
from simulator.commands.outcomes import Outcomes
from simulator.commands.past import CommandOptions, records_in, stored_records
from simulator.commands.record import Record
from simulator.plan import Selection
from simulator.verify import Stored

OrdersOption = Annotated[
    str | None, typer.Option(help="What was commanded: a file or folder of --state, or a store's URL.", metavar="FROM")
]
StateOption = Annotated[Path, typer.Option(help="Folder in which gateways keep what their devices were commanded.")]
DEFAULT_STATE = Path("park-state")


def outcomes_of(orders: str | None, town: Town, store: Stored | None = None) -> Outcomes:
    """What `--orders` names, or else what the store holds of the town's devices; nothing without either.

    Raises:
        BadOrders: it cannot be read.
    """
    if orders is None:
        return Outcomes(() if store is None else stored_records(store, town, LATEST_MS))
    return Outcomes(_in_store(orders, town) if "://" in orders else records_in(Path(orders)))


def command_options(state: Path, selection: Selection, store: str | None) -> CommandOptions:
    """How gateways take commands; the store is asked if there are no logs for the selection's seed."""
    if store is None or logs_of(state, selection.seed):
        return CommandOptions(state=state)
    return CommandOptions(state=state, stored=tuple(_in_store(store, selection.town)))


def _in_store(url: str, town: Town) -> list[Record]:
    store = open_store(existing(parse_store_url(url)), os.environ)
    try:
        return stored_records(store, town, LATEST_MS)
    finally:
        asyncio.run(store.close())
