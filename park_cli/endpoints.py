"""Options that name the broker and the store, and their secrets; light, for commands that stay for days."""

import os
from pathlib import Path
from typing import Annotated

import typer

from park_cli.errors import UsageError

Json = Annotated[bool, typer.Option("--json", help="Print the summary as one line of JSON.")]
Broker = Annotated[str, typer.Option(help="mqtt://user@host:port or mqtts://...")]
Store = Annotated[str, typer.Option(help="influxdb+http://127.0.0.1:8086/park?org=park or duckdb:///path/park.duckdb")]

DEFAULT_BROKER = "mqtt://127.0.0.1:1883"
DEFAULT_STORE = "influxdb+http://127.0.0.1:8086/park?org=park"


def secret(variable: str) -> str | None:
    """A secret from the environment, or from the file that VARIABLE_FILE names.

    Raises:
        UsageError: the file cannot be read.
    """
    path = os.environ.get(f"{variable}_FILE")
    if path is None:
        return os.environ.get(variable)
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise UsageError(f"{variable}_FILE {path}: {error.strerror}") from error
