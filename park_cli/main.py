"""The `park` command."""

import os
import sys
from typing import Annotated

import typer

from ingest.errors import BadStoreUrl, IngestError, MissingSecret
from mqttlink import BadBrokerUrl, LinkError
from park.errors import ParkError
from park_cli.errors import CommandError
from park_cli.generate import generate
from park_cli.output import configure_logging, errors
from park_cli.simulate import simulate
from park_cli.verify import verify
from simulator.errors import SimulatorError
from simulator.world import WorldError

app = typer.Typer(
    name="park",
    help="A city's sensing demonstration park in a box.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


@app.callback()
def setup(*, verbose: Annotated[bool, typer.Option("--verbose", help="Log more.")] = False) -> None:
    """Before every command."""
    configure_logging(verbose=verbose)


app.command()(simulate)
app.command()(generate)
app.command()(verify)


def main() -> None:
    """The entry point: turns errors into one line and an exit code."""
    try:
        app()
    except CommandError as error:
        errors.print(f"error: {error}", style="red", soft_wrap=True)
        sys.exit(error.exit_code)
    except (ParkError, SimulatorError, WorldError, BadStoreUrl, MissingSecret, BadBrokerUrl) as error:
        errors.print(f"error: {error}", style="red", soft_wrap=True)
        sys.exit(2)
    except (LinkError, IngestError) as error:
        errors.print(f"error: {error}", style="red", soft_wrap=True)
        sys.exit(1)
    except BrokenPipeError:
        # The reader has seen enough (`park generate | head`); keep the interpreter from complaining.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)
