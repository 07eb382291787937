"""What is shipped is pinned and told: base images by digest, packages by hash, their renewal, and inventories."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.program import ROOT
from tests.deploy.shares import IMAGES, locked, pinned

PIN = re.compile(r"([a-z0-9./-]+):([\w.-]+)@(sha256:[0-9a-f]{64})")
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8").splitlines()
BAKE = (ROOT / "deploy" / "docker-bake.hcl").read_text(encoding="utf-8")
NEW = "sha256:" + "5" * 64


def load(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def pinning_files() -> list[Path]:
    return [
        ROOT / "deploy" / "compose.pinned.yaml",
        ROOT / "deploy" / "docker-bake.hcl",
        *(ROOT / "deploy" / "kubernetes").rglob("*.yaml"),
    ]


# --- images


def test_an_image_has_one_digest_wherever_it_is_pinned() -> None:
    found: dict[str, set[tuple[str, str]]] = {}
    for path in pinning_files():
        for name, tag, digest in PIN.findall(path.read_text(encoding="utf-8")):
            found.setdefault(name, set()).add((tag, digest))
    assert set(found) == {"python", "eclipse-mosquitto", "influxdb", "grafana/grafana"}
    assert {name: len(pins) for name, pins in found.items()} == dict.fromkeys(found, 1)


def test_kubernetes_runs_images_of_others_by_digest_alone() -> None:
    images = re.findall(
        r"^\s+image: (\S+)$",
        "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "deploy" / "kubernetes").rglob("*.yaml")),
        re.MULTILINE,
    )
    others = [image for image in images if not image.startswith("sensing-park")]
    assert len(others) == 3
    assert all(PIN.fullmatch(image) for image in others)


def test_the_pinned_compose_leaves_no_image_of_others_to_a_tag() -> None:
    services, pins = load("compose.yaml")["services"], load("deploy/compose.pinned.yaml")["services"]
    assert set(pins) == {
        name for name, one in services.items() if "build" in one or not one["image"].startswith("sensing-park")
    }
    for name, pin in pins.items():
        said = pin["build"]["args"]["PYTHON"] if "build" in services[name] else pin["image"]
        assert PIN.fullmatch(said), name
        if "image" in pin:
            assert said.split(":")[0] == services[name]["image"].split(":")[0]


def test_both_compose_files_together_are_valid() -> None:
    docker = shutil.which("docker")
    asked = [
        "docker",
        "compose",
        "-f",
        "compose.yaml",
        "-f",
        "deploy/compose.pinned.yaml",
        "config",
        "--format",
        "json",
    ]
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("docker compose is not on PATH")
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    services = json.loads(done.stdout)["services"]
    assert services["rollup"]["build"]["target"] == "simulator"
    assert PIN.fullmatch(services["rollup"]["build"]["args"]["PYTHON"])


def test_every_stage_begins_with_the_one_base_image() -> None:
    stages = re.findall(r"^FROM (\S+) AS (\S+)$", "\n".join(DOCKERFILE), re.MULTILINE)
    assert len(stages) == sum(line.startswith("FROM ") for line in DOCKERFILE)
    before = {"${PYTHON}"}
    for base, name in stages:
        assert base in before
        before.add(name)
    (default,) = [line.removeprefix("ARG PYTHON=") for line in DOCKERFILE if line.startswith("ARG ")]
    (pin,) = PIN.findall(BAKE)
    assert default == f"{pin[0]}:{pin[1]}"


def test_what_an_image_is_given_is_pinned_by_hash() -> None:
    installs = [line for line in DOCKERFILE if "install" in line and line.startswith("RUN ")]
    assert all("--require-hashes" in line or "--no-deps --offline" in line for line in installs if "pip " in line)
    assert any("UV_FROZEN=1" in line for line in DOCKERFILE)
    syncs = [line for line in DOCKERFILE if line.startswith("RUN uv sync")]
    assert {line.rpartition("--only-group ")[2] for line in syncs[:-1]} == {*IMAGES, "build"}
    assert syncs[-1] == "RUN uv sync --no-dev --no-install-project"


def test_every_image_is_built_for_both_platforms() -> None:
    targets = set(re.findall(r'^target "(\w+)"', BAKE, re.MULTILINE)) - {"_image"}
    assert targets == {*IMAGES, "park"}
    assert re.search(r'platforms += \["linux/amd64", "linux/arm64"\]', BAKE)
    assert re.search(r'attest += \["type=provenance,mode=max", "type=sbom"\]', BAKE)
    stages = {line.rpartition(" AS ")[2] for line in DOCKERFILE if line.startswith("FROM ")}
    assert targets <= stages


# --- their renewal


def renewed(tmp_path: Path, answer: str, *arguments: str) -> tuple[subprocess.CompletedProcess[str], Path]:
    """`scripts/pin-images` in a copy, with a registry of one answer in docker's place."""
    copy, programs = tmp_path / "copy", tmp_path / "programs"
    (copy / "deploy").mkdir(parents=True)
    programs.mkdir()
    for name in ("scripts", "deploy/kubernetes"):
        shutil.copytree(ROOT / name, copy / name)
    for name in ("deploy/compose.pinned.yaml", "deploy/docker-bake.hcl"):
        shutil.copy(ROOT / name, copy / name)
    docker = programs / "docker"
    docker.write_text(
        f'#!/bin/sh\n[ "$1 $2 $3" = "buildx imagetools inspect" ] || exit 9\n{answer}\n', encoding="utf-8"
    )
    docker.chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [str(copy / "scripts" / "pin-images"), *arguments],
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done, copy


