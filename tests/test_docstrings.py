"""What the code says of itself: every public name has a docstring, and docstrings speak of what is there.

Ruff's D rules see that a docstring is there and well formed. Here: members of protocols too, which are documented by
themselves or under their class's `Attributes:`; parameters and errors that a docstring names; names that a package's
docstring promises; `__all__`.
"""

import ast
import builtins
import importlib
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.test_arrows import ARROWS

ROOT = Path(__file__).parents[1]

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Documented = ast.Module | ast.ClassDef | _Function


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A module, class, function or method, with what stands around it."""

    path: str
    node: _Documented
    owner: ast.ClassDef | None

    @property
    def place(self) -> str:
        """Where it is, for a reader of the test's output."""
        name = getattr(self.node, "name", None)
        inside = f"{self.owner.name}." if self.owner else ""
        return self.path if name is None else f"{self.path}:{self.node.lineno} {inside}{name}"  # type: ignore[union-attr]

    @property
    def text(self) -> str:
        """The docstring, or nothing."""
        return ast.get_docstring(self.node) or ""


def definitions(root: Path, *, private: bool = False) -> Iterator[Definition]:
    """The public modules, classes, functions and methods under root; on demand the private ones too."""
    for package in ARROWS:
        for file in sorted((root / package).rglob("*.py")):
            path = file.relative_to(root).as_posix()
            tree = ast.parse(file.read_text(encoding="utf-8"), path)
            yield Definition(path=path, node=tree, owner=None)
            yield from _inside(tree, path, private=private)


def _inside(node: ast.Module | ast.ClassDef, path: str, *, private: bool) -> Iterator[Definition]:
    for one in node.body:
        if not isinstance(one, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) or _is_overload(one):
            continue
        if private or not one.name.startswith("_"):
            yield Definition(path=path, node=one, owner=node if isinstance(node, ast.ClassDef) else None)
            if isinstance(one, ast.ClassDef):
                yield from _inside(one, path, private=private)


def _is_overload(node: ast.ClassDef | _Function) -> bool:
    """Whether it is one signature of several, whose docstring stands at the last."""
    return any(isinstance(one, ast.Name) and one.id == "overload" for one in node.decorator_list)


def section(text: str, title: str) -> dict[str, str]:
    """The entries of a docstring's section: names to what is said of them, as `device, site: (M,) names.`."""
    found = re.search(rf"^{title}:\n((?:    .*\n|\n)+)", f"{text}\n", re.MULTILINE)
    entries = re.findall(r"^    ([*\w][*\w., ]*): *(.*)", found[1], re.MULTILINE) if found else []
    return {name.lstrip("*"): said for names, said in entries for name in re.split(r", *", names)}


def undocumented(root: Path) -> list[str]:
    """Public names without a docstring of their own or a line of their class's."""
    return [
        one.place
        for one in definitions(root)
        if not one.text and not (one.owner and _name(one) in section(ast.get_docstring(one.owner) or "", "Attributes"))
    ]


def _name(one: Definition) -> str:
    return str(getattr(one.node, "name", ""))


def unknown_parameters(root: Path) -> list[str]:
    """Entries of `Args:` and `Attributes:` that are no parameter or attribute."""
    return [
        f"{one.place}: {name}"
        for one in definitions(root, private=True)
        for title in ("Args", "Attributes")
        for name in section(one.text, title)
        if name not in _members(one.node)
    ]


def _members(node: _Documented) -> set[str]:
    """A function's parameters; a class's attributes, and its constructor's parameters."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return {arg.arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg)}
    found = {one.target.id for one in node.body if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)}
    for one in node.body:
        if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found |= {one.name} | (_members(one) if one.name == "__init__" else set())
    selves = (one for one in ast.walk(node) if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name))
    return found | {one.attr for one in selves if isinstance(one.value, ast.Name) and one.value.id == "self"}


def unknown_errors(root: Path) -> list[str]:
    """Entries of `Raises:` that no class of ours, of Python, or imported there goes by; dotted ones are others'."""
    every = list(definitions(root, private=True))
    ours = {_name(one) for one in every if isinstance(one.node, ast.ClassDef)} | set(dir(builtins))
    imported = {one.path: _imported(one.node) for one in every if isinstance(one.node, ast.Module)}
    return [
        f"{one.place}: {name}"
        for one in every
        for name in section(one.text, "Raises")
        if "." not in name and name not in ours | imported[one.path]
    ]


