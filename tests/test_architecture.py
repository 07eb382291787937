"""docs/architecture.md held against the code: the drawing of packages, the table beside it, and where to add what."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from park_cli.main import COMMANDS
from tests.test_arrows import ARROWS, imports_of

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """What stands under a heading."""
    _, found, rest = TEXT.partition(f"\n## {title}\n")
    assert found, title
    return rest.partition("\n## ")[0]


def rows(text: str) -> dict[str, list[str]]:
    """A table's rows: the first cell to the others."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return {first: others for first, *others in cells[2:]}


def drawn() -> set[tuple[str, str]]:
    """The arrows of the drawing, each from a package to one that it imports."""
    (drawing,) = re.findall(r"```mermaid\n(.*?)```", section("The packages"), re.DOTALL)
    return set(re.findall(r"^ +(\w+) --> (\w+)$", drawing, re.MULTILINE))


def reached(arrows: set[tuple[str, str]], package: str) -> set[str]:
    """The packages along the arrows."""
    found: set[str] = set()
    ends = {package}
    while ends:
        ends = {end for start, end in arrows if start in ends} - found
        found |= ends
    return found


def told() -> Mapping[str, set[str]]:
    """The table's column of what each package may import."""
    table = rows(section("The packages"))
    names = {re.sub(r"\[(\w+)/\].*", r"\1", name): cells[-1] for name, cells in table.items()}
    every = {"nothing of ours": set[str](), "all": set(names)}
    return {name: every[said] - {name} if said in every else set(said.split(", ")) for name, said in names.items()}


def test_the_drawing_shows_every_arrow_and_no_other() -> None:
    assert {package: reached(drawn(), package) for package in ARROWS} == ARROWS
    assert {package for arrow in drawn() for package in arrow} == set(ARROWS)


def test_every_arrow_drawn_is_an_import() -> None:
    imported = {(one.package, one.top) for one in imports_of(ROOT)}
    assert drawn() - imported == set()


def test_the_table_says_what_each_package_may_import() -> None:
    assert told() == ARROWS


def test_a_newcomer_finds_a_line_for_each_thing_to_add() -> None:
    lines = rows(section("Where to add what"))
    wanted = ("a sector", "a codec", "a store", "a kind of message", "a command", "a view")
    assert [one for one in wanted if not any(line.startswith(one) for line in lines)] == []
    assert [line for line, (cell,) in lines.items() if "](../" not in cell] == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_is_a_file_and_a_row(name: str) -> None:
    assert (ROOT / "park_cli" / "commands" / f"{name.replace('-', '_')}.py").is_file()
    assert COMMANDS[name] == f"park_cli.commands.{name.replace('-', '_')}"


def test_every_file_of_a_command_has_a_row() -> None:
    files = {path.stem for path in (ROOT / "park_cli" / "commands").glob("*.py")} - {"__init__"}
    assert files == {name.replace("-", "_") for name in COMMANDS}
