"""scripts/release: a version that all files agree on, and what is served of it, made twice alike."""

import hashlib
import os
import re
import shutil
import subprocess
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.deploy.program import ROOT
from tests.end_to_end.test_wheel import absent, find_uv

pytestmark = pytest.mark.deadline(400)

FILES = ("CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml", "uv.lock", ".gitignore")
FOLDERS = ("scripts", "deploy/kubernetes", "park", "park_cli")
AUTHOR = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}


def call(folder: Path, *argv: str, code: int = 0) -> str:
    """Run a program in the copy; what it says."""
    uv, kept = find_uv(), ("HOME", "UV_CACHE_DIR", "XDG_CACHE_HOME")
    path = os.environ["PATH"] if uv is None else f"{Path(uv).parent}{os.pathsep}{os.environ['PATH']}"
    env = {name: os.environ[name] for name in kept if name in os.environ}
    env |= {"PATH": path, "UV_OFFLINE": "1", **AUTHOR}
    done = subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == code, f"{argv}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A repository with what a release touches, committed; the wheel has two packages of ours."""
    if find_uv() is None:
        absent("uv is neither on PATH nor in .park/uv")
    folder = tmp_path / "copy"
    (folder / "deploy").mkdir(parents=True)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    settings = (folder / "pyproject.toml").read_text(encoding="utf-8")
    packages = re.sub(
        r"^packages = \[\"park\".*$", 'packages = ["park", "park_cli"]', settings, count=1, flags=re.MULTILINE
    )
    (folder / "pyproject.toml").write_text(packages, encoding="utf-8")
    call(folder, "git", "init", "--quiet")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    call(folder, "git", "add", "--all")
    call(folder, "git", "commit", "--quiet", "--message", "x")


def test_every_file_is_given_the_version(copy: Path) -> None:
    call(copy, "./scripts/release", "prepare", "9.8.7")
    project = tomllib.loads((copy / "pyproject.toml").read_text(encoding="utf-8"))
    (locked,) = [
        package
        for package in tomllib.loads((copy / "uv.lock").read_text(encoding="utf-8"))["package"]
        if package["name"] == "sensing-park"
    ]
    assert project["project"]["version"] == locked["version"] == "9.8.7"
    assert re.search(
        r"^## \[Unreleased\]\n\n## \[9\.8\.7\] - \d{4}-\d\d-\d\d\n\n", (copy / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    kustomization = (copy / "deploy/kubernetes/base/kustomization.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"newTag: (.*)", kustomization)) == {"9.8.7"}
    changed = call(copy, "git", "diff", "--name-only").split()
    assert changed == ["CHANGELOG.md", "deploy/kubernetes/base/kustomization.yaml", "pyproject.toml", "uv.lock"]


@pytest.mark.parametrize(
    ("version", "said"), [("", "which version"), ("v1", "which version"), ("0.1.0", "has 0.1.0 already")]
)
def test_a_version_that_cannot_be_is_refused(copy: Path, version: str, said: str) -> None:
    assert said in call(copy, "./scripts/release", "prepare", version, code=1)
    assert call(copy, "git", "status", "--porcelain") == ""


def test_what_is_not_committed_is_not_built(copy: Path) -> None:
    (copy / "README.md").write_text("changed", encoding="utf-8")
    for words in (["build"], ["prepare", "9.8.7"]):
        assert "not committed" in call(copy, "./scripts/release", *words, code=1)


def test_what_the_changelog_does_not_tell_is_not_built(copy: Path) -> None:
    changes = (copy / "CHANGELOG.md").read_text(encoding="utf-8")
    (copy / "CHANGELOG.md").write_text(re.sub(r"^## \[\d.*\n", "", changes, flags=re.MULTILINE), encoding="utf-8")
    commit(copy)
    assert "prepare first" in call(copy, "./scripts/release", "build", code=1)


def test_the_same_commit_gives_the_same_bytes(copy: Path) -> None:
    call(copy, "./scripts/release", "prepare", "9.8.7")
    commit(copy)
    call(copy, "./scripts/release", "build")
    first = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (copy / "dist").iterdir()}
    call(copy, "./scripts/release", "build")
    again = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (copy / "dist").iterdir()}
    made = {"sensing_park-9.8.7-py3-none-any.whl", "sensing_park-9.8.7.tar.gz"}
    assert set(first) == {
        *made,
        *(f"sensing-park{of}.cdx.json" for of in ("", "-ingester", "-simulator", "-tools")),
        "SHA256SUMS",
    }
    assert {name: first[name] for name in made} == {name: again[name] for name in made}
    lines = [line.split() for line in (copy / "dist/SHA256SUMS").read_text(encoding="utf-8").splitlines()]
    sums = {name: digest for digest, name in lines}
    assert {f"./{name}": digest for name, digest in again.items() if name != "SHA256SUMS"} == sums
    with zipfile.ZipFile(copy / "dist/sensing_park-9.8.7-py3-none-any.whl") as wheel:
        assert "sensing_park-9.8.7.dist-info/METADATA" in wheel.namelist()
