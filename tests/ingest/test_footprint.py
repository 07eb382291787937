"""What an ingester loads: it stays for months beside a broker and a database, so each library must earn its memory."""

import subprocess
import sys

#: Each of these would add 5 to 25 MB.
HEAVY = {"numpy", "aiohttp", "urllib3", "httpx", "rich", "typer", "pydantic", "duckdb", "influxdb_client"}


def test_no_library_is_loaded_that_an_ingester_has_no_use_for() -> None:
    program = """
import sys
import park_cli.ingest_process
import ingest.metrics
from ingest.stores import open_store, parse_store_url
open_store(parse_store_url("influxdb+https://127.0.0.1/park"), {})
print(*sys.modules)
"""
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "ingest.stores.influxdb.write" in loaded
    assert HEAVY.isdisjoint(loaded)
