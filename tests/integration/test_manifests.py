"""The overlays as kustomize builds them: schemas, references, and who may do what."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from lt4rec_core.config import Config, load

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
OVERLAYS = ("kind", "production")
KUBERNETES = "1.33"  # of the clusters that Kubeflow Pipelines 2.17 is tested on, a middle one
PLATFORM_SECRETS = {"mlpipeline-minio-artifact"}  # Kubeflow brings it

Resource = dict[str, Any]


def tool(name: str) -> str:
    """A program that pip has put beside Python."""
    return str(Path(sys.executable).with_name(name))


@pytest.fixture(scope="module", params=OVERLAYS)
def overlay(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def resources(overlay: str) -> list[Resource]:
    """Everything that `kubectl apply -k` would send."""
    command = [tool("kubectl"), "kustomize", str(INFRA / "overlays" / overlay)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return [found for found in yaml.safe_load_all(built.stdout) if found]


@pytest.fixture(scope="module")
def config(overlay: str) -> Config:
    """The shipped configuration whose runs the overlay is for."""
    return load(ROOT / "pipelines" / "configs" / f"{overlay}.toml")


def of(resources: list[Resource], *kinds: str) -> list[Resource]:
    return [found for found in resources if found["kind"] in kinds]


def space(resource: Resource) -> str:
    return str(resource["metadata"].get("namespace", ""))


def names(resources: list[Resource], kind: str) -> set[tuple[str, str]]:
    return {(space(found), found["metadata"]["name"]) for found in of(resources, kind)}


def pods(resources: list[Resource]) -> Iterator[tuple[Resource, Resource]]:
    """Every workload with the template of its pods."""
    for workload in of(resources, "Deployment", "StatefulSet", "Job"):
        yield workload, workload["spec"]["template"]
    for workload in of(resources, "CronJob"):
        yield workload, workload["spec"]["jobTemplate"]["spec"]["template"]


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector takes a pod."""
    allowed = {key: [value] for key, value in selector.get("matchLabels", {}).items()}
    for entry in selector.get("matchExpressions", ()):
        assert entry["operator"] == "In"
        allowed[entry["key"]] = entry["values"]
    return all(labels.get(key) in values for key, values in allowed.items())


def labels_of(template: Resource) -> dict[str, str]:
    """The labels of a workload's pods."""
    found: dict[str, str] = template["metadata"]["labels"]
    return found


def test_every_resource_is_of_its_schema_with_no_field_unknown(resources: list[Resource]) -> None:
    import kubernetes_validate

    for resource in resources:
        kubernetes_validate.validate(resource, KUBERNETES, strict=True)


def test_no_manifest_lies_unused() -> None:
    used = set()
    for listing in INFRA.rglob("kustomization.yaml"):
        for entry in yaml.safe_load(listing.read_text())["resources"]:
            place = (listing.parent / entry).resolve()
            used.add(place / "kustomization.yaml" if place.is_dir() else place)
    there = {path.resolve() for path in INFRA.rglob("*.yaml")}
    heads = {
        INFRA.resolve() / "overlays" / name / "kustomization.yaml"
        for name in (*OVERLAYS, "trainer")
    }
    assert there - heads == used


def test_selectors_take_pods_of_their_namespace(resources: list[Resource]) -> None:
    there = [(space(workload), labels_of(template)) for workload, template in pods(resources)]
    wanted = [
        (space(found), {"matchLabels": found["spec"]["selector"]})
        for found in of(resources, "Service")
    ]
    wanted += [
        (space(found), found["spec"]["selector"])
        for found in of(resources, "Deployment", "StatefulSet", "PodDisruptionBudget")
    ]
    wanted += [
        (space(found), found["spec"]["podSelector"])
        for found in of(resources, "NetworkPolicy")
        if found["spec"]["podSelector"]
    ]
    for namespace, selector in wanted:
        assert any(namespace == n and selects(selector, labels) for n, labels in there), selector


def test_ports_of_services_are_their_pods(resources: list[Resource]) -> None:
    for service in of(resources, "Service"):
        chosen = {"matchLabels": service["spec"]["selector"]}
        open_ports = {
            port["name"]
            for workload, template in pods(resources)
            if space(workload) == space(service) and selects(chosen, labels_of(template))
            for container in template["spec"]["containers"]
            for port in container.get("ports", ())
        }
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= open_ports


def references(template: Resource) -> Iterator[tuple[str, str]]:
    """What a pod needs by name: kind and name."""
    spec = template["spec"]
    if "serviceAccountName" in spec:
        yield "ServiceAccount", spec["serviceAccountName"]
    for volume in spec.get("volumes", ()):
        if "secret" in volume:
            yield "Secret", volume["secret"]["secretName"]
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"]
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]
    for container in spec["containers"]:
        for variable in container.get("env", ()):
            if "valueFrom" in variable:
                yield "Secret", variable["valueFrom"]["secretKeyRef"]["name"]
        for source in container.get("envFrom", ()):
            yield "ConfigMap", source["configMapRef"]["name"]


