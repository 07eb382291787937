"""Programs that a user names: what they say, what they leave running, and what becomes of those that are not done."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from simulator.programs import run_program, run_program_now
from tests.servers.process import gone, wait_until

#: Writes its own number, and that of what it leaves running, which keeps both streams.
LEAVES = "sleep 600 & echo $! > child; echo $$ > pid"


def number(folder: Path, name: str = "child") -> int:
    """A process's number, which may not have been written yet."""
    file = folder / name
    wait_until(lambda: file.exists() and file.read_text().endswith("\n"), deadline=60, what=name)
    return int(file.read_text())


def test_a_program_is_told_by_its_code_and_its_last_words(tmp_path: Path) -> None:
    script = "pwd; echo $WORD; i=0; while [ $i -lt 200 ]; do echo line $i >&2; i=$((i + 1)); done; echo at last; exit 3"
    ended = asyncio.run(run_program(["sh", "-c", script], limit_s=60, environ={"WORD": "x"}, folder=tmp_path))
    assert ended.code == 3
    assert ended.said.endswith("line 199\nat last")
    assert len(ended.said) <= 300
    script = "pwd; echo $WORD"
    ended = asyncio.run(run_program(["sh", "-c", script], limit_s=60, environ={"WORD": "x"}, folder=tmp_path))
    assert (ended.code, ended.said) == (0, f"{tmp_path}\nx")


def test_what_it_leaves_running_is_not_waited_for_and_runs_on(tmp_path: Path) -> None:
    ended = asyncio.run(run_program(["sh", "-c", LEAVES], limit_s=60, folder=tmp_path))
    child = psutil.Process(number(tmp_path))
    assert (ended.code, child.is_running()) == (0, True)
    child.kill()
    run_program_now(["sh", "-c", LEAVES], limit_s=60, folder=tmp_path)
    again = psutil.Process(number(tmp_path))
    assert again.pid != child.pid
    again.kill()


@pytest.mark.parametrize("how", ["too late", "nobody waits", "at once"])
def test_one_that_is_not_done_is_killed_with_all_that_it_started(tmp_path: Path, how: str) -> None:
    kills: list[Callable[[], None]] = []

    @contextlib.contextmanager
    def guard(kill: Callable[[], None]) -> Iterator[None]:
        kills.append(kill)
        try:
            yield
        finally:
            kills.remove(kill)

    async def main() -> None:
        limit_s = 10.0 if how == "too late" else 600.0
        argv = ["sh", "-c", f"{LEAVES}; wait"]
        work = asyncio.create_task(run_program(argv, limit_s=limit_s, folder=tmp_path, guard=guard))
        await asyncio.to_thread(number, tmp_path, "pid")
        if how == "nobody waits":
            work.cancel()
        elif how == "at once":
            kills[0]()
        (found,) = await asyncio.gather(work, return_exceptions=True)
        expected = {"too late": TimeoutError, "nobody waits": asyncio.CancelledError}
        if how in expected:
            assert isinstance(found, expected[how])
        else:
            assert not isinstance(found, BaseException)
            assert found.code < 0

    asyncio.run(main())
    assert not kills
    wait_until(lambda: gone(number(tmp_path)) and gone(number(tmp_path, "pid")), deadline=60, what="both gone")


def test_one_that_is_not_there_is_an_error_and_nothing_at_the_end(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        asyncio.run(run_program(["/nowhere/docker", "stop"], limit_s=60))
    run_program_now(["/nowhere/docker", "stop"], limit_s=60)
