"""Whether a report can be written, asked before the work."""

import os
from pathlib import Path

from park_cli.errors import UsageError


def check_page(page: Path) -> None:
    """Say before the work what would keep it from being told.

    Raises:
        UsageError: the page cannot be written there, or is no page.
    """
    if page.suffix == ".json":
        raise UsageError(f"--report {page}: the page is HTML; the figures are written beside it as .json")
    for file in (page, page.with_suffix(".json") if page.name else page):
        if file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK):
            raise UsageError(f"--report {page}: {file} cannot be written")
