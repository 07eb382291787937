"""The dead-letter file: what is written is on the disk and can be read back, whatever happened in between."""

import hashlib
import json
import resource
import signal
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.deadletter import (
    Damaged,
    DeadLetterFile,
    Dropped,
    Limits,
    older_files,
    read_dead_letter,
    read_dead_letters,
    read_entries,
    site_of,
)
from ingest.errors import DeadLetterError
from park.rejection import Reason, Rejection

DAY_MS = 86_400_000


def rejection(payload: bytes = b"\x00{", *, topic: str = "park/x", content_type: str | None = None) -> Rejection:
    return Rejection(reason=Reason.MALFORMED, detail="why", topic=topic, payload=payload, content_type=content_type)


def of_site(site: str, payload: bytes = b"{") -> Rejection:
    return rejection(payload, topic=f"park/energy/{site}/meter/meter-1/telemetry")


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
    assert all(letter.whole and letter.size == len(letter.rejection.payload) for letter in letters)


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


@pytest.mark.parametrize("name", ["dead.ndjson", "dead [site] *?.ndjson"])
def test_a_grown_file_is_set_aside_under_a_number(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    file = DeadLetterFile(path, Limits(file_bytes=10))
    for time in range(4):
        file.append([rejection()], time)
    times = {one.name: [letter.time for letter in read_dead_letters(one)] for one in tmp_path.iterdir()}
    assert times == {name: [3], f"{name}.1": [0], f"{name}.2": [1], f"{name}.3": [2]}


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


# --- damage


@pytest.mark.parametrize(
    "damage",
    [
        b"\0" * 40,
        b"{}",
        b'{"time":1,"reason":"no-such-reason"}',
        b"\xff\xfe",
        b'{"time":1,"payload":"&"}',
        b"[" * 5000,
        b"",
    ],
)
def test_a_damaged_line_is_named_and_the_others_are_read(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "dead.ndjson"
    file = DeadLetterFile(path)
    file.append([rejection(b"1")], 1)
    with path.open("ab") as raw:
        raw.write(damage + b"\n")
    file.append([rejection(b"3")], 3)
    first, damaged, last = read_entries(path)
    assert isinstance(damaged, Damaged)
    assert damaged.number == 2
    assert (first.number, last.number) == (1, 3)
    assert read_dead_letter(path, 3).rejection.payload == b"3"


def test_a_file_is_read_in_constant_memory(tmp_path: Path) -> None:
    path = tmp_path / "dead.ndjson"
    DeadLetterFile(path).append([rejection(b"x" * 10_000)] * 1000, 1)
    with path.open("ab") as raw:
        raw.write(b"\0" * (40 << 20) + b"\n")
    tracemalloc.start()
    kinds = Counter(type(entry).__name__ for entry in read_entries(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kinds == {"DeadLetter": 1000, "Damaged": 1}
    assert peak < 20 << 20


# --- bounds


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def test_all_files_together_stay_within_their_limit(tmp_path: Path) -> None:
    path = tmp_path / "dead.ndjson"
    limits = Limits(file_bytes=10_000, older=3)
    file = DeadLetterFile(path, limits)
    for time in range(500):
        file.append([of_site(f"site-{time}", b"x" * 400)] * 2, time)
    assert size_of(tmp_path) < (limits.older + 1) * (limits.file_bytes + 2000)
    numbers = [int(one.suffix[1:]) for one in older_files(path)]
    assert len(numbers) == limits.older
    assert numbers == sorted(numbers)
    assert [letter.time for letter in read_dead_letters(path)][-1] == 499


def test_a_payload_longer_than_can_be_decoded_keeps_its_beginning_its_length_and_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "dead.ndjson"
    limits = Limits()
    whole, long = b"w" * limits.whole, b"l" * (limits.whole + 1)
    DeadLetterFile(path).append([rejection(whole), rejection(long)], 1)
    one, other = read_dead_letters(path)
    assert (one.whole, one.size, one.rejection.payload) == (True, len(whole), whole)
    assert (other.whole, other.size, other.rejection.payload) == (False, len(long), long[: limits.cut])
    assert other.sha256 == hashlib.sha256(long).hexdigest()


def test_a_site_beyond_its_share_is_counted_and_the_others_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "dead.ndjson"
    file = DeadLetterFile(path, Limits(site_bytes=5000))
    hostile, honest = of_site("hostile", b"x" * 500), of_site("honest")
    for second in range(300):
        file.append([hostile] * 4 + ([honest] if second % 10 == 0 else []), 1000 * second)
    file.close()
    entries = list(read_entries(path))
    letters = Counter(site_of(one.rejection.topic) for one in read_dead_letters(path))
    dropped = [one for one in entries if isinstance(one, Dropped)]
    assert letters["honest"] == 30
    assert 0 < letters["hostile"] < 8
    assert letters["hostile"] + sum(one.count for one in dropped) == 1200
    assert {one.site for one in dropped} == {"hostile"}
    assert sum(one.size for one in dropped) == 500 * sum(one.count for one in dropped)
    assert len(dropped) <= 1 + 300 // 60 + 1  # at once, each minute, at the end
    assert all(one.reasons == {"malformed-payload": one.count} for one in dropped)


def test_the_share_is_of_a_day_and_holds_over_a_restart_and_among_processes(tmp_path: Path) -> None:
    path = tmp_path / "dead.ndjson"
    limits = Limits(site_bytes=1000)

    def kept(file: DeadLetterFile, time_ms: int) -> int:
        before = path.stat().st_size if path.exists() else 0
        file.append([of_site("a", b"x" * 100)] * 10, time_ms)
        return sum(letter.time == time_ms for letter in read_dead_letters(path)) if path.stat().st_size > before else 0

    one, other = DeadLetterFile(path, limits), DeadLetterFile(path, limits)
    assert 0 < kept(one, 1) < 10
    assert kept(other, 2) == 0
    assert kept(DeadLetterFile(path, limits), 3) == 0
    assert 0 < kept(one, DAY_MS + 1) < 10


def test_a_disk_that_refuses_costs_neither_letters_nor_counts(tmp_path: Path) -> None:
    path = tmp_path / "dead.ndjson"
    file = DeadLetterFile(path, Limits(site_bytes=600))
    batch = [of_site("a", b"x" * 100)] * 5
    file.open()
    with file_size_limit(50):
        for _ in range(3):
            with pytest.raises(OSError, match="too large"):
                file.append(batch, 1)
    file.append(batch, 1)
    file.close()
    letters = len(list(read_dead_letters(path)))
    assert letters + sum(one.count for one in read_entries(path) if isinstance(one, Dropped)) == 5


def test_a_topic_without_a_site_has_a_share_too() -> None:
    assert site_of("park/energy/binhu/meter/meter-1/telemetry") == "binhu"
    assert site_of("park/gateways/binhu/0/stats") == "binhu"
    for topic in (
        "",
        "park/x",
        "elsewhere/energy/binhu/meter/1",
        "park/a/b",
        "park/e/\x1b[2J/m/1",
        f"park/e/{'s' * 999}/m/1",
    ):
        assert site_of(topic) == "-"


# --- at the start


def a_folder(folder: Path) -> Path:
    return folder


def below_a_file(folder: Path) -> Path:
    (folder / "file").touch()
    return folder / "file" / "dead.ndjson"


def no_regular_file(_folder: Path) -> Path:
    return Path("/dev/null")


def where_nobody_may_write(_folder: Path) -> Path:
    return Path("/proc/dead.ndjson")


UNUSABLE = [a_folder, below_a_file, no_regular_file, where_nobody_may_write]


@pytest.mark.parametrize("path_in", UNUSABLE)
def test_a_path_that_cannot_be_used_is_known_at_the_start(tmp_path: Path, path_in: object) -> None:
    assert callable(path_in)
    path = path_in(tmp_path)
    with pytest.raises(DeadLetterError, match=f"{path}: .*--dead-letters|{path} is no file"):
        DeadLetterFile(path).open()


def test_opening_leaves_an_empty_file_or_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "dead.ndjson"
    DeadLetterFile(path).open()
    assert path.read_bytes() == b""
    path.write_text(json.dumps({"time": 1}) + "\n", encoding="utf-8")
    DeadLetterFile(path).open()
    assert path.stat().st_size > 0
