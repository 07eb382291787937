"""A source distribution is the lock's or none."""

from pathlib import Path

import pytest

from tests.reference import sdist


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PARK_RECORDS", str(tmp_path))
    sdist._archive.cache_clear()


def test_another_archive_is_refused(tmp_path: Path) -> None:
    lock = (Path(__file__).parents[2] / "uv.lock").read_text()
    name = next(part for part in lock.split("/") if part.startswith("pvlib-")).split('"')[0]
    (tmp_path / name).write_bytes(b"not it")
    with pytest.raises(sdist.RecordMissing, match=r"is not what uv\.lock names"):
        sdist.member("pvlib", "tests/data/bsrn-pay0616.dat.gz")


def test_nothing_to_fetch_it_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(sdist.RecordMissing, match="uv, which is not on PATH"):
        sdist.member("pvlib", "tests/data/bsrn-pay0616.dat.gz")
