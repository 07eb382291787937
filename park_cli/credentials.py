"""Secrets: only from the environment, or from files that it names."""

import os
from pathlib import Path

from park_cli.errors import UsageError


def secret(variable: str) -> str | None:
    """A secret from the environment, or from the file that VARIABLE_FILE names.

    Raises:
        UsageError: the file cannot be read.
    """
    path = os.environ.get(f"{variable}_FILE")
    if path is None:
        return os.environ.get(variable)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise UsageError(f"{variable}_FILE {path}: {error.strerror}") from error
    except ValueError:  # of the name, or of what is in it
        raise UsageError(f"{variable}_FILE {path!r}: is not UTF-8 text") from None


def secrets_folder(variable: str) -> Path | None:
    """The folder that the variable names, in which each account has its secret.

    Raises:
        UsageError: there is no such folder.
    """
    folder = os.environ.get(variable)
    if folder is not None and not Path(folder).is_dir():
        raise UsageError(f"{variable} {folder}: is no folder")
    return None if folder is None else Path(folder)
