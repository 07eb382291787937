"""The pipelines of docs/examples/certify-*.toml on free ports, with a short schedule."""

import json
import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.end_to_end.park import HERE, PARK, ROOT
from tests.servers.find import require
from tests.servers.process import free_port

EXAMPLES = ROOT / "docs" / "examples"
_PORT = re.compile(r"\b21\d{3}\b")


@dataclass(frozen=True, kw_only=True)
class Example:
    """One of them, in a folder of its own.

    Attributes:
        file: to be given to `park certify`.
        ports: by those of the example.
        environ: in which its programs are found.
    """

    file: Path
    ports: dict[str, int]
    environ: dict[str, str]

    def only(self, fault: str, *names: str) -> None:
        """Of these parts only this fault, and none of any other part or relay."""
        for table in re.findall(r"^\[(?:parts|relays)\.([a-z-]+)\]$", self.file.read_text(), re.MULTILINE):
            chosen = f'["{fault}"]' if table in names else "[]"
            text = self.file.read_text()
            self.file.write_text(re.sub(rf"(?m)^(\[\w+\.{table}\])$", rf"\1\nfaults = {chosen}", text))

    def certified(self, *options: str, code: int) -> dict[str, Any]:
        """Run it to its end, which has this exit code; the ledger."""
        argv = [*PARK, "certify", str(self.file), *options]
        environ = {**os.environ, **HERE, **self.environ}
        done = subprocess.run(
            argv, cwd=self.file.parent, env=environ, capture_output=True, text=True, timeout=400, check=False
        )
        assert done.returncode == code, done.stderr
        ledger: dict[str, Any] = json.loads((self.file.parent / "park-certify.json").read_text())
        return ledger

    def change(self, old: str, new: str) -> None:
        """Write something else into the file."""
        text = self.file.read_text()
        assert old in text, old
        self.file.write_text(text.replace(old, new))


def example(name: str, folder: Path, programs: Sequence[str], *, path: str) -> Example:
    """An example of the docs, whose faults last a second and come soon.

    Args:
        name: of the file.
        folder: takes it, and what it refers to.
        programs: that have to be there.
        path: the PATH so far.
    """
    found = {str(require(program).parent) for program in programs}
    ports: dict[str, int] = {}
    for source in (name, "certify-mosquitto.conf", "telegraf.conf"):
        text = (EXAMPLES / source).read_text()
        for port in _PORT.findall(text):
            ports.setdefault(port, free_port())
        (folder / source).write_text(_PORT.sub(lambda match: str(ports[match[0]]), text))
    one = Example(file=folder / name, ports=ports, environ={"PATH": ":".join([path, *sorted(found)])})
    # The broker saves a new session within a second, so that it need not be left alone for long.
    broker = folder / "certify-mosquitto.conf"
    broker.write_text(broker.read_text().replace("autosave_interval 5", "autosave_interval 1"))
    one.change("[schedule]", '[schedule]\nsettle = "3s"')
    one.change('lasting = ["2s", "5s"]', 'lasting = ["1s", "1500ms"]')
    one.change('rest = ["3s", "6s"]', 'rest = ["500ms", "1s"]')
    one.change("rate = 500", 'rate = 300\nlate = "2s"')
    return one
