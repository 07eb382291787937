"""Why devices refuse: what their models say and what the catalogue lists are the same."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from park.catalogue import Sector
from sectors import SECTORS

_FOLDER = Path(__file__).parents[2] / "sectors"


def reasons(sector: Sector) -> Iterator[str]:
    """The texts that functions of its models return where they may as well return None."""
    for file in (_FOLDER / sector.name.replace("-", "_")).rglob("*.py"):
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef) and function.returns and is_reason(function.returns):
                for found in (node for node in ast.walk(function) if isinstance(node, ast.Return)):
                    yield from (one.value for one in ast.walk(found) if is_text(one))  # type: ignore[attr-defined]


def is_reason(returned: ast.expr) -> bool:
    return ast.unparse(returned) == "str | None"


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@pytest.mark.parametrize("sector", SECTORS.values(), ids=lambda sector: sector.name)
def test_the_catalogue_lists_every_reason_of_its_models_and_no_other(sector: Sector) -> None:
    listed = {reason for kind in sector.kinds for action in kind.actions for reason in action.refuses}
    assert listed == set(reasons(sector))
