"""Training on several nodes: the TrainJob that a component makes, and what it needs there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components import train_job as module
from components.order import Order
from components.train_job import manifest, train_job
from lt4rec_core.config import Config, from_mapping, load
from lt4rec_core.errors import ClusterError

OVERLAY = Path(__file__).parents[2] / "infra" / "overlays" / "trainer"
Resource = dict[str, Any]


@pytest.fixture
def config() -> Config:
    return from_mapping(
        {
            "processes": 4,
            "fields": [{"name": "user_id"}],
            "cluster": {
                "train_job": {"nodes": 3},
                "resources": {"prune": {"cpu": "16", "memory": "64Gi", "gpus": 4}},
            },
        }
    )


@pytest.fixture
def order(config: Config, tmp_path: Path) -> Order:
    return Order(tmp_path, "prune", config, tmp_path / "state", tmp_path / "target", {})


@pytest.fixture(scope="module")
def built() -> dict[str, Resource]:
    """The overlay as kustomize builds it, by kind."""
    command = [str(Path(sys.executable).with_name("kubectl")), "kustomize", str(OVERLAY)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {found["kind"]: found for found in yaml.safe_load_all(done.stdout)}


class Cluster:
    """Stands for the cluster's TrainJobs; an earlier try has left one of the same name."""

    def __init__(self, ends: str) -> None:
        self.jobs: dict[str, Resource] = {"name": {"status": {}}}
        self.deleted: list[str] = []
        self._ends = ends

    def create(self, job: Resource) -> None:
        assert not self.jobs
        self.jobs["name"] = job

    def get(self, name: str) -> Resource | None:
        if name in self.jobs:
            condition = {"type": self._ends, "status": "True"}
            return {**self.jobs[name], "status": {"conditions": [condition]}}
        return None

    def delete(self, name: str) -> None:
        self.deleted.append(name)
        self.jobs.pop(name, None)


@pytest.fixture
def cluster(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    made = Cluster(request.param)
    monkeypatch.setattr(module, "_Jobs", lambda: made)
    monkeypatch.setattr(module, "_PAUSE", 0.0)
    yield made


def test_train_job_is_of_its_schema_with_no_field_unknown(config: Config) -> None:
    from kubeflow_trainer_api.models import TrainerV1alpha1TrainJob

    made = manifest(config, "lt4rec-0123", "prune-ctr", Path("/workspace/order.json"))
    assert TrainerV1alpha1TrainJob.from_dict(made).to_dict() == made


def test_train_job_asks_for_nodes_processes_and_the_dag_node_s_resources(config: Config) -> None:
    trainer = manifest(config, "n", "prune-ctr", Path("/w/order.json"))["spec"]["trainer"]
    assert (trainer["numNodes"], trainer["numProcPerNode"]) == (3, 4)
    assert trainer["resourcesPerNode"]["limits"]["nvidia.com/gpu"] == "4"
    assert trainer["command"][0] == "torchrun"


@pytest.mark.parametrize(
    ("cluster", "well"),
    [("Complete", True), ("Failed", False), ("Suspended", None)],
    indirect=["cluster"],
)
def test_an_old_job_makes_room_and_the_new_one_s_end_is_told(
    cluster: Cluster, well: bool | None, order: Order
) -> None:
    with train_job(order, "name", "prune-ctr") as ended:
        assert ended() is well
        assert cluster.jobs["name"]["kind"] == "TrainJob"
    assert cluster.deleted == ["name", "name"]
    assert not cluster.jobs


@pytest.mark.parametrize("cluster", ["Complete"], indirect=True)
def test_a_refusal_says_what_to_look_at(
    cluster: Cluster, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kubernetes.client import ApiException

    def refuse(job: Resource) -> None:
        raise ApiException(status=403, reason="Forbidden")

    monkeypatch.setattr(cluster, "create", refuse)
    with pytest.raises(ClusterError, match=r"Forbidden.*overlays/trainer"):
        train_job(order, "name", "prune-ctr").__enter__()


def test_runtime_is_of_its_schema_with_no_field_unknown(built: dict[str, Resource]) -> None:
    import kubernetes_validate
    from kubeflow_trainer_api.models import TrainerV1alpha1TrainingRuntime

    runtime = built["TrainingRuntime"]
    assert TrainerV1alpha1TrainingRuntime.from_dict(runtime).to_dict() == runtime
    for kind in built.keys() - {"TrainingRuntime"}:
        kubernetes_validate.validate(built[kind], "1.33", strict=True)


def test_runtime_fits_the_job_and_a_restricted_namespace(
    built: dict[str, Resource], config: Config
) -> None:
    runtime = built["TrainingRuntime"]
    assert runtime["metadata"]["name"] == config.cluster.train_job.runtime
    (job,) = runtime["spec"]["template"]["spec"]["replicatedJobs"]
    pod = job["template"]["spec"]["template"]
    spec, (container,) = pod["spec"], pod["spec"]["containers"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    claim = {"claimName": config.cluster.workspace_claim}
    assert {"name": "workspace", "persistentVolumeClaim": claim} in spec["volumes"]
    assert {"name": "workspace", "mountPath": config.cluster.workspace} in container["volumeMounts"]
    policy = built["NetworkPolicy"]["spec"]
    assert policy["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()


def test_the_component_s_account_may_do_what_it_does_and_no_more(
    built: dict[str, Resource],
) -> None:
    (rule,) = built["Role"]["rules"]
    assert (rule["apiGroups"], rule["resources"]) == ([module.GROUP], [module.KIND])
    assert set(rule["verbs"]) == {"get", "create", "delete"}
    production = load(OVERLAY.parents[2] / "pipelines" / "configs" / "production.toml")
    assert built["RoleBinding"]["subjects"][0]["name"] == production.cluster.service_account
