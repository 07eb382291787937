"""The figures of bench/shape.py, on a tree whose figures are known; and the limit that no module of ours passes."""

from pathlib import Path

import pytest

from bench.shape import FIGURES, described, read_module, read_tree, whole, worse

ROOT = Path(__file__).parents[1]
SETTINGS = '[tool.hatch.build.targets.wheel]\npackages = ["one", "two"]\n'
NESTED = """
def outer(rows):
    '''Two

    lines and an empty one.'''
    for row in rows:
        if row:
            try:
                with row:
                    pass
            finally:
                pass
        elif rows:
            pass
        elif not rows:
            while row:
                pass

    def inner():
        return 1  # noqa: ABC123, D1 - said why

    return inner  # noqa

class Short:
    async def method(self): ...
"""


def tree(root: Path, **texts: str) -> Path:
    """A checkout of two packages with a module each."""
    root.mkdir(exist_ok=True)
    (root / "pyproject.toml").write_text(SETTINGS)
    for package, text in texts.items():
        (root / package).mkdir()
        (root / package / "module.py").write_text(text)
    return root


def function(name: str, lines: int) -> str:
    """A function of so many lines."""
    return f"def {name}():\n" + "    pass\n" * (lines - 1)


def test_functions_are_measured_without_their_docstrings() -> None:
    module = read_module("one/module.py", NESTED)
    assert {one.name.split()[1]: (one.lines, one.depth) for one in module.functions} == {
        "outer": (18, 4),
        "inner": (2, 0),
        "method": (1, 0),
    }
    assert module.noqa == {"ABC123": 1, "D1": 1, "all": 1}


def test_a_rule_named_in_a_text_is_not_switched_off() -> None:
    assert not read_module("one/module.py", 'SAID = "# noqa: ABC123"\n').noqa


def test_lengths_are_counted_over_all_packages(tmp_path: Path) -> None:
    root = tree(tmp_path, one=function("a", 41) + function("b", 40) + "\n" * 300, two=function("c", 26))
    packages = read_tree(root)
    total = {name: figure(whole(packages)) for name, figure in FIGURES.items()}
    assert (total["functions"], total["median"], total["p90"]) == (3, 40, 41)
    assert (total["> 25"], total["> 40"], total["> 300"], total["> 400"]) == (3, 1, 1, 0)
    assert {name: len(shape.functions) for name, shape in packages.items()} == {"one": 2, "two": 1}


def test_what_has_become_worse_is_named(tmp_path: Path) -> None:
    now = read_tree(tree(tmp_path / "now", one=function("long", 41), two=""))
    then = read_tree(tree(tmp_path / "then", one=function("long", 41) + function("b", 2), two=function("b", 2)))
    assert worse(whole(now), whole(then)) == ["median"]
    assert worse(whole(now), whole(now)) == worse(whole(then), whole(now)) == []
    said = described(now, then)
    assert "| one | 1 (was 2) | 41 (was 21.5) |" in said
    assert "   41  one/module.py:1 long" in said


def test_a_folder_that_is_no_checkout_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=str(tmp_path)):
        read_tree(tmp_path)


def test_no_module_of_ours_is_over_400_lines() -> None:
    assert [f"{one.path}: {one.lines}" for one in whole(read_tree(ROOT)).long_modules(400)] == []
