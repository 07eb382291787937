"""`park dead-letters`."""

import asyncio
import datetime as dt
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ingest.deadletter import DeadLetter, read_dead_letter, read_dead_letters
from mqttlink import Link, LinkOptions, parse_broker_url
from park_cli.credentials import secret
from park_cli.endpoints import DEFAULT_BROKER, Broker
from park_cli.output import errors

app = typer.Typer(name="dead-letters", help="Messages that could not be stored.", no_args_is_help=True)

File = Annotated[Path, typer.Option("--file", help="The ingester's dead-letter file.")]
Number = Annotated[int, typer.Argument(help="Number of the dead letter, as `list` shows it.", min=1)]
_DEFAULT = Path("dead-letters.ndjson")
_SHOWN = 60


@app.command("list")
def list_(file: File = _DEFAULT) -> None:
    """List the dead letters, oldest first."""
    table = Table("number", "time", "reason", "topic", "detail")
    for letter in read_dead_letters(file):
        rejection = letter.rejection
        cells = (str(letter.number), _time(letter), rejection.reason, rejection.topic, rejection.detail[:_SHOWN])
        table.add_row(*map(Text, cells))  # whoever published chose the words: they are no markup
    Console(highlight=False).print(table)


@app.command()
def show(number: Number, file: File = _DEFAULT) -> None:
    """Show one dead letter whole; the payload goes to standard output as it came."""
    letter = read_dead_letter(file, number)
    rejection = letter.rejection
    head = f"{_time(letter)}  {rejection.reason}\n{rejection.topic}\n{rejection.detail}"
    errors.print(head, markup=False, soft_wrap=True)
    sys.stdout.buffer.write(letter.rejection.payload)
    sys.stdout.buffer.flush()


@app.command()
def replay(
    numbers: Annotated[list[int] | None, typer.Argument(help="Which ones; all if none is named.")] = None,
    broker: Broker = DEFAULT_BROKER,
    file: File = _DEFAULT,
) -> None:
    """Publish dead letters again, after what rejected them was put right. The file stays as it is.

    Examples:
      park dead-letters replay 3 4 --broker mqtt://park-replay@127.0.0.1:1883
    """
    letters = [letter for letter in read_dead_letters(file) if not numbers or letter.number in numbers]
    asyncio.run(_replay(letters, broker))
    errors.print(f"published {len(letters)} messages again")


async def _replay(letters: list[DeadLetter], broker: str) -> None:
    password = secret("PARK_MQTT_PASSWORD")
    options = LinkOptions(
        address=parse_broker_url(broker),
        client_id="park-replay",  # a broker may know each account's only client id
        password=None if password is None else password.encode(),
        clean_start=True,
        session_expiry_s=0,
    )
    async with Link(options) as link:
        await link.connected()
        for letter in letters:
            rejection = letter.rejection
            await link.publish(rejection.topic, rejection.payload, qos=1, content_type=rejection.content_type)


def _time(letter: DeadLetter) -> str:
    return dt.datetime.fromtimestamp(letter.time / 1000, dt.UTC).isoformat(timespec="milliseconds")
