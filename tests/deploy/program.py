"""deploy/make_secrets.py, which is a program and not part of a package."""

import importlib.util
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def _load() -> Any:
    spec = importlib.util.spec_from_file_location("make_secrets", ROOT / "deploy" / "make_secrets.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_secrets = _load()


def make_files(folder: Path, sites: list[str], **counts: int) -> dict[str, str]:
    """Make the files in an existing folder; the texts of all, by their path in it."""
    make_secrets.make_files(make_secrets.Safe(folder=folder), sites, **counts)
    return files_of(folder)


def files_of(folder: Path) -> dict[str, str]:
    """The text of every file, by its path in the folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in sorted(files)}
