from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import json_format

from lt4rec_core.config import from_mapping
from pipelines.cli.progress import nodes
from pipelines.training import training_pipeline

NODES = {
    "ingest",
    "validate",
    "warmup",
    "prune-ctr",
    "prune-cvr",
    "single-task-ctr",
    "single-task-cvr",
    "joint-train",
    "evaluate",
    "register",
}


TAINT = {"key": "gpu", "operator": "Equal", "value": "a100", "effect": "NoSchedule"}
CLUSTER = {
    "image": "registry.example/lt4rec:7",
    "resources": {
        "prune": {"cpu": "4", "retries": 2, "backoff_seconds": 30},
        "prune_cvr": {"cpu": "6"},
        "warmup": {"gpus": 1, "node_selector": {"pool": "gpu"}, "tolerations": [TAINT]},
    },
    "secret_folders": [{"secret": "ca", "folder": "/etc/ca"}],
    "ttl_seconds": 3600,
}


class Compiled:
    """The DAG of a configuration: what it says, and what it says to Kubernetes."""

    def __init__(self, *tasks: str, **sections: Any) -> None:
        names = [{"name": task} for task in tasks or ("ctr", "cvr")]
        fields = [{"name": "user_id"}]
        self.config = from_mapping({"fields": fields, "tasks": names, **sections})
        pipeline = training_pipeline(self.config)
        spec = json_format.MessageToDict(pipeline.pipeline_spec)
        self.tasks = spec["root"]["dag"]["tasks"]
        self.executors = spec["deploymentSpec"]["executors"]
        self.platform = json_format.MessageToDict(pipeline.platform_spec)["platforms"]["kubernetes"]


@pytest.fixture(scope="module")
def plain() -> Compiled:
    return Compiled()


@pytest.fixture(scope="module")
def chosen() -> Compiled:
    return Compiled(cluster=CLUSTER)


def test_nodes_have_their_stages_names(plain: Compiled) -> None:
    assert set(plain.tasks) == NODES


def test_with_fan_out_each_day_of_the_window_has_nodes_of_its_own() -> None:
    dag = Compiled(ingest={"train_days": 2}, cluster={"fan_out": True})
    read, counted = ({f"{name}-day-{back}" for back in range(4)} for name in ("ingest", "validate"))
    assert set(dag.tasks) == NODES | read | counted | {"find-days"} == set(nodes(dag.config))
    assert set(dag.tasks["ingest"]["dependentTasks"]) == read | {"find-days"}
    assert set(dag.tasks["validate"]["dependentTasks"]) == counted | {"ingest"}
    for day in read:
        assert dag.tasks[day]["dependentTasks"] == ["find-days"]
    for day in counted:
        assert set(dag.tasks[day]["dependentTasks"]) == {"find-days", "ingest"}


def test_each_task_of_the_configuration_has_its_nodes() -> None:
    tasks = Compiled("ctr", "cvr", "like").tasks
    assert set(tasks) == NODES | {"prune-like", "single-task-like"}
    masks = tasks["joint-train"]["inputs"]["parameters"]["masks"]["runtimeValue"]["constant"]
    assert set(masks) == {"ctr", "cvr", "like"}


@pytest.mark.parametrize("one, other", [("prune-ctr", "prune-cvr"), ("prune-cvr", "prune-ctr")])
def test_pruning_one_task_waits_for_no_other(plain: Compiled, one: str, other: str) -> None:
    assert other not in plain.tasks[one]["dependentTasks"]


@pytest.mark.parametrize("node", ["warmup", "single-task-ctr", "single-task-cvr"])
def test_no_training_starts_before_the_data_is_valid(plain: Compiled, node: str) -> None:
    assert "validate" in plain.tasks[node]["dependentTasks"]


def test_caching_by_kfp_is_off_everywhere(plain: Compiled) -> None:
    for task in plain.tasks.values():
        assert not task.get("cachingOptions", {}).get("enableCache", False)


def test_resources_go_to_all_nodes_of_a_stage_unless_one_is_named(chosen: Compiled) -> None:
    limits = {
        node: chosen.executors[f"exec-{node}"]["container"]["resources"]["cpuLimit"]
        for node in ("prune-ctr", "prune-cvr", "warmup")
    }
    assert limits == {"prune-ctr": 4.0, "prune-cvr": 6.0, "warmup": 2.0}
    assert chosen.tasks["prune-ctr"]["retryPolicy"]["maxRetryCount"] == 2
    assert "retryPolicy" not in chosen.tasks["prune-cvr"]


def test_every_node_runs_on_the_configured_image(chosen: Compiled) -> None:
    images = {executor["container"]["image"] for executor in chosen.executors.values()}
    assert images == {"registry.example/lt4rec:7"}


def test_nodes_and_taints_are_of_the_nodes_own_choosing(chosen: Compiled) -> None:
    executors = chosen.platform["deploymentSpec"]["executors"]
    assert executors["exec-warmup"]["nodeSelector"]["labels"] == {"pool": "gpu"}
    assert executors["exec-warmup"]["tolerations"] == [TAINT]
    assert not {"nodeSelector", "tolerations"} & set(executors["exec-ingest"])
    container = chosen.executors["exec-warmup"]["container"]
    assert container["resources"]["accelerator"]["resourceCount"] == "1"


def test_every_node_has_the_secrets_folder_and_may_not_be_root(chosen: Compiled) -> None:
    for executor in chosen.platform["deploymentSpec"]["executors"].values():
        (volume,) = executor["secretAsVolume"]
        assert (volume["secretName"], volume["mountPath"]) == ("ca", "/etc/ca")
        assert executor["securityContext"] == {"runAsNonRoot": True}


def test_finished_runs_are_kept_as_long_as_asked(plain: Compiled, chosen: Compiled) -> None:
    assert chosen.platform["pipelineConfig"]["resourceTtlOnCompletion"] == 3600
    assert "resourceTtlOnCompletion" not in plain.platform.get("pipelineConfig", {})


def test_retries_of_a_node_are_those_that_its_component_counts(chosen: Compiled) -> None:
    policy = chosen.tasks["prune-ctr"]["retryPolicy"]
    assert (policy["maxRetryCount"], policy["backoffDuration"]) == (2, "30s")
    assert policy["backoffFactor"] == 2.0
