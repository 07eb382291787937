"""A part that is stopped is started again, whatever happens meanwhile."""

import asyncio
import time
from pathlib import Path

import numpy as np
import pytest

from simulator.clock import Schedule, ScheduleOptions
from simulator.errors import OutageError
from simulator.incidents.outage import Commands, Interruption
from simulator.incidents.tricks import Hit

_NOTHING = np.empty(0, dtype=np.int64)


def _interruption(stop: tuple[str, ...], start: tuple[str, ...], lasts_s: float = 0.2) -> tuple[Interruption, Schedule]:
    schedule = ScheduleOptions().launched()
    begin = schedule.begin_ms
    hit = Hit(devices=_NOTHING, start_ms=begin, end_ms=begin + round(lasts_s * 1000))
    return Interruption(Commands(stop=stop, start=start), hit, schedule), schedule


def test_it_is_away_from_one_command_to_the_other(tmp_path: Path) -> None:
    gone, back = tmp_path / "gone", tmp_path / "back"
    one, schedule = _interruption(("touch", str(gone)), ("touch", str(back)))
    asyncio.run(one.run(asyncio.Event()))
    assert one.away is not None
    assert schedule.begin_ms <= one.away.start_ms <= one.away.gone_ms < one.away.end_ms <= time.time() * 1000
    assert one.away.end_ms >= schedule.begin_ms + 200
    assert back.stat().st_mtime_ns > gone.stat().st_mtime_ns


@pytest.mark.parametrize("how", ["stopped", "cancelled"])
def test_it_is_back_if_it_is_ended_early(tmp_path: Path, how: str) -> None:
    gone, back = tmp_path / "gone", tmp_path / "back"
    one, _ = _interruption(("touch", str(gone)), ("touch", str(back)), lasts_s=3600)

    async def main() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(one.run(stop))
        while not gone.exists():  # noqa: ASYNC110 - a file, no event
            await asyncio.sleep(0.01)
        assert not back.exists()
        if how == "stopped":
            stop.set()
        else:
            task.cancel()
        await asyncio.wait([task])

    asyncio.run(main())
    assert back.exists()
    assert (one.away is not None) == (how == "stopped")


def test_nothing_is_stopped_if_it_is_ended_before(tmp_path: Path) -> None:
    one, _ = _interruption(("touch", str(tmp_path / "gone")), ("touch", str(tmp_path / "back")))
    stop = asyncio.Event()
    stop.set()
    asyncio.run(one.run(stop))
    assert one.away is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("stop", "words"),
    [
        (("sh", "-c", "echo no such service >&2; exit 3"), ("--stop", "exit code 3", "no such service")),
        (("/nowhere/docker", "stop"), ("--stop", "/nowhere/docker", "No such file")),
    ],
)
def test_a_command_that_fails_is_named_and_the_part_is_started(
    tmp_path: Path, stop: tuple[str, ...], words: tuple[str, ...]
) -> None:
    back = tmp_path / "back"
    one, _ = _interruption(stop, ("touch", str(back)))
    with pytest.raises(OutageError) as error:
        asyncio.run(one.run(asyncio.Event()))
    assert all(word in str(error.value) for word in words)
    assert back.exists()


def test_what_a_command_leaves_running_does_not_hold_it_up(tmp_path: Path) -> None:
    one, _ = _interruption(("true",), ("sh", "-c", f"sleep 20 & echo $! > {tmp_path}/pid"))
    began = time.monotonic()
    asyncio.run(one.run(asyncio.Event()))
    assert time.monotonic() - began < 15
    assert one.away is not None
    asyncio.run(_kill((tmp_path / "pid").read_text(encoding="utf-8").strip()))


async def _kill(pid: str) -> None:
    await (await asyncio.create_subprocess_exec("kill", pid)).wait()
