"""The packages' arrows, held by reading every import.

park <- sectors <- {simulator, ingest, dashboards, controller} <- park_cli; mqttlink stands below simulator and ingest
and knows nothing of the park; no sector knows another; a client library appears in one file of each program.
"""

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Which of our packages a package may import.
ARROWS: dict[str, set[str]] = {
    "park": set(),
    "mqttlink": set(),
    "sectors": {"park"},
    "simulator": {"park", "sectors", "mqttlink"},
    "ingest": {"park", "sectors", "mqttlink"},
    "dashboards": {"park", "sectors"},
    "controller": {"park", "sectors"},
    "park_cli": {"park", "sectors", "mqttlink", "simulator", "ingest", "dashboards", "controller"},
}

# The only files that may import a module. Our tests and benchmarks may import anything.
HOMES: dict[str, tuple[str, ...]] = {
    # The codec's values (a will, a reason code) are the words of the link, so its two users speak them.
    "mqtt5": (
        "mqttlink/*",
        "simulator/publish.py",
        "simulator/connections/link.py",
        "ingest/receive.py",
        "park_cli/requester.py",
    ),
    # influxdb-client speaks by it, and so has its errors.
    "urllib3": ("ingest/stores/influxdb/scan.py", "ingest/stores/influxdb/setup.py"),
    "influxdb_client": ("ingest/stores/influxdb/setup.py",),
    "duckdb": (
        "ingest/stores/duckdb/*.py",
        "dashboards/sources/duckdb.py",
        "simulator/dataset/parquet.py",
    ),
    "pyarrow": ("simulator/dataset/arrow.py",),
    "grafana_foundation_sdk": ("dashboards/grafana/*",),
    "nicegui": ("dashboards/viewer*.py",),
    "holidays": ("simulator/world/calendar.py",),
    "prometheus_client": ("ingest/metrics.py",),
    "typer": ("park_cli/*",),
    "rich": ("park_cli/*",),
    # simulator/broker.py says where a broker is and whom to trust, packets.py writes; publish.py alone connects, and
    # the folder of devices that connect for themselves.
    "mqttlink": (
        "mqttlink/*",
        "simulator/broker.py",
        "simulator/packets.py",
        "simulator/publish.py",
        "simulator/connections/*.py",
        "ingest/receive.py",
        # What an address may be, and what an error may repeat of one, is the same for a store's.
        "ingest/stores/__init__.py",
        "ingest/stores/influxdb/url.py",
        "park_cli/*",
    ),
    # The ingester serves real hardware: physics is the simulator's business, and the models' own.
    "sectors.*.model": ("simulator/*", "sectors/*"),
    # aiomqtt stands on it, and takes its properties of MQTT 5.
    "paho": ("controller/link.py",),
    "aiomqtt": ("controller/link.py",),
}

# What does input and output, or keeps time: nothing for the contract, which is data and pure functions.
IMPURE = {
    *("asyncio", "socket", "ssl", "select", "selectors", "subprocess", "multiprocessing", "threading"),
    *("urllib", "http", "httpx", "aiohttp", "urllib3", "requests", "sqlite3", "os", "io", "shutil", "tempfile", "time"),
    *("random", "secrets", "logging", "structlog", "signal", "mqtt5", "influxdb_client", "duckdb"),
}


@dataclass(frozen=True, kw_only=True)
class Import:
    """One imported module, or name of a module, and where."""

    path: str
    line: int
    module: str

    @property
    def package(self) -> str:
        return self.path.split("/", maxsplit=1)[0]

    @property
    def top(self) -> str:
        return self.module.split(".", maxsplit=1)[0]


def imports_of(root: Path) -> Iterator[Import]:
    """Every import of our packages under root, absolute and relative, wherever in a file it stands."""
    for package in ARROWS:
        for file in sorted((root / package).rglob("*.py")):
            path = file.relative_to(root).as_posix()
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), path)):
                for module in modules_of(node, path):
                    yield Import(path=path, line=getattr(node, "lineno", 0), module=module)


def modules_of(node: ast.AST, path: str) -> list[str]:
    """The modules that a statement imports; of `from a import b` both a and a.b, as b may be a module."""
    match node:
        case ast.Import():
            return [alias.name for alias in node.names]
        case ast.ImportFrom():
            folder = path.split("/")[: -node.level] if node.level else []
            base = ".".join([*folder, *([node.module] if node.module else [])])
            return [base, *(f"{base}.{alias.name}" for alias in node.names)]
        case ast.Call(func=ast.Name(id="__import__" | "import_module") | ast.Attribute(attr="import_module")):
            return [name for arg in node.args[:1] if (name := spelled(arg))]
    return []


def spelled(name: ast.expr) -> str:
    """A module's name that is given as text; what is put in by the program is a star."""
    match name:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(spelled(part) or "*" for part in parts)
    return ""


def within(module: str, pattern: str) -> bool:
    """Whether the module is the pattern's or lies under it."""
    depth = pattern.count(".") + 1
    return fnmatchcase(".".join(module.split(".")[:depth]), pattern)


def arrow_violations(root: Path) -> list[str]:
    """Imports of our packages against the arrows."""
    return [
        f"{found.path}:{found.line}: {found.package} may not import {found.module}"
        for found in imports_of(root)
        if found.top in ARROWS and found.top not in ARROWS[found.package] | {found.package}
    ]


