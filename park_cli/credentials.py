"""Secrets: only from the environment, or from files that it names."""

import os
from pathlib import Path

from park_cli.errors import UsageError


def secret(variable: str) -> str | None:
    """A secret from the environment, or from the file that VARIABLE_FILE names; an empty variable is none.

    Raises:
        UsageError: the file cannot be read.
    """
    path = os.environ.get(f"{variable}_FILE")
    return _read(path, f"{variable}_FILE") if path else os.environ.get(variable) or None


def secrets_folder(variable: str) -> Path | None:
    """The folder that the variable names, in which each account has its secret; an empty variable names none.

    Raises:
        UsageError: there is no such folder.
    """
    folder = os.environ.get(variable)
    if folder and not Path(folder).is_dir():
        raise UsageError(f"{variable} {folder}: is no folder")
    return Path(folder) if folder else None


def broker_password(user: str) -> str | None:
    """The password of a user of the broker: from PARK_MQTT_PASSWORD_DIR if that is set, else PARK_MQTT_PASSWORD.

    Raises:
        UsageError: it cannot be read.
    """
    folder = secrets_folder("PARK_MQTT_PASSWORD_DIR")
    if folder is None:
        return secret("PARK_MQTT_PASSWORD")
    return _read(str(folder / user), "PARK_MQTT_PASSWORD_DIR:")


def _read(path: str, named: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise UsageError(f"{named} {path}: {error.strerror}") from error
    except ValueError:  # of the name, or of what is in it
        raise UsageError(f"{named} {path!r}: is not UTF-8 text") from None
