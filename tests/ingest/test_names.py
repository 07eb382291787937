"""Names, ports and paths are checked before anything runs: exit code 2 and one line that names the option."""

import subprocess
from pathlib import Path

import pytest

from ingest.errors import BadName, BadStoreUrl
from ingest.names import check_name
from ingest.receive import SessionOptions
from ingest.stores import parse_store_url
from ingest.stores.influxdb.url import InfluxUrl
from mqttlink import parse_broker_url
from tests.ingest.command import PARK, ROOT

BROKER = parse_broker_url("mqtt://127.0.0.1:1")


@pytest.mark.parametrize(
    "name",
    ["", "a/b", "/", "a+b", "a#b", "$share", "a b", "a\n", "\x1b[2J", "x" * 101, "a\x00", "\u202eab", "a\u2028b"],
)
def test_a_name_that_would_end_within_a_filter_is_refused(name: str) -> None:
    with pytest.raises(BadName, match="--client-id"):
        SessionOptions(address=BROKER, client_id=name)
    with pytest.raises(BadName, match="--group"):
        SessionOptions(address=BROKER, group=name)


@pytest.mark.parametrize(
    "name", ["park-ingest", "park-ingest-0", "Ingest.7", "site1:ingest", "采集-1", "a$b", "x" * 100]
)
def test_other_names_are_taken(name: str) -> None:
    check_name("--client-id", name)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--client-id", "site1/ingest", "--processes", "2"], "--client-id 'site1/ingest'"),
        (["--group", "a/b"], "--group 'a/b'"),
        (["--metrics-port", "80000"], "--metrics-port"),
    ],
)
def test_the_command_ends_with_one_line(tmp_path: Path, options: list[str], words: str) -> None:
    argv = [*PARK, "ingest", "--dead-letters", str(tmp_path / "dead"), *options]
    done = subprocess.run(argv, capture_output=True, cwd=ROOT, timeout=60, check=False)
    text = done.stderr.decode()
    assert done.returncode == 2, text
    assert words in " ".join(text.split())
    assert "Traceback" not in text
    assert not (tmp_path / "dead").exists()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("influxdb+http://127.0.0.1:0/park", "port 0"),
        ("influxdb+http://127.0.0.1:80000/park", "cannot be read"),
        ("influxdb+http://a b/park", "no name"),
        ("influxdb+http://127.0.0.1/a//b", "BUCKET"),
        ("influxdb+http://127.0.0.1/a%0Ab", "BUCKET"),
    ],
)
def test_a_store_url_that_cannot_be_is_refused(url: str, words: str) -> None:
    with pytest.raises(BadStoreUrl, match=words):
        parse_store_url(url)


def test_a_slash_parts_database_and_policy() -> None:
    url = parse_store_url("influxdb+http://127.0.0.1/park/autogen")
    assert isinstance(url, InfluxUrl)
    assert (url.bucket, url.database, url.retention_policy) == ("park/autogen", "park", "autogen")
    url = parse_store_url("influxdb+http://127.0.0.1/park")
    assert isinstance(url, InfluxUrl)
    assert (url.database, url.retention_policy) == ("park", "")
