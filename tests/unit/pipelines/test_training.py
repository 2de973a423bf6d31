from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import json_format

from lt4rec_core.config import Config, from_mapping
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


def config_of(*tasks: str, **sections: Any) -> Config:
    names = [{"name": task} for task in tasks or ("ctr", "cvr")]
    return from_mapping({"fields": [{"name": "user_id"}], "tasks": names, **sections})


def spec_of(config: Config) -> Any:
    return json_format.MessageToDict(training_pipeline(config).pipeline_spec)


def tasks_of(config: Config) -> Any:
    return spec_of(config)["root"]["dag"]["tasks"]


@pytest.fixture(scope="module")
def tasks() -> Any:
    """Nodes of the DAG where nothing is configured."""
    return tasks_of(config_of())


def test_nodes_have_their_stages_names(tasks: Any) -> None:
    assert set(tasks) == NODES


def test_with_fan_out_each_day_of_the_window_has_nodes_of_its_own() -> None:
    config = config_of(ingest={"train_days": 2}, cluster={"fan_out": True})
    tasks = tasks_of(config)
    read, counted = ({f"{name}-day-{back}" for back in range(4)} for name in ("ingest", "validate"))
    assert set(tasks) == NODES | read | counted | {"find-days"} == set(nodes(config))
    assert set(tasks["ingest"]["dependentTasks"]) == read | {"find-days"}
    assert set(tasks["validate"]["dependentTasks"]) == counted | {"ingest"}
    for day in read:
        assert tasks[day]["dependentTasks"] == ["find-days"]
    for day in counted:
        assert set(tasks[day]["dependentTasks"]) == {"find-days", "ingest"}


def test_each_task_of_the_configuration_has_its_nodes() -> None:
    tasks = tasks_of(config_of("ctr", "cvr", "like"))
    assert set(tasks) == NODES | {"prune-like", "single-task-like"}
    masks = tasks["joint-train"]["inputs"]["parameters"]["masks"]["runtimeValue"]["constant"]
    assert set(masks) == {"ctr", "cvr", "like"}


@pytest.mark.parametrize("one, other", [("prune-ctr", "prune-cvr"), ("prune-cvr", "prune-ctr")])
def test_pruning_one_task_waits_for_no_other(one: str, other: str, tasks: Any) -> None:
    assert other not in tasks[one]["dependentTasks"]


@pytest.mark.parametrize("node", ["warmup", "single-task-ctr", "single-task-cvr"])
def test_no_training_starts_before_the_data_is_valid(node: str, tasks: Any) -> None:
    assert "validate" in tasks[node]["dependentTasks"]


def test_caching_by_kfp_is_off_everywhere(tasks: Any) -> None:
    for task in tasks.values():
        assert not task.get("cachingOptions", {}).get("enableCache", False)


def test_resources_go_to_all_nodes_of_a_stage_unless_one_is_named() -> None:
    asked = {"prune": {"cpu": "4", "retries": 2}, "prune_cvr": {"cpu": "6"}}
    spec = spec_of(config_of(cluster={"resources": asked}))
    executors = spec["deploymentSpec"]["executors"]
    limits = {
        node: executors[f"exec-{node}"]["container"]["resources"]["cpuLimit"]
        for node in ("prune-ctr", "prune-cvr", "warmup")
    }
    assert limits == {"prune-ctr": 4.0, "prune-cvr": 6.0, "warmup": 2.0}
    tasks = spec["root"]["dag"]["tasks"]
    assert tasks["prune-ctr"]["retryPolicy"]["maxRetryCount"] == 2
    assert "retryPolicy" not in tasks["prune-cvr"]


def test_every_node_runs_on_the_configured_image() -> None:
    spec = spec_of(config_of(cluster={"image": "registry.example/lt4rec:7"}))
    images = {e["container"]["image"] for e in spec["deploymentSpec"]["executors"].values()}
    assert images == {"registry.example/lt4rec:7"}


def platform_of(config: Config) -> Any:
    spec = json_format.MessageToDict(training_pipeline(config).platform_spec)
    return spec["platforms"]["kubernetes"]


def test_nodes_and_taints_are_of_the_nodes_own_choosing() -> None:
    taint = {"key": "gpu", "operator": "Equal", "value": "a100", "effect": "NoSchedule"}
    asked = {"warmup": {"gpus": 1, "node_selector": {"pool": "gpu"}, "tolerations": [taint]}}
    config = config_of(cluster={"resources": asked})
    executors = platform_of(config)["deploymentSpec"]["executors"]
    assert executors["exec-warmup"]["nodeSelector"]["labels"] == {"pool": "gpu"}
    assert executors["exec-warmup"]["tolerations"] == [taint]
    assert not {"nodeSelector", "tolerations"} & set(executors["exec-ingest"])
    container = spec_of(config)["deploymentSpec"]["executors"]["exec-warmup"]["container"]
    assert container["resources"]["accelerator"]["resourceCount"] == "1"


def test_every_node_has_the_secrets_folder_and_may_not_be_root() -> None:
    folders = [{"secret": "ca", "folder": "/etc/ca"}]
    platform = platform_of(config_of(cluster={"secret_folders": folders}))
    for executor in platform["deploymentSpec"]["executors"].values():
        (volume,) = executor["secretAsVolume"]
        assert (volume["secretName"], volume["mountPath"]) == ("ca", "/etc/ca")
        assert executor["securityContext"] == {"runAsNonRoot": True}


def test_finished_runs_are_kept_as_long_as_asked() -> None:
    platform = platform_of(config_of(cluster={"ttl_seconds": 3600}))
    assert platform["pipelineConfig"]["resourceTtlOnCompletion"] == 3600
    assert "resourceTtlOnCompletion" not in platform_of(config_of()).get("pipelineConfig", {})


def test_retries_of_a_node_are_those_that_its_component_counts() -> None:
    asked = {"prune": {"retries": 2, "backoff_seconds": 30}}
    spec = spec_of(config_of(cluster={"resources": asked}))
    policy = spec["root"]["dag"]["tasks"]["prune-ctr"]["retryPolicy"]
    assert (policy["maxRetryCount"], policy["backoffDuration"]) == (2, "30s")
    assert policy["backoffFactor"] == 2.0
