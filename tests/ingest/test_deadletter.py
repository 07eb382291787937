"""The dead-letter file: what is written is on the disk and can be read back, whatever happened in between."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.deadletter import DeadLetterFile, read_dead_letter, read_dead_letters
from ingest.errors import DeadLetterError
from park.rejection import Reason, Rejection


def rejection(payload: bytes = b"\x00{", *, topic: str = "park/x", content_type: str | None = None) -> Rejection:
    return Rejection(reason=Reason.MALFORMED, detail="why", topic=topic, payload=payload, content_type=content_type)


@given(
    st.lists(
        st.builds(
            Rejection,
            reason=st.sampled_from(Reason),
            detail=st.text(),
            topic=st.text(),
            payload=st.binary(),
            content_type=st.none() | st.text(),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_message_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rejections: list[Rejection]
) -> None:
    path = tmp_path_factory.mktemp("letters") / "dead.ndjson"
    DeadLetterFile(path).append(rejections, 123)
    letters = list(read_dead_letters(path))
    assert [letter.rejection for letter in letters] == rejections
    assert [letter.number for letter in letters] == list(range(1, len(rejections) + 1))
    assert {letter.time for letter in letters} == {123}


def test_an_unfinished_last_line_is_passed_over_and_then_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "dead.ndjson"
    file = DeadLetterFile(path)
    file.append([rejection(b"1")], 1)
    with path.open("ab") as raw:
        raw.write(b'{"time":2,"reason":"malf' * 5000)
    assert [letter.rejection.payload for letter in read_dead_letters(path)] == [b"1"]
    file.append([rejection(b"2")], 2)
    assert [letter.rejection.payload for letter in read_dead_letters(path)] == [b"1", b"2"]


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """What a full disk does, to this process alone: writes beyond the size fail."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_leaves_whole_lines_only(tmp_path: Path) -> None:
    path = tmp_path / "dead.ndjson"
    file = DeadLetterFile(path)
    file.append([rejection(b"1")], 1)
    before = path.read_bytes()
    with file_size_limit(len(before) + 50), pytest.raises(OSError, match="too large"):
        file.append([rejection(b"2" * 100)], 2)
    assert path.read_bytes() == before
    file.append([rejection(b"2" * 100)], 2)
    assert [letter.time for letter in read_dead_letters(path)] == [1, 2]


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "dead.ndjson"
    DeadLetterFile(path).append([rejection()], 1)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_grown_file_is_set_aside_under_a_number(tmp_path: Path) -> None:
    path = tmp_path / "dead.ndjson"
    file = DeadLetterFile(path, max_bytes=10)
    for time in range(4):
        file.append([rejection()], time)
    times = {
        name: [letter.time for letter in read_dead_letters(tmp_path / name)]
        for name in sorted(p.name for p in tmp_path.iterdir())
    }
    assert times == {"dead.ndjson": [3], "dead.ndjson.1": [0], "dead.ndjson.2": [1], "dead.ndjson.3": [2]}


def test_damage_and_absence_are_named(tmp_path: Path) -> None:
    path = tmp_path / "dead.ndjson"
    with pytest.raises(DeadLetterError, match="No such file"):
        list(read_dead_letters(path))
    DeadLetterFile(path).append([rejection()], 1)
    assert read_dead_letter(path, 1).rejection == rejection()
    with pytest.raises(DeadLetterError, match="no line 2"):
        read_dead_letter(path, 2)
    with path.open("ab") as raw:
        raw.write(b"{}\n")
    with pytest.raises(DeadLetterError, match="line 2"):
        list(read_dead_letters(path))
