"""deploy/kubernetes: Kustomize builds it, the published schemas take it, and it keeps what compose.yaml promises."""

import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.deploy.program import ROOT, make_secrets

OVERLAYS = ("one-node", "cluster")
SCHEMA = "1.33"
POD = ("spec", "template", "spec")

Manifest = dict[str, Any]


@cache
def built(overlay: str) -> list[Manifest]:
    """The overlay's manifests, as a cluster is given them."""
    tool = shutil.which("kubectl") or shutil.which("kustomize")
    if tool is None:
        pytest.skip("neither kubectl nor kustomize is on PATH")
    verb = ["kustomize"] if tool.endswith("kubectl") else ["build"]
    asked = [tool, *verb, "--load-restrictor", "LoadRestrictionsNone", str(ROOT / "deploy" / "kubernetes" / overlay)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def manifests(overlay: str, *kinds: str) -> list[Manifest]:
    return [one for one in built(overlay) if one["kind"] in kinds]


def workloads(overlay: str) -> list[tuple[str, Manifest]]:
    """Name and pod of everything that runs."""
    found = manifests(overlay, "StatefulSet", "Deployment")
    return [(one["metadata"]["name"], one["spec"]["template"]) for one in found]


def containers(overlay: str) -> Iterator[tuple[str, Manifest]]:
    for name, pod in workloads(overlay):
        yield from ((name, container) for container in pod["spec"]["containers"])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_published_schemas_take_it(overlay: str) -> None:
    for manifest in built(overlay):
        kubernetes_validate.validate(manifest, SCHEMA, strict=True)


def test_a_misspelt_key_is_refused() -> None:
    manifest = manifests("one-node", "StatefulSet")[0]
    wrong = {**manifest, "spec": {**manifest["spec"], "podManagmentPolicy": "Parallel"}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, SCHEMA, strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_pod_has_more_rights_than_restricted_allows(overlay: str) -> None:
    for name, pod in workloads(overlay):
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
    for name, container in containers(overlay):
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True, name
        assert context["allowPrivilegeEscalation"] is False, name
        assert context["capabilities"] == {"drop": ["ALL"]}, name
        assert "memory" in container["resources"]["limits"], name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_serves_is_probed_and_kept_by_a_budget(overlay: str) -> None:
    budgets = manifests(overlay, "PodDisruptionBudget")
    kept = {one["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"] for one in budgets}
    assert kept == {one["metadata"]["name"] for one in manifests(overlay, "StatefulSet")}
    for name, container in containers(overlay):
        if "ports" in container:
            assert {"readinessProbe", "livenessProbe"} <= container.keys(), name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_volume_is_there_and_every_secret_has_a_maker(overlay: str) -> None:
    owners = {f"park-{owner}" for owner in make_secrets.OWNERS}
    configs = {one["metadata"]["name"] for one in manifests(overlay, "ConfigMap")}
    for one in manifests(overlay, "StatefulSet", "Deployment"):
        spec = one["spec"]["template"]["spec"]
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        claims = {claim["metadata"]["name"] for claim in one["spec"].get("volumeClaimTemplates", [])}
        mounted = {mount["name"] for container in spec["containers"] for mount in container["volumeMounts"]}
        assert mounted == volumes.keys() | claims, one["metadata"]["name"]
        assert {volume["secret"]["secretName"] for volume in volumes.values() if "secret" in volume} <= owners
        assert {volume["configMap"]["name"] for volume in volumes.values() if "configMap" in volume} <= configs


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_who_may_speak_to_whom_are_pods_that_exist(overlay: str) -> None:
    names = {pod["metadata"]["labels"]["app.kubernetes.io/name"] for _, pod in workloads(overlay)}
    said: set[str] = set()
    closed = False
    for policy in manifests(overlay, "NetworkPolicy"):
        closed |= policy["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
        said |= set(_names(policy["spec"]))
    assert closed
    assert said == names


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _names(one)
    elif isinstance(value, dict):
        if "app.kubernetes.io/name" in value:
            yield value["app.kubernetes.io/name"]
        if value.get("key") == "app.kubernetes.io/name":
            yield from value["values"]
        for one in value.values():
            yield from _names(one)


def test_every_page_is_shown() -> None:
    (pages,) = [one for one in manifests("one-node", "ConfigMap") if one["metadata"]["name"].startswith("dashboards-")]
    assert set(pages["data"]) == {path.name for path in (ROOT / "dashboards" / "out").glob("*.json")}
    assert sum(map(len, pages["data"].values())) < 1_000_000, "a ConfigMap holds no more than a mebibyte"


def test_every_alert_rule_is_provisioned() -> None:
    (rules,) = [one for one in manifests("one-node", "ConfigMap") if one["metadata"]["name"].startswith("alerts-")]
    assert set(rules["data"]) == {path.name for path in (ROOT / "dashboards" / "out" / "alerts").glob("*.yaml")}
    assert sum(map(len, rules["data"].values())) < 1_000_000, "a ConfigMap holds no more than a mebibyte"


def test_members_and_shards_have_accounts() -> None:
    known = {login.name for login in make_secrets.logins(["xinwu"], shards=4, members=4)}
    sets = {one["metadata"]["name"]: one["spec"] for one in manifests("cluster", "StatefulSet")}
    shards, members = sets["park-simulator"]["replicas"], sets["park-ingest"]["replicas"]
    environment = sets["park-simulator"]["template"]["spec"]["containers"][0]["env"]
    assert {"name": "SHARDS", "value": str(shards)} in environment
    assert {f"gw-xinwu-{shard}" for shard in range(shards)} | {f"park-ingest-{i}" for i in range(members)} <= known
