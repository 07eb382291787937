"""What the pages tell their reader to run can be run.

Each command of ours exists and has the options that a page gives it, each service of compose.yaml has the name that a
page calls it by, and each block of shell is run, but where the comment above it says who runs it, or why nobody does:

    <!-- run by tests/deploy/test_operating.py -->
    <!-- not run: runs until it is stopped -->
"""

import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from park_cli.main import app
from tests.pages import Page, Shell, pages
from tests.servers.mosquitto import Mosquitto

ROOT = Path(__file__).parents[1]
PAGES = pages(ROOT)

_PLACEHOLDER = re.compile(r"\.\.\.|[A-Z]{2,}")
_RUN_BY, _NOT_RUN = "run by ", "not run: "


def commands(page: Page) -> list[list[str]]:
    """Every command of a page, in blocks and between backticks, as words."""
    lines = [line for shell in page.shells for line in shell.commands] + page.code
    return [words for line in lines for words in split(line) if words]


def split(line: str) -> list[list[str]]:
    """The commands of a line, without the variables that are set before them; none of what is no shell."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found: list[list[str]] = [[]]
    try:
        for word in lexer:
            if set(word) <= set("();<>|&"):
                found.append([])
            elif found[-1] or not re.fullmatch(r"[A-Z_0-9]+=\S*", word):
                found[-1].append(word)
    except ValueError:
        return []
    return found


def options(words: list[str]) -> list[str]:
    """The long options among the words, without their values."""
    return [word.partition("=")[0] for word in words if re.match(r"--[a-z]", word)]


# --- the command line


def wrong_park(words: list[str]) -> str | None:
    """What of `park ...` does not exist."""
    command: Any = typer.main.get_command(app)
    known = _options(command)
    names = [word for word in words[1:] if not word.startswith("-")]
    while hasattr(command, "get_command") and names and not _PLACEHOLDER.fullmatch(names[0]):
        name = names.pop(0)
        command = command.get_command(None, name)
        if command is None:
            return f"{name}: no such command"
        known |= _options(command)
    return next((f"{option}: no such option" for option in options(words) if option not in known), None)


def _options(command: Any) -> set[str]:
    return {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help"}


# --- programs of bench


def wrong_bench(words: list[str]) -> str | None:
    """What of `python -m bench.NAME ...` does not exist."""
    module, asked = words[2], options(words)
    if not asked:
        return None  # that it exists, test_links.py holds
    chosen = [word for word in words[3:4] if not word.startswith("-")]
    text = _help(module, *chosen)
    return next((f"{option}: no such option" for option in asked if not re.search(rf"{option}\b", text)), None)


@cache
def _help(module: str, *chosen: str) -> str:
    asked = [sys.executable, "-m", module, *chosen, "--help"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    return done.stdout + done.stderr


# --- compose


def wrong_compose(words: list[str]) -> str | None:
    """Which service of `docker compose VERB ... SERVICE` does not exist."""
    rest = [word for word in words[2:] if not word.startswith("-") and not _PLACEHOLDER.fullmatch(word)]
    if "--profile" in words:
        rest = rest[1:]
    if "--timeout" in words:
        rest = [word for word in rest if not word.isdigit()]
    if not rest:
        return None
    verb, *names = rest
    if verb in {"run", "exec"}:
        if "--entrypoint" in words:
            names = names[1:]
        names = names[:1]
    elif verb in {"ps", "config", "down"}:
        names = []
    return next((f"{name}: no such service" for name in names if name not in _services()), None)


@cache
def _services() -> dict[str, object]:
    services: dict[str, object] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    return services


# --- together


def wrong(words: list[str]) -> str | None:
    """What of a command does not exist; None if all does, or if it is not ours."""
    match words:
        case ["park", *_]:
            return wrong_park(words)
        case ["python" | "python3", "-m", module, *_] if module.startswith("bench."):
            return wrong_bench(words)
        case ["docker", "compose", *_]:
            return wrong_compose(words)
    return None


@pytest.mark.deadline(400)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_their_options_exist(page: Page) -> None:
    assert [f"{shlex.join(words)}: {said}" for words in commands(page) if (said := wrong(words))] == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("park simluate --devices 3", "simluate: no such command"),
        ("park simulate --devcies 3", "--devcies: no such option"),
        ("park dead-letters shwo", "shwo: no such command"),
        ("park COMMAND --help", None),
        ("python -m bench.memory --divices 3", "--divices: no such option"),
        ("python -m bench.memory --devices 3", None),
        ("docker compose run --rm lode", "lode: no such service"),
        ("docker compose exec ingester cat /nowhere", None),
    ],
)
def test_a_planted_error_is_caught(line: str, said: str | None) -> None:
    assert wrong(shlex.split(line)) == said


BLOCKS = [(page, shell) for page in PAGES for shell in page.shells]


@pytest.fixture
def broker(request: pytest.FixtureRequest, shell: Shell) -> str:
    """The address of a real broker, for a block that asks for one."""
    if "$BROKER" not in shell.text or shell.mark:
        return ""
    mosquitto: Mosquitto = request.getfixturevalue("mosquitto")
    return mosquitto.url


@pytest.mark.deadline(400)
@pytest.mark.parametrize(("page", "shell"), BLOCKS, ids=[f"{page.name}:{shell.line}" for page, shell in BLOCKS])
def test_a_block_of_shell_runs_or_says_why_not(page: Page, shell: Shell, broker: str, tmp_path: Path) -> None:
    if shell.mark.startswith(_NOT_RUN):
        assert len(shell.mark) > len(_NOT_RUN) + 10, "a reason, please"
        return
    if shell.mark.startswith(_RUN_BY):
        by = ROOT / shell.mark.removeprefix(_RUN_BY)
        assert page.path.name in by.read_text(encoding="utf-8"), f"{by} does not speak of {page.name}"
        return
    assert shell.mark == "", f"{shell.mark!r} is neither of {_RUN_BY!r} and {_NOT_RUN!r}"
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    env = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "BROKER": broker}
    done = subprocess.run(
        ["sh", "-eu", "-c", shell.text], cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
