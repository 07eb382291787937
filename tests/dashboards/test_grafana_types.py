"""Every panel's options are of the types that Grafana publishes for the version that compose.yaml serves.

The types come from npm, as `@grafana/schema`, and TypeScript judges; without npm or a registry the test is left out.
"""

import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards import grafana
from dashboards.definitions import dashboards

ROOT = Path(__file__).parents[2]
TYPESCRIPT = "typescript@5.6.3"
#: JSON has the values of enumerations, which TypeScript does not take for their members.
ENUMERATION = re.compile(r"export declare enum (\w+) \{(.*?)\n\}", re.DOTALL)
VALUE = re.compile(r'= ("[^"]*"|-?\d+)')

pytestmark = pytest.mark.deadline(300)


def served() -> str:
    """The version of Grafana's image."""
    services = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    return str(services["grafana"]["image"].partition(":")[2])


def fetched(package: str, into: Path) -> Path:
    """A package of npm, unpacked."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("npm or node is not on PATH")
    into.mkdir()
    asked = [npm, "pack", "--json", "--fetch-retries=0", "--fetch-timeout=60000", package]
    try:
        packed = subprocess.run(asked, cwd=into, capture_output=True, text=True, check=False, timeout=120)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm gives no {package} within two minutes")
    if packed.returncode:
        pytest.skip(f"npm gives no {package}: {packed.stderr.strip()[-200:]}")
    with tarfile.open(into / json.loads(packed.stdout)[0]["filename"]) as archive:
        archive.extractall(into, filter="data")
    return into / "package"


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> "Judge":
    folder = tmp_path_factory.mktemp("types")
    schema = fetched(f"@grafana/schema@{served()}", folder / "schema") / "dist" / "types"
    for file in schema.rglob("*.d.ts"):
        text = file.read_text("utf-8")
        file.write_text(ENUMERATION.sub(_union, text), "utf-8")
    return Judge(schema, fetched(TYPESCRIPT, folder / "typescript") / "bin" / "tsc", folder)


def _union(found: re.Match[str]) -> str:
    values = VALUE.findall(found[2])
    return f"export type {found[1]} = {' | '.join(values)};"


class Judge:
    """Says what of panels is of other types than Grafana's."""

    def __init__(self, schema: Path, compiler: Path, folder: Path) -> None:
        self._schema, self._compiler, self._folder = schema, compiler, folder

    def complaints(self, panels: list[dict[str, Any]]) -> list[str]:
        """In TypeScript's words, each begun with the panel's title."""
        lines, titles = ["export {};"], [""]
        for panel in panels:
            types = self._types(panel["type"])
            parts = {"Options": panel.get("options", {})}
            if "export interface FieldConfig" in types.with_suffix(".gen.d.ts").read_text("utf-8"):
                parts["FieldConfig"] = panel["fieldConfig"]["defaults"].get("custom", {})
            for name, value in parts.items():
                type_ = f'Partial<import("{types.with_suffix(".gen")}").{name}>'
                lines.append(f"export const p{len(lines)}: {type_} = {json.dumps(value)};")
                titles.append(panel["title"])
        found = re.findall(r"^check\.ts\((\d+),\d+\): (.*)$", self._compile(lines), re.MULTILINE)
        return [f"{titles[int(line) - 1]}: {said}" for line, said in found]

    def _types(self, kind: str) -> Path:
        return self._schema / "raw" / "composable" / kind.replace("-", "") / "panelcfg" / "x" / "types"

    def _compile(self, lines: list[str]) -> str:
        (self._folder / "check.ts").write_text("\n".join(lines), "utf-8")
        options = {
            "strict": True,
            "noEmit": True,
            "skipLibCheck": True,
            "types": [],
            "target": "es2022",
            "module": "esnext",
            "moduleResolution": "bundler",
            "baseUrl": ".",
            "paths": {"@grafana/schema": [str(self._schema / "index.d.ts")]},
        }
        settings = {"compilerOptions": options, "files": ["check.ts"]}
        (self._folder / "tsconfig.json").write_text(json.dumps(settings), "utf-8")
        argv = ["node", str(self._compiler), "-p", "."]
        return subprocess.run(argv, cwd=self._folder, capture_output=True, text=True, check=False).stdout


def panels() -> list[dict[str, Any]]:
    drawn = (json.loads(grafana.render(page)) for page in dashboards())
    return [panel for whole in drawn for panel in whole["panels"] if panel["type"] != "row"]


def test_every_panel_is_of_the_types_of_the_grafana_that_is_served(judged: Judge) -> None:
    assert judged.complaints(panels()) == []


def test_an_option_that_grafana_does_not_know_and_a_wrong_value_are_noticed(judged: Judge) -> None:
    (first, second, *_) = [panel for panel in panels() if panel["type"] == "status-history"]
    first["options"]["rowHight"] = 1
    second["fieldConfig"]["defaults"]["custom"]["fillOpacity"] = "much"
    found = judged.complaints([first, second])
    assert [one.partition(":")[0] for one in found] == [first["title"], second["title"]]
