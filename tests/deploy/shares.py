"""What each image of deploy/Dockerfile is given, as an environment beside the checkout: its packages, and no others."""

import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.deploy.program import ROOT
from tests.end_to_end.test_wheel import absent, call_uv, find_uv

IMAGES = ("ingester", "simulator", "tools")
PARK = "from park_cli.start import main; main()"
Table = dict[str, Any]
Package = tuple[str, str]  # name and version; of some there are two, for older and newer versions of Python


@cache
def project() -> Table:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@cache
def locked() -> dict[Package, Table]:
    """The packages of uv.lock."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    return {(package["name"], package["version"]): package for package in lock["package"]}


def named(requirement: str) -> str:
    """The package that a requirement names."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return found[0].lower().replace("_", "-")


def group(name: str) -> set[str]:
    """What a group of pyproject.toml names, with what it includes."""
    found: set[str] = set()
    for one in project()["dependency-groups"][name]:
        found |= group(one["include-group"]) if isinstance(one, dict) else {named(one)}
    return found


def requirements(image: str) -> str:
    """Every package of an image, pinned with its hashes: what the Dockerfile's `uv sync` installs."""
    uv = find_uv()
    if uv is None:
        absent("uv is neither on PATH nor in .park/uv")
    of = ["--no-dev", "--no-emit-project"] if image == "park" else ["--only-group", image]
    asked = [str(uv), "export", "--project", str(ROOT), "--frozen", "--quiet", "--no-header", "--no-annotate", *of]
    return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout


def pinned(image: str) -> set[Package]:
    """Every package of an image, on this platform or any other."""
    return set(re.findall(r"^([a-z0-9.-]+)==([^\s;\\]+)", requirements(image), re.MULTILINE))


@dataclass(frozen=True, kw_only=True)
class Share:
    """An environment with an image's packages; our code is the checkout's."""

    image: str
    env: Path

    @property
    def python(self) -> str:
        return str(self.env / "bin" / "python")

    def park(self, *arguments: str) -> list[str]:
        """The command `park`, as words to be run."""
        return [self.python, "-c", PARK, *arguments]

    def program(self, name: str, *arguments: str) -> list[str]:
        """A program of deploy/, as words to be run."""
        return [self.python, str(ROOT / "deploy" / name), *arguments]


def install(image: str, folder: Path) -> Share:
    """Make the environment."""
    uv = find_uv()
    assert uv is not None
    share = Share(image=image, env=folder / image)
    listed = folder / f"{image}.txt"
    listed.write_text(requirements(image), encoding="utf-8")
    call_uv(uv, "venv", "--quiet", "--python", sys.executable, share.env)
    call_uv(uv, "pip", "sync", "--quiet", "--require-hashes", "--python", share.python, listed)
    (place,) = (share.env / "lib").glob("python*/site-packages")
    (place / "checkout.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    return share
