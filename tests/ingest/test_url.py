"""Store URLs and secrets."""

from pathlib import Path

import pytest

from ingest.errors import BadStoreUrl, MissingSecret
from ingest.stores import parse_store_url
from ingest.stores.duckdb.url import DuckdbUrl
from ingest.stores.influxdb.url import InfluxUrl, read_token


def test_good_urls() -> None:
    assert parse_store_url("influxdb+http://127.0.0.1:8086/park?org=our%20park") == InfluxUrl(
        endpoint="http://127.0.0.1:8086", bucket="park", org="our park"
    )
    assert parse_store_url("influxdb+https://[::1]/park/autogen") == InfluxUrl(
        endpoint="https://[::1]:8086", bucket="park/autogen", org=""
    )
    assert parse_store_url("influxdb+http://127.0.0.1/p%40rk?org=me@park") == InfluxUrl(
        endpoint="http://127.0.0.1:8086", bucket="p@rk", org="me@park"
    )
    assert parse_store_url("duckdb:///var/lib/park.duckdb") == DuckdbUrl(path=Path("/var/lib/park.duckdb"))


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("http://127.0.0.1:8086/park", "influxdb\\+http"),
        ("influxdb+http://127.0.0.1:8086", "no bucket"),
        ("influxdb+http:///park", "no host"),
        ("influxdb+http://127.0.0.1:port/park", "cannot be read"),
        ("influxdb+http://127.0.0.1/park?orgg=x", "'orgg'"),
        ("duckdb://relative/path", "absolute"),
        ("duckdb:///", "absolute"),
        ("duckdb:///park#1.duckdb", "%23"),
        ("duckdb:///park%00.duckdb", "%00"),
        ("duckdb:///a%3Fb/park.duckdb", r"\?"),
        ("duckdb:///a%5Cb/park.duckdb", r"knows no name with \\ "),
        ("influxdb+http://127.0.0.1/pa#rk", "%23"),
        ("influxdb+http://127.0.0.1/park#", "%23"),
        ("influxdb+http://127.0.0.1/pa@rk", "write it %40"),
        ("duckdb:///a@b/park.duckdb", "write it %40"),
        ("influxdb+http://a..b/park", "no name"),
        (f"influxdb+http://{'a' * 64}/park", "no name"),
        ("influxdb+http://../park", "no name"),
    ],
)
def test_bad_urls_say_what_is_wrong(url: str, part: str) -> None:
    with pytest.raises(BadStoreUrl, match=part):
        parse_store_url(url)


@pytest.mark.parametrize("host", ["influxdb", "a_b.example", "b.example.", "10.0.0.1", "[fe80::1]", "\u8821\u6e56"])
def test_hosts_that_a_resolver_can_be_asked_for(host: str) -> None:
    url = parse_store_url(f"influxdb+http://{host}/park")
    assert isinstance(url, InfluxUrl)
    assert url.endpoint == f"http://{host}:8086"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8086/park?org=park&token=hush",
        "influxdb+http:///park?token=hush",
        "influxdb+http://127.0.0.1/park?token=hush",
        "me:hush@127.0.0.1/park",
        "influxdb+http://me:hush/x@127.0.0.1/park",
        "influxdb+http://me:hush#x@127.0.0.1/park",
        "duckdb:///park.duckdb?token=hush",
        "http://127.0.0.1/park#token=hush",
        "influxdb+http://127.0.0.1/park#token=hush",
        "influxdb+http://me:123/hush@127.0.0.1/park",
        "influxdb+http://me:123?hush@127.0.0.1/park",
        "influxdb+http://me:123?x&hush@127.0.0.1/park",
        "influxdb+http://me:123#hush@127.0.0.1/park",
        "duckdb://me:123/hush@127.0.0.1/park",
    ],
)
def test_a_secret_is_not_repeated_wherever_it_stands(url: str) -> None:
    with pytest.raises(BadStoreUrl) as caught:
        parse_store_url(url)
    assert "hush" not in str(caught.value)


def test_a_login_is_refused_and_not_repeated() -> None:
    with pytest.raises(BadStoreUrl, match="INFLUXDB_V2_TOKEN") as caught:
        parse_store_url("influxdb+http://me:hush@127.0.0.1/park")
    assert "hush" not in str(caught.value)


def test_the_token_comes_from_variable_or_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(" from-file\n")
    assert read_token({}) == ""
    assert read_token({"INFLUXDB_V2_TOKEN": "direct", "INFLUXDB_V2_TOKEN_FILE": str(file)}) == "direct"
    assert read_token({"INFLUXDB_V2_TOKEN_FILE": str(file)}) == "from-file"
    file.write_text("\n")
    with pytest.raises(MissingSecret, match="empty"):
        read_token({"INFLUXDB_V2_TOKEN_FILE": str(file)})
    with pytest.raises(MissingSecret, match="No such file"):
        read_token({"INFLUXDB_V2_TOKEN_FILE": str(tmp_path / "absent")})


@pytest.mark.parametrize("text", ["two\nlines", "two words", "grün", "a\x00b"])
def test_what_is_no_token_is_refused_without_being_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_text(text, encoding="utf-8")
    for environ in ({"INFLUXDB_V2_TOKEN": text}, {"INFLUXDB_V2_TOKEN_FILE": str(file)}):
        with pytest.raises(MissingSecret, match="holds no token") as caught:
            read_token(environ)
        assert text not in str(caught.value)


def test_a_token_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MissingSecret, match="token is no text"):
        read_token({"INFLUXDB_V2_TOKEN_FILE": str(file)})
