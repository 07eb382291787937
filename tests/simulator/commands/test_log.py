"""The log on disk: what was appended is read back, whatever the power did."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from park.command import State
from simulator.commands.log import Log, logs_of, read_log
from simulator.commands.past import CommandOptions, past_of, records_in
from simulator.commands.record import Record, record_of
from simulator.errors import BadOrders
from tests.simulator.commands.town import NOON, lamp

names = st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True)
values = st.integers(-(10**9), 10**9).map(lambda k: k / 10**3)
records = st.builds(
    Record,
    where=st.integers(1, 999_999).map(lamp),
    ts=st.integers(NOON, NOON + 10**9),
    id=st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True),
    state=st.sampled_from(State),
    action=st.sampled_from(["", "set_level"]),
    values=st.lists(values, max_size=4).map(tuple),
    actor=names,
    reason=st.just("") | names,
    issued=st.integers(0, 2**53),
    expires=st.integers(0, 2**53),
)
SOME = [
    Record(
        where=lamp(number),
        ts=NOON + number,
        id=f"c{number}",
        state=State.ACCEPTED,
        action="set_level",
        values=(40.0, 2.5),
        actor="anna",
        issued=NOON,
        expires=NOON + 60_000,
    )
    for number in (1, 2, 3)
]


def kept(folder: Path) -> list[Record]:
    return [record for path in logs_of(folder, 7) for record in read_log(path)]


@given(records)
def test_a_record_reads_back_from_its_line(record: Record) -> None:
    assert record_of(record.line) == record


def test_what_was_appended_is_read_back_by_whoever_comes_next(tmp_path: Path) -> None:
    for number, name in enumerate(("gw-xinwu-0", "gw-xinwu-1")):
        log = Log(tmp_path, 7, name)
        log.append(SOME[number : number + 1])
        log.append([])
        log.close()
    again = Log(tmp_path, 7, "gw-xinwu-0")
    again.append(SOME[2:])
    again.close()
    assert sorted(kept(tmp_path), key=lambda one: one.ts) == SOME
    assert logs_of(tmp_path, 8) == []
    assert past_of(CommandOptions(state=tmp_path), 7).known
    assert not past_of(CommandOptions(state=tmp_path), 8).known


@settings(max_examples=30)
@given(cut=st.integers(1, len(SOME[2].line)))
def test_a_line_that_was_being_written_is_no_record(cut: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("torn")
    log = Log(folder, 7, "gw")
    log.append(SOME)
    log.close()
    (path,) = logs_of(folder, 7)
    path.write_bytes(path.read_bytes()[:-cut])
    assert kept(folder) == SOME[:2]
    log = Log(folder, 7, "gw")
    log.append(SOME[2:])
    log.close()
    assert kept(folder) == SOME


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "orders.ndjson"
    path.write_bytes(SOME[0].line + SOME[1].line.replace(b"accepted", b"believed"))
    with pytest.raises(BadOrders, match=r"orders\.ndjson, line 2: .*believed"):
        list(read_log(path))
    with pytest.raises(BadOrders, match=r"nowhere\.ndjson"):
        records_in(tmp_path / "nowhere.ndjson")


def test_two_gateways_never_write_to_one_log(tmp_path: Path) -> None:
    first, second = Log(tmp_path, 7, "gw"), Log(tmp_path, 7, "gw")
    first.append(SOME[:1])
    with pytest.raises(BadOrders, match="--state"):
        second.append(SOME[1:])
    first.close()
    second.append(SOME[1:])
    second.close()
    assert kept(tmp_path) == SOME


def test_what_a_store_said_counts_whatever_logs_have_begun_since(tmp_path: Path) -> None:
    """Gateways in other processes of one start may have kept their part already."""
    log = Log(tmp_path, 7, "gw-binhu-0")
    log.append(SOME[:1])
    log.close()
    past = past_of(CommandOptions(state=tmp_path, stored=tuple(SOME)), 7)
    assert (past.records, past.known, past.unkept) == (tuple(SOME), True, True)


def test_where_nothing_can_be_kept_is_known_before_anything_is(tmp_path: Path) -> None:
    assert Log(tmp_path / "not" / "yet", 7, "gw").is_writable
    (tmp_path / "file").write_text("")
    assert not Log(tmp_path / "file", 7, "gw").is_writable
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert not Log(tmp_path / "link", 7, "gw").is_writable
