"""The prose holds: links and their anchors resolve, paths and modules that it names exist, and so do linked names.

A link whose text is code, such as [`Fleet.columns(start, until)`](../simulator/fleet.py), is held to the file's own
definitions. A word in capitals within a path (`sectors/NAME/`) stands for any name.
"""

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pages import CODE, FENCE, Page, pages

ROOT = Path(__file__).parents[1]

#: Where a path of the project begins.
FOLDERS = (
    *("park", "sectors", "simulator", "ingest", "dashboards", "mqttlink", "park_cli", "controller"),
    *("deploy", "bench", "tests", "docs", "scripts"),
)
#: What the guide has a newcomer make, and topics, which begin as the contract's folder does.
ELSEWHERE = re.compile(
    r"sectors/(gardens|river)\b|dashboards/out/(gardens|river)\.json|park/(control|gateways|replies)\b"
)

_PATH = re.compile(rf"^(?:\./)?((?:{'|'.join(FOLDERS)})/[\w./*-]*)$")
_MODULE = re.compile(r"python3? -m (bench\.\w+)")


def anchors(markdown: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found: dict[str, int] = {}
    for heading in re.findall(r"^#+ +(.*?) *$", FENCE.sub("", markdown), re.MULTILINE):
        said = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", said.lower()).replace(" ", "-")
        found[anchor] = found.get(anchor, -1) + 1
    return {name if not i else f"{name}-{i}" for name, last in found.items() for i in range(last + 1)}


def broken_links(page: Page) -> list[str]:
    """Links to files or headings that are not there."""
    broken = []
    for _, link in page.links:
        target, anchor = page.target(link), link.partition("#")[2]
        if not target.exists() or not target.is_relative_to(page.root.resolve()):
            broken.append(f"{page.name}: {link}: no such file")
        elif anchor and anchor not in anchors(target.read_text(encoding="utf-8")):
            broken.append(f"{page.name}: {link}: no such heading")
    return broken


def wrong_texts(page: Page) -> list[str]:
    """Links whose text is a path and is not that of the target."""
    return [
        f"{page.name}: [{text}]({link})"
        for text, link in page.links
        if re.fullmatch(r"[\w.-]+(/[\w.-]+)+/?|[\w-]+\.(py|md|toml|yaml|conf)", text)
        and not f"/{page.target(link).as_posix()}".endswith(f"/{text.rstrip('/')}")
    ]


def missing_paths(page: Page) -> list[str]:
    """Paths in backticks or blocks of shell that are not there, and modules that are named to be run."""
    paths = [found[1] for word in page.words if (found := _PATH.match(word)) and not ELSEWHERE.match(found[1])]
    paths += [_runnable(page.root, module.replace(".", "/")) for module in _MODULE.findall(page.text)]
    return [f"{page.name}: {path}: no such path" for path in paths if not _exists(page.root, path)]


def _runnable(root: Path, module: str) -> str:
    """The file that is run for a module: that of a package is its `__main__`."""
    return f"{module}/__main__.py" if (root / module).is_dir() else f"{module}.py"


def _exists(root: Path, path: str) -> bool:
    pattern = re.sub(r"\b[A-Z]{3,}\b(?!\.md)", "*", path.rstrip("/"))
    return any(root.glob(pattern))


def undefined_names(page: Page) -> list[str]:
    """Names in the text of a link to a file of Python that this does not define."""
    return [
        f"{page.name}: `{name}` is not defined in {link}"
        for text, link in page.links
        if link.endswith(".py") and page.target(link).is_file()
        for code in CODE.findall(text)
        for name in re.sub(r"\(.*", "", code).split(".")
        if name.isidentifier() and name not in _defined(page.target(link))
    ]


def _defined(file: Path) -> set[str]:
    """The names of the module and its folder, and every class, function and variable in it."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    named = {node.name for node in nodes if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))}
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return {file.stem, file.parent.name} | named | stored


RULES: list[Callable[[Page], list[str]]] = [broken_links, wrong_texts, missing_paths, undefined_names]


@pytest.mark.parametrize("page", pages(ROOT), ids=lambda page: page.name)
def test_what_a_page_names_is_there(page: Page) -> None:
    assert [wrong for rule in RULES for wrong in rule(page)] == []


def test_the_pages_are_read() -> None:
    found = {page.name for page in pages(ROOT)}
    assert {"README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/decisions/0002-dependencies.md"} <= found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[here](gone.md)", "gone.md: no such file"),
        ("![picture](../gone.png)", "../gone.png: no such file"),
        ("[out](../../../etc/passwd)", "no such file"),
        ("[here](#gone)", "#gone: no such heading"),
        ("[here](other.md#two-words-1)", "#two-words-1: no such heading"),
        ("[here](other.md#a-link-and-code)", None),
        ("[web](https://example.org/gone.md)", None),
        ("[sectors/b.py](../sectors/a.py)", "[sectors/b.py](../sectors/a.py)"),
        ("[b.py](../sectors/a.py)", "[b.py](../sectors/a.py)"),
        ("[sectors/a.py](../sectors/a.py) and [a.py](../sectors/a.py)", None),
        ("in `sectors/b.py`", "sectors/b.py: no such path"),
        ("in `sectors/NAME.py`, `sectors/`", None),
        ("```sh\n./scripts/gone tests/gone\n```", "scripts/gone: no such path"),
        ("```python\nsectors/gone.py\n```", None),
        ("run `python -m bench.gone`", "bench/gone.py: no such path"),
        ("[`A.gone(x)`](../sectors/a.py)", "`gone` is not defined"),
        ("[`Gone`](../sectors/a.py)", "`Gone` is not defined"),
        ("[`A.f(x)`](../sectors/a.py), [`B`](../sectors/a.py)", None),
    ],
)
def test_a_planted_error_is_caught(tmp_path: Path, text: str, said: str | None) -> None:
    (tmp_path / "sectors").mkdir()
    (tmp_path / "sectors" / "a.py").write_text("B = 1\nclass A:\n    def f(self): ...\n")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "other.md").write_text("# Two words\n\n## A [link](x) and `code`\n")
    path = tmp_path / "docs" / "page.md"
    path.write_text(f"# Title\n\n{text}\n", encoding="utf-8")
    wrong = [one for rule in RULES for one in rule(Page(root=tmp_path, path=path))]
    assert any(said in one for one in wrong) if said else wrong == [], wrong