def digests(root: Path) -> set[str]:
    texts = [path.read_text(encoding="utf-8") for path in root.rglob("*") if path.suffix in {".yaml", ".hcl"}]
    return {digest for text in texts for _, _, digest in PIN.findall(text)}


def test_the_digests_are_renewed_in_every_file(tmp_path: Path) -> None:
    done, copy = renewed(tmp_path, f"echo {NEW}")
    assert done.returncode == 0, done.stderr
    assert digests(copy) == {NEW}
    assert "influxdb:2.9.1" in done.stderr


def test_what_would_be_renewed_is_told_without_a_change(tmp_path: Path) -> None:
    done, copy = renewed(tmp_path, f"echo {NEW}", "--check")
    assert done.returncode == 1
    assert "some tags name other images now" in done.stderr
    assert NEW not in digests(copy)


@pytest.mark.parametrize("answer", ["exit 1", "echo nothing", "echo sha256:12"])
def test_a_registry_that_does_not_answer_changes_nothing(tmp_path: Path, answer: str) -> None:
    before = digests(ROOT / "deploy")
    done, copy = renewed(tmp_path, answer)
    assert done.returncode == 1
    assert digests(copy / "deploy") == before


# --- inventories


@pytest.fixture(scope="module")
def inventories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("sbom")
    done = subprocess.run([str(ROOT / "scripts/sbom"), str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {path.name.removesuffix(".cdx.json"): json.loads(path.read_text()) for path in folder.iterdir()}


def test_there_is_an_inventory_of_each_image(inventories: dict[str, Any]) -> None:
    assert set(inventories) == {*(f"sensing-park-{image}" for image in IMAGES), "sensing-park"}


@pytest.mark.parametrize("image", [*IMAGES, "park"])
def test_an_inventory_names_what_the_image_is_given_and_where_it_is_from(
    inventories: dict[str, Any], image: str
) -> None:
    inventory = inventories["sensing-park" if image == "park" else f"sensing-park-{image}"]
    assert (inventory["bomFormat"], inventory["specVersion"]) == ("CycloneDX", "1.5")
    told = {(one["name"], one["version"]): one for one in inventory["components"]}
    assert set(told) == pinned(image)
    for (name, version), one in told.items():
        assert one["purl"] == f"pkg:pypi/{name}@{version}"
        hashes = {
            f"sha256:{known['content']}"
            for reference in one["externalReferences"]
            for known in reference["hashes"]
            if known["alg"] == "SHA-256"
        }
        package = locked()[name, version]
        sources = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        assert hashes == {source["hash"] for source in sources}, name