def home_violations(root: Path) -> list[str]:
    """Imports of a module outside the files that are its home."""
    return [
        f"{found.path}:{found.line}: {found.module} belongs in {', '.join(homes) or 'no program'}"
        for found in imports_of(root)
        for pattern, homes in HOMES.items()
        if within(found.module, pattern) and not any(fnmatchcase(found.path, home) for home in homes)
    ]


def purity_violations(root: Path) -> list[str]:
    """Imports of the contract that could do input or output."""
    return [
        f"{found.path}:{found.line}: park does no input or output, and imports {found.module}"
        for found in imports_of(root)
        if found.package == "park" and found.top in IMPURE
    ]


def sector_violations(root: Path) -> list[str]:
    """Imports of a sector by another: what they share is the world."""
    return [
        f"{found.path}:{found.line}: a sector knows no other, and imports {found.module}"
        for found in imports_of(root)
        if found.path.count("/") > 1
        and within(found.module, "sectors.*")
        and found.module.split(".")[:2] != found.path.split("/")[:2]
        and found.package == "sectors"
    ]


RULES = [arrow_violations, home_violations, purity_violations, sector_violations]


@pytest.mark.parametrize("violations", RULES)
def test_imports_keep_the_arrows(violations: Callable[[Path], list[str]]) -> None:
    assert violations(ROOT) == []


def test_every_package_is_read() -> None:
    assert {found.package for found in imports_of(ROOT)} == set(ARROWS)
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} == {*ARROWS, "tests", "bench"}


def test_every_package_is_built_and_checked() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert set(tools["hatch"]["build"]["targets"]["wheel"]["packages"]) == set(ARROWS)
    assert set(tools["mypy"]["packages"]) == {*ARROWS, "tests", "bench"}
    copied = re.findall(r"^COPY (\w+) \1$", (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(copied) == set(ARROWS)


def test_a_file_that_is_named_as_a_home_is_one() -> None:
    every = {(found.path, module) for found in imports_of(ROOT) for module in HOMES if within(found.module, module)}
    named = {(home, module) for module, homes in HOMES.items() for home in homes if "*" not in home}
    assert named - every == set()


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("sectors/energy/load.py", "from sectors.transport import timetable", "knows no other"),
        ("sectors/energy/load.py", "from ..transport import timetable", "knows no other"),
        ("sectors/energy/load.py", "from sectors import KINDS", "knows no other"),
        (
            "ingest/a.py",
            "def f(x):\n    return import_module(f'sectors.{x}.model').MODEL",
            "sectors.*.model belongs in",
        ),
        ("park/rejection.py", "import simulator.clock", "park may not import simulator.clock"),
        ("ingest/decode.py", "from simulator import ledger", "ingest may not import simulator"),
        ("ingest/a.py", "def f():\n    from park_cli.main import main", "ingest may not import park_cli.main"),
        ("mqttlink/client/link.py", "from park.topics import shared", "mqttlink may not import park.topics"),
        ("dashboards/a.py", "import mqttlink", "dashboards may not import mqttlink"),
        ("controller/a.py", "import simulator.commands", "controller may not import simulator.commands"),
        ("controller/engine.py", "import aiomqtt", "aiomqtt belongs in controller/link.py"),
        ("simulator/fleet.py", "import mqttlink", "mqttlink belongs in"),
        ("ingest/decode.py", "from sectors.energy.model import step", "sectors.energy.model belongs in"),
        ("ingest/decode.py", "from sectors.energy import model", "sectors.energy.model belongs in"),
        ("ingest/write.py", "import urllib3.util", "urllib3.util belongs in"),
        ("dashboards/rules.py", "from duckdb import connect", "duckdb belongs in"),
        ("ingest/decode.py", "import mqtt5", "mqtt5 belongs in mqttlink"),
        (
            "simulator/a.py",
            "import importlib\nimportlib.import_module('paho.mqtt')",
            "paho.mqtt belongs in controller/link.py",
        ),
        ("park/topics.py", "import asyncio", "imports asyncio"),
        ("park/codecs/json/read.py", "from urllib import request", "imports urllib"),
    ],
)
def test_a_planted_violation_is_caught(tmp_path: Path, path: str, text: str, said: str) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(f"{text}\n", encoding="utf-8")
    found = [violation for rule in RULES for violation in rule(tmp_path)]
    assert any(said in violation for violation in found), found


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("simulator/publish.py", "from mqttlink import connect\nfrom park.topics import telemetry_topic"),
        ("simulator/fleet.py", "from sectors.energy.model import step"),
        ("sectors/energy/model.py", "import numpy as np\nfrom . import catalogue\nfrom ...model import Model"),
        ("ingest/stores/influxdb/scan.py", "from urllib3.util import Timeout"),
        ("park_cli/main.py", "import simulator.publish, ingest.receive, dashboards.viewer, mqttlink.broker.server"),
        ("dashboards/viewer_page.py", "from nicegui import ui"),
    ],
)
def test_what_the_arrows_allow_is_not_reported(tmp_path: Path, path: str, text: str) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(f"{text}\n", encoding="utf-8")
    assert [violation for rule in RULES for violation in rule(tmp_path)] == []
