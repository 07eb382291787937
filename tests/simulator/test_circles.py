"""No module imports itself through others, not even while a function runs."""

import pytest

from tests.test_arrows import ROOT, imports_of


@pytest.mark.parametrize("package", ["simulator", "park_cli"])
def test_no_module_imports_itself_through_others(package: str) -> None:
    wanted: dict[str, set[str]] = {}
    for one in imports_of(ROOT):
        if one.package == package:
            wanted.setdefault(one.path.removesuffix(".py").replace("/", "."), set()).add(one.module)
    circles = [module for module in wanted if module in reached(module, wanted)]
    assert not circles


def reached(module: str, wanted: dict[str, set[str]]) -> set[str]:
    """The modules that a module imports, and what these import, and so on."""
    found: set[str] = set()
    left = [module]
    while left:
        left += (new := wanted.get(left.pop(), set()) - found)
        found |= new
    return found


def test_a_circle_is_found() -> None:
    assert "a" in reached("a", {"a": {"b"}, "b": {"c", "d"}, "d": {"a"}})
    assert "a" not in reached("a", {"a": {"b"}, "b": {"c", "d"}, "c": {"d"}})
