"""The options that commands share: declared once, offered everywhere alike."""

import inspect
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from park_cli.expand import expanded
from park_cli.main import COMMANDS

SELECTION = {"--seed", "--devices", "--sector", "--kind", "--interval", "--config"}
PART = SELECTION | {"--first-device"}
WINDOW = {"--start", "--until"}


def options(command: str) -> set[str]:
    """The options that a command offers, by their names on the command line."""
    group: Any = typer.main.get_command(import_module(COMMANDS[command]).app)
    return {name for parameter in group.params for name in parameter.opts}


@pytest.mark.parametrize(
    ("command", "wanted", "unwanted"),
    [
        ("generate", PART | WINDOW, set()),
        ("verify", PART | WINDOW, set()),
        ("simulate", SELECTION | WINDOW | {"--shards", "--connections", "--shard"}, {"--first-device"}),
        ("demo", SELECTION, WINDOW),
    ],
)
def test_commands_offer_the_same_selection(command: str, wanted: set[str], unwanted: set[str]) -> None:
    assert wanted <= options(command)
    assert not unwanted & options(command)


@dataclass(frozen=True, kw_only=True)
class Colours:
    paint: Annotated[str, typer.Option(help="What to paint it.")] = "red"
    layers: Annotated[list[int] | None, typer.Option("--layer", help="May be repeated.")] = None


def test_a_dataclass_becomes_options_and_comes_back_as_a_value() -> None:
    taken: list[tuple[str, Colours, bool]] = []
    app = typer.Typer()

    @app.command()
    @expanded
    def paint(name: str = "door", *, colours: Colours, twice: bool = False) -> None:
        """Paint something."""
        taken.append((name, colours, twice))

    runner = CliRunner()
    assert runner.invoke(app, []).exit_code == 0
    assert runner.invoke(app, ["--paint", "blue", "--layer", "1", "--layer", "2", "--twice"]).exit_code == 0
    assert runner.invoke(app, ["--layer", "one"]).exit_code == 2
    assert taken == [("door", Colours(), False), ("door", Colours(paint="blue", layers=[1, 2]), True)]
    assert list(inspect.signature(paint).parameters) == ["name", "paint", "layers", "twice"]
    said = runner.invoke(app, ["--help"]).output
    assert all(words in said for words in ("Paint something.", "What to paint it.", "May be repeated."))