def documented(overlay: str, kind: str = "Secret") -> set[tuple[str, str]]:
    """What docs/cluster.md tells the operator to make of a kind: namespace and name."""
    words = {"Secret": "secret generic", "ConfigMap": "configmap"}.get(kind)
    if overlay == "kind" or words is None:
        return set()
    text = (ROOT / "docs" / "cluster.md").read_text()
    return set(re.findall(rf"kubectl -n (\S+) create {words} (\S+)", text))


def test_what_pods_refer_to_is_there_or_is_asked_of_the_operator(
    resources: list[Resource], overlay: str
) -> None:
    for workload, template in pods(resources):
        for kind, name in references(template):
            there = names(resources, kind) | documented(overlay, kind)
            assert (space(workload), name) in there, (kind, name)


def test_pods_are_what_a_restricted_namespace_admits(resources: list[Resource]) -> None:
    for _, template in pods(resources):
        spec = template["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
        assert not any("hostPath" in volume for volume in spec.get("volumes", ()))
        for container in spec["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert set(container["resources"]["limits"]) == {"cpu", "memory"}
            assert set(container["resources"]["requests"]) == {"cpu", "memory"}
            assert ":" in container["image"]
            assert not container["image"].endswith(":latest")
            # Ours is the operator's to pin; of SeaweedFS' 3.92, no registry could be asked.
            if not re.search("lt4rec|seaweedfs", container["image"]):
                assert re.fullmatch(r"[^@]+@sha256:[0-9a-f]{64}", container["image"])


def test_namespaces_are_restricted_and_deny_what_isnt_allowed(resources: list[Resource]) -> None:
    denying = {
        space(policy)
        for policy in of(resources, "NetworkPolicy")
        if policy["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    }
    for namespace in of(resources, "Namespace"):
        labels = namespace["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
        assert namespace["metadata"]["name"] in denying
        assert namespace["metadata"]["name"] in {n for n, _ in names(resources, "ResourceQuota")}
        assert namespace["metadata"]["name"] in {n for n, _ in names(resources, "LimitRange")}


def test_roles_are_of_one_namespace_and_without_wildcards(resources: list[Resource]) -> None:
    assert not of(resources, "ClusterRole", "ClusterRoleBinding")
    for role in of(resources, "Role"):
        for rule in role["rules"]:
            assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
            if "secrets" in rule["resources"]:
                assert set(rule["resourceNames"]) <= PLATFORM_SECRETS
    for binding in of(resources, "RoleBinding"):
        assert (space(binding), binding["roleRef"]["name"]) in names(resources, "Role")
        for subject in binding["subjects"]:
            assert (space(binding), subject["name"]) in names(resources, "ServiceAccount")


def test_production_has_no_secret_of_its_own(resources: list[Resource], overlay: str) -> None:
    assert bool(of(resources, "Secret")) == (overlay == "kind")


def test_runs_find_what_the_configuration_names(
    resources: list[Resource], config: Config, overlay: str
) -> None:
    namespace = {"kind": "kubeflow", "production": "lt4rec"}[overlay]
    cluster = config.cluster
    assert (namespace, cluster.service_account) in names(resources, "ServiceAccount")
    assert (namespace, cluster.workspace_claim) in names(resources, "PersistentVolumeClaim")
    secrets = {
        (space(found), found["metadata"]["name"]): set(found["data"])
        for found in of(resources, "Secret")
    }
    for secret in cluster.secrets:
        if overlay == "kind":
            assert secret.key in secrets[namespace, secret.secret]
        else:
            assert (namespace, secret.secret) in documented(overlay)
    (service,) = [f for f in of(resources, "Service") if f["metadata"]["name"] == "mlflow"]
    (port,) = service["spec"]["ports"]
    address = f"http://mlflow.{space(service)}.svc.cluster.local:{port['port']}"
    assert config.tracking.uri == address
    settings = [found["data"] for found in of(resources, "ConfigMap")]
    roots = {data.get("MLFLOW_DEFAULT_ARTIFACT_ROOT") for data in settings}
    assert config.tracking.artifact_root in roots


def test_runs_are_of_the_image_that_the_overlay_has(
    resources: list[Resource], config: Config
) -> None:
    ours = {
        container["image"]
        for _, template in pods(resources)
        for container in template["spec"]["containers"]
        if "lt4rec" in container["image"]
    }
    assert ours == {config.cluster.image}


def test_dockerfile_passes_the_linter() -> None:
    command = [tool("hadolint"), "--no-color", str(INFRA / "Dockerfile")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
