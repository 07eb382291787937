"""Options that name the broker and the store."""

from typing import Annotated

import typer

from park.quality import StoredFlags

Json = Annotated[bool, typer.Option("--json", help="Print the summary as one line of JSON.")]
Broker = Annotated[str, typer.Option(help="mqtt://user@host:port or mqtts://...")]
StoreOption = Annotated[
    str, typer.Option(help="influxdb+http://127.0.0.1:8086/park?org=park or duckdb:///path/park.duckdb")
]
QualityOption = Annotated[
    StoredFlags, typer.Option(help="Quality flags that are stored beside readings; see docs/faults.md.")
]

DEFAULT_BROKER = "mqtt://127.0.0.1:1883"
DEFAULT_STORE = "influxdb+http://127.0.0.1:8086/park?org=park"
