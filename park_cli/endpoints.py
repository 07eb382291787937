"""Options that name the broker, the store and the viewer."""

import re
from collections.abc import Iterable
from typing import Annotated

import typer

from park.quality import StoredFlags
from park_cli.errors import UsageError

Json = Annotated[bool, typer.Option("--json", help="Print the summary as one line of JSON.")]
Broker = Annotated[str, typer.Option(help="mqtt://user@host:port or mqtts://...")]
StoreOption = Annotated[
    str, typer.Option(help="influxdb+http://127.0.0.1:8086/park?org=park or duckdb:///path/park.duckdb")
]
QualityOption = Annotated[
    StoredFlags, typer.Option(help="Quality flags that are stored beside readings; see docs/faults.md.")
]
ViewerPort = Annotated[int, typer.Option(help="Port of the viewer.", show_default="any free one", min=0, max=65535)]
ViewerNames = Annotated[
    list[str] | None,
    typer.Option(help="Another name by which browsers may ask for the viewer: park.example, localhost:9000."),
]
OpenBrowser = Annotated[bool, typer.Option("--open", help="Open the viewer in a browser.")]

_VIEWER_NAME = re.compile(r"([\w.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")

#: More are a slip, and would take the machine.
MOST_PROCESSES = 256
DEFAULT_BROKER = "mqtt://127.0.0.1:1883"
DEFAULT_STORE = "influxdb+http://127.0.0.1:8086/park?org=park"


def viewer_names(given: Iterable[str] | None) -> tuple[str, ...]:
    """Names by which browsers may ask for the viewer.

    Raises:
        UsageError: one is none, so that no browser could ask by it.
    """
    names = tuple(given or ())
    for name in names:
        if not _VIEWER_NAME.fullmatch(name):
            raise UsageError(f"--viewer-name {name!r}: give a host and no more, such as park.example or localhost:9000")
    return names
