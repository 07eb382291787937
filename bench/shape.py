"""How the code is cut: lengths of functions and modules, nesting, rules switched off; beside another tree.

python -m bench.shape [ROOT] [--beside OTHER]. Exit code 1 if ROOT is worse than OTHER in a figure of merit: the median
function, functions over 40 lines, modules over 300.
"""

import argparse
import ast
import io
import re
import statistics
import tokenize
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench._measure import ROOT, table

_NOQA = re.compile(r"#\s*noqa(?::\s*(?P<rules>[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*))?", re.IGNORECASE)
_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True)
class Function:
    """One function or method, nested ones too; its lines from `def` to its end, less the docstring."""

    name: str
    lines: int
    depth: int


@dataclass(frozen=True, kw_only=True)
class Module:
    """One file: its functions, and the rules that its comments switch off, by how often."""

    path: str
    lines: int
    functions: tuple[Function, ...]
    noqa: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Some modules, of which the figures follow."""

    modules: tuple[Module, ...]

    @property
    def functions(self) -> list[Function]:
        """The functions of all modules."""
        return [function for module in self.modules for function in module.functions]

    @property
    def noqa(self) -> Counter[str]:
        """Rules that are switched off, by how often."""
        return sum((Counter(module.noqa) for module in self.modules), Counter())

    def long_functions(self, over: int) -> list[Function]:
        """Functions of more lines than that, longest first."""
        return sorted((one for one in self.functions if one.lines > over), key=lambda one: -one.lines)

    def long_modules(self, over: int) -> list[Module]:
        """Modules of more lines than that, longest first."""
        return sorted((one for one in self.modules if one.lines > over), key=lambda one: -one.lines)


def _function_lines(shape: Shape) -> list[int]:
    return [function.lines for function in shape.functions]


def _module_lines(shape: Shape) -> list[int]:
    return [module.lines for module in shape.modules]


#: The table's columns. Depth counts the blocks (if, for, while, with, try, match) that stand around a line.
FIGURES: dict[str, Callable[[Shape], float]] = {
    "functions": lambda shape: len(shape.functions),
    "median": lambda shape: _middle(_function_lines(shape)),
    "p90": lambda shape: _high(_function_lines(shape)),
    "> 25": lambda shape: len(shape.long_functions(25)),
    "> 40": lambda shape: len(shape.long_functions(40)),
    "deepest": lambda shape: max((function.depth for function in shape.functions), default=0),
    "depth > 3": lambda shape: sum(function.depth > 3 for function in shape.functions),
    "modules": lambda shape: len(shape.modules),
    "lines": lambda shape: sum(_module_lines(shape)),
    "median module": lambda shape: _middle(_module_lines(shape)),
    "p90 module": lambda shape: _high(_module_lines(shape)),
    "> 300": lambda shape: len(shape.long_modules(300)),
    "> 400": lambda shape: len(shape.long_modules(400)),
    "noqa": lambda shape: shape.noqa.total(),
}
#: Figures that should not rise.
MERIT = ("median", "> 40", "> 300")


def _middle(values: Sequence[int]) -> float:
    return statistics.median(values) if values else 0


def _high(values: Sequence[int]) -> float:
    """The smallest value that nine of ten do not exceed."""
    ordered = sorted(values)
    return ordered[-(-9 * len(ordered) // 10) - 1] if ordered else 0


def read_tree(root: Path) -> dict[str, Shape]:
    """The packages that a tree's wheel is made of, by name.

    Raises:
        SystemExit: root has no pyproject.toml that names them.
    """
    try:
        settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        names = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    except (OSError, KeyError) as error:
        raise SystemExit(f"{root}: no pyproject.toml that names the wheel's packages: {error}") from error
    return {name: read_package(root, name) for name in names}


def read_package(root: Path, name: str) -> Shape:
    """The modules of one package."""
    files = {file.relative_to(root).as_posix(): file for file in sorted((root / name).rglob("*.py"))}
    return Shape(modules=tuple(read_module(path, file.read_text("utf-8")) for path, file in files.items()))


def read_module(path: str, text: str) -> Module:
    """One file's shape."""
    tree = ast.parse(text, path)
    functions = tuple(
        Function(name=f"{path}:{node.lineno} {node.name}", lines=_lines(node), depth=_depth(node.body))
        for node in ast.walk(tree)
        if isinstance(node, _Function)
    )
    return Module(path=path, lines=len(text.splitlines()), functions=functions, noqa=Counter(_rules(text)))


def _lines(node: _Function) -> int:
    said = node.body[0] if ast.get_docstring(node, clean=False) is not None else None
    return _extent(node) - (_extent(said) if said else 0)


def _extent(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _depth(body: Iterable[ast.AST]) -> int:
    """How many blocks stand around the innermost line; a nested function is counted by itself, `elif` is no block."""
    return max((_depth_of(node) for node in body), default=0)


def _depth_of(node: ast.AST) -> int:
    if isinstance(node, (*_Function.__args__, ast.ClassDef, ast.expr)):
        return 0
    inner = _depth(ast.iter_child_nodes(node))
    if not isinstance(node, _BLOCKS):
        return inner
    if isinstance(node, ast.If) and len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        return max(1 + _depth(node.body), _depth_of(node.orelse[0]))
    return 1 + inner


def _rules(text: str) -> Iterable[str]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and (found := _NOQA.search(token.string)):
            yield from re.split(r"[,\s]+", found["rules"] or "all")


def whole(packages: Mapping[str, Shape]) -> Shape:
    """All packages as one."""
    return Shape(modules=tuple(module for shape in packages.values() for module in shape.modules))


def worse(now: Shape, then: Shape) -> list[str]:
    """Figures of merit that have risen."""
    return [name for name in MERIT if FIGURES[name](now) > FIGURES[name](then)]


def _beside(now: float, then: float) -> str:
    return f"{now:g}" if now == then else f"{now:g} (was {then:g})"


def _row(name: str, now: Shape, then: Shape) -> dict[str, object]:
    return {"package": name, **{title: _beside(figure(now), figure(then)) for title, figure in FIGURES.items()}}


def described(now: Mapping[str, Shape], then: Mapping[str, Shape]) -> str:
    """The tables: a row a package and one for all, rules switched off, and what is too long, by name.

    Args:
        now: the packages.
        then: what they are compared with; a figure that differs is followed by what it was.
    """
    gone = Shape(modules=())
    total, former = whole(now), whole(then)
    rows = [_row(name, now.get(name, gone), then.get(name, gone)) for name in dict.fromkeys([*now, *then])]
    rows.append(_row("all", total, former))
    rules = [
        {"noqa": rule, "times": _beside(total.noqa[rule], former.noqa[rule])}
        for rule in sorted(total.noqa | former.noqa, key=lambda rule: (-total.noqa[rule], rule))
    ]
    long = [f"{one.lines:5}  {one.name}" for one in total.long_functions(40)]
    long += [f"{one.lines:5}  {one.path}" for one in total.long_modules(300)]
    return "\n\n".join(part for part in (table(rows), rules and table(rules), "\n".join(long)) if part)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.shape", description=__doc__)
    parser.add_argument("root", nargs="?", type=Path, default=ROOT, help="a checkout; this one by default")
    parser.add_argument("--beside", type=Path, help="another checkout, to compare with")
    asked = parser.parse_args()
    now = read_tree(asked.root)
    then = read_tree(asked.beside) if asked.beside else now
    print(described(now, then))
    if risen := worse(whole(now), whole(then)):
        raise SystemExit(f"worse than {asked.beside}: {', '.join(risen)}")


if __name__ == "__main__":
    main()
