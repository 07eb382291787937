"""The `park` command.

A command's module is imported only when the command runs, so that none waits for another's libraries.
"""

import os
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from park_cli.errors import CommandError

#: Command to the module that holds its Typer application, `app`.
COMMANDS = {
    "demo": "park_cli.demo",
    "simulate": "park_cli.simulate",
    "generate": "park_cli.generate",
    "ingest": "park_cli.ingest",
    "verify": "park_cli.verify",
    "dashboards": "park_cli.dashboards",
    "dead-letters": "park_cli.dead_letters",
}


class _Commands(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - click's signature
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = typer.main.get_command(import_module(module).app)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=_Commands,
    name="park",
    help="A city's sensing demonstration park in a box.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def setup(*, verbose: Annotated[bool, typer.Option("--verbose", help="Log more.")] = False) -> None:
    """A city's sensing demonstration park in a box."""
    from park_cli.output import configure_logging  # noqa: PLC0415 - after the arguments are known to be right

    configure_logging(verbose=verbose)


def main() -> None:
    """The entry point: turns errors into one line and an exit code."""
    try:
        app()
    except BrokenPipeError:
        # The reader has seen enough (`park generate | head`); keep the interpreter from complaining.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        code = _exit_code(error)
        if code is None:
            raise
        sys.stderr.write(f"error: {error}\n")
        sys.exit(code)


def _exit_code(error: Exception) -> int | None:
    """2 for an error of use, 1 for work that could not be done, None for a defect of ours."""
    if isinstance(error, CommandError):
        return error.exit_code
    from park_cli.failures import OF_USE, OF_WORK  # noqa: PLC0415 - imports every package, so only now

    if isinstance(error, OF_USE):
        return 2
    return 1 if isinstance(error, OF_WORK) else None
