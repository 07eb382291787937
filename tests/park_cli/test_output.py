"""Where `park generate` writes."""

import subprocess
import sys
from pathlib import Path

PARK = [sys.executable, "-c", "from park_cli.main import main; main()"]
ONE = ["generate", "--devices", "1", "--kind", "soil_probe", "--interval", "1h", "--start", "2026-01-02T00:00:00Z"]


def test_a_pipe_is_written_to_and_a_link_stays_a_link(tmp_path: Path) -> None:
    pipe, file, link = (tmp_path / name for name in ("pipe", "file", "link"))
    subprocess.run(["mkfifo", str(pipe)], check=True)
    link.symlink_to(file)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reader:
        subprocess.run([*PARK, *ONE, "--output", str(pipe)], check=True, timeout=60)
        piped, _ = reader.communicate(timeout=60)
    subprocess.run([*PARK, *ONE, "--output", str(link)], check=True, timeout=60)
    assert pipe.is_fifo()
    assert link.is_symlink()
    assert piped == file.read_bytes() != b""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link", "pipe"]
