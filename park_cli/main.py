"""The `park` command.

A command's module is imported only when the command runs, so that none waits for another's libraries.
"""

from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from park_cli.entry import Carried, guarded, prepare

#: Command to the module that holds its Typer application, `app`.
COMMANDS = {
    "demo": "park_cli.commands.demo",
    "simulate": "park_cli.commands.simulate",
    "generate": "park_cli.commands.generate",
    "ingest": "park_cli.commands.ingest",
    "verify": "park_cli.commands.verify",
    "command": "park_cli.commands.command",
    "control": "park_cli.commands.control",
    "capacity": "park_cli.commands.capacity",
    "certify": "park_cli.commands.certify",
    "labels": "park_cli.commands.labels",
    "score": "park_cli.commands.score",
    "dataset": "park_cli.commands.dataset",
    "incident": "park_cli.commands.incident",
    "view": "park_cli.commands.view",
    "dashboards": "park_cli.commands.dashboards",
    "store": "park_cli.commands.store",
    "dead-letters": "park_cli.commands.dead_letters",
}


class _Commands(TyperGroup):
    # Help is printed while the context is made. click would end the process for a closed pipe, with exit code 1.
    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().make_context(*args, **kwargs)
        except OSError as error:
            raise Carried(error) from error

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except OSError as error:
            raise Carried(error) from error

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - click's signature
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        try:
            application = import_module(module).app
        except ModuleNotFoundError as missing:
            application = _left_out(missing)
        command = typer.main.get_command(application)
        command.name = cmd_name
        return command


def _left_out(missing: ModuleNotFoundError) -> typer.Typer:
    """In the place of a command whose libraries are not here, as in an image of some commands alone."""
    left_out = typer.Typer(pretty_exceptions_enable=False)
    any_words = {"allow_extra_args": True, "ignore_unknown_options": True}

    @left_out.command(context_settings=any_words, help=f"(Not here: needs {missing.name}, which is not installed.)")
    def say_so() -> None:
        raise missing

    return left_out


app = typer.Typer(
    cls=_Commands,
    name="park",
    help="A city's sensing demonstration park in a box.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"park {version('sensing-park')}")
        raise typer.Exit


@app.callback()
def setup(
    *,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log more.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version, and exit.")
    ] = False,
) -> None:
    """A city's sensing demonstration park in a box."""
    from park_cli.logs import configure_logging  # noqa: PLC0415 - after the arguments are known to be right

    configure_logging(verbose=verbose)


def main() -> None:
    """The command, once `start` has prepared the process."""
    prepare()
    guarded(app)