def _imported(tree: ast.Module) -> set[str]:
    found = (one for one in ast.walk(tree) if isinstance(one, (ast.Import, ast.ImportFrom)))
    return {alias.asname or alias.name for one in found for alias in one.names}


def broken_promises(root: Path) -> list[str]:
    """Names in backticks in a package's docstring that are defined nowhere in it.

    A name may also be a module or file of the package, or a command.
    """
    packages = [one for one in definitions(root) if one.path.endswith("/__init__.py")]
    return [
        f"{package.path}: {name}"
        for package in packages
        for name in re.findall(r"`([A-Za-z_][\w.]*)(?:\(.*?\))?`", package.text)
        if name not in _known(root, Path(package.path).parent.as_posix()) | set(_commands())
    ]


def _known(root: Path, package: str) -> set[str]:
    names: set[str] = set()
    for file in (root / package).rglob("*"):
        names |= {file.name, file.stem}
        if file.suffix == ".py":
            names |= _defined(ast.parse(file.read_text(encoding="utf-8")))
    return names


def _defined(tree: ast.Module) -> set[str]:
    """The names that a module defines, not those that it imports."""
    names = {one.name for one in tree.body if isinstance(one, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))}
    for one in tree.body:
        targets = one.targets if isinstance(one, ast.Assign) else [one.target] if isinstance(one, ast.AnnAssign) else []
        names |= {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}
    return names


def _commands() -> list[str]:
    return list(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"])


RULES: list[Callable[[Path], list[str]]] = [undocumented, unknown_parameters, unknown_errors, broken_promises]


@pytest.mark.parametrize("broken", RULES)
def test_docstrings_are_there_and_true(broken: Callable[[Path], list[str]]) -> None:
    assert broken(ROOT) == []


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("park/topics.py", "X = 1", "park/topics.py"),
        ("park/a.py", '"""A."""\ndef f(): ...', "park/a.py:2 f"),
        ("park/a.py", '"""A."""\nclass C:\n    """C."""\n    def f(self): ...', "park/a.py:4 C.f"),
        ("park/a.py", '"""A."""\nclass C:\n    """C.\n\n    Attributes:\n        g: a.\n    """\n    g: int', None),
        ("park/a.py", '"""A."""\nclass C:\n    """C.\n\n    Attributes:\n        g: a.\n    """', "C: g"),
        ("park/a.py", '"""A."""\ndef f(a):\n    """F.\n\n    Args:\n        b: a number.\n    """', "f: b"),
        ("park/a.py", '"""A."""\ndef f(a):\n    """F.\n\n    Args:\n        a: a number.\n    """', None),
        ("park/a.py", '"""A."""\ndef _f():\n    """F.\n\n    Raises:\n        BadThing: so.\n    """', "_f: BadThing"),
        ("park/a.py", '"""A."""\ndef _f():\n    """F.\n\n    Raises:\n        OSError: so.\n    """', None),
        ("park/__init__.py", '"""`Reading` is the whole of it."""', "park/__init__.py: Reading"),
        ("park/__init__.py", '"""`Reading` is the whole of it."""\nfrom x import Reading', "__init__.py: Reading"),
        ("park/__init__.py", '"""`Reading` is the whole of it."""\nReading = int', None),
    ],
)
def test_a_planted_lie_is_caught(tmp_path: Path, path: str, text: str, said: str | None) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(f"{text}\n", encoding="utf-8")
    found = [lie for rule in RULES for lie in rule(tmp_path)]
    assert len(found) == (0 if said is None else 1), found
    assert all(lie.endswith(str(said)) for lie in found), found


def exporting() -> list[str]:
    """The modules that name what they export."""
    modules = [one for one in definitions(ROOT) if isinstance(one.node, ast.Module)]
    named = [one.path for one in modules if isinstance(one.node, ast.Module) and "__all__" in _defined(one.node)]
    return [path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in named]


@pytest.mark.parametrize("name", exporting())
def test_what_a_module_exports_is_there(name: str) -> None:
    module = importlib.import_module(name)
    exported: list[str] = module.__all__
    assert [one for one in exported if not hasattr(module, one)] == []
    assert len(set(exported)) == len(exported)


@pytest.mark.parametrize("name", [name for name in exporting() if (ROOT / name.replace(".", "/")).is_dir()])
def test_a_package_exports_all_that_it_defines(name: str) -> None:
    text = (ROOT / name.replace(".", "/") / "__init__.py").read_text(encoding="utf-8")
    defined = {one for one in _defined(ast.parse(text)) if not one.startswith("_")}
    assert defined - set(importlib.import_module(name).__all__) == set()
