from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format

from lt4rec_core.comparison.search import ranges_of, start
from lt4rec_core.comparison.settings import arms_of, settings_of, trained_of
from lt4rec_core.config import Config, changed, from_mapping, load
from lt4rec_core.model.sharing.registry import SHARING
from pipelines.comparison import comparison_pipeline

NODES = {
    "ingest",
    "validate",
    "baselines",
    "arm-single-task-5",
    "arm-single-task-6",
    "arm-connection-share-5",
    "arm-connection-share-6",
    "compare",
}


SETTINGS: dict[str, Any] = {
    "seed": 5,
    "fields": [{"name": "user_id"}],
    "comparison": {"arms": ["connection_share", "single_task"], "seeds": 2},
    "cluster": {"resources": {"arm": {"cpu": "4"}}},
}


@pytest.fixture(scope="module")
def config() -> Config:
    return from_mapping(SETTINGS)


@pytest.fixture(scope="module")
def spec(config: Config) -> Any:
    return json_format.MessageToDict(comparison_pipeline(config).pipeline_spec)


@pytest.fixture(scope="module")
def tasks(spec: Any) -> Any:
    return spec["root"]["dag"]["tasks"]


def test_every_arm_and_seed_is_a_node(tasks: Any) -> None:
    assert set(tasks) == NODES


@pytest.mark.parametrize("node", sorted(n for n in NODES if n.startswith("arm-")))
def test_arms_wait_for_valid_data_and_not_for_each_other(node: str, tasks: Any) -> None:
    assert set(tasks[node]["dependentTasks"]) == {"ingest", "validate"}


def test_compare_gets_every_result(tasks: Any) -> None:
    arms = tasks["compare"]["inputs"]["parameters"]["arms"]["runtimeValue"]["constant"]
    assert set(arms) == {node for node in NODES if node.startswith("arm-")}


def test_benefit_and_ablations_are_nodes_of_the_same_component() -> None:
    variant = {"name": "one_round", "group": "rounds", "set": {"prune.rounds": 1}}
    asked = {"seeds": 1, "benefit": True, "ablations": True, "variants": [variant]}
    config = from_mapping({**SETTINGS, "comparison": {**SETTINGS["comparison"], **asked}})
    spec = json_format.MessageToDict(comparison_pipeline(config).pipeline_spec)
    nodes = {"arm-dense-alone-5", "arm-subnetwork-alone-5", "arm-one-round-5"}
    assert nodes <= set(spec["root"]["dag"]["tasks"])
    arms = spec["root"]["dag"]["tasks"]["compare"]["inputs"]["parameters"]["arms"]
    assert nodes <= set(arms["runtimeValue"]["constant"])


def test_a_world_has_nodes_of_its_own_that_end_in_the_whole_comparison(config: Config) -> None:
    world = {"fields": [{"name": "item_id"}]}
    worlds = [{"name": "calm", "conflict": 0.0, "seeds": 1, "arms": ["single_task"]}]
    own = changed(config, {"comparison.world": world, "comparison.worlds": worlds})
    spec = json_format.MessageToDict(comparison_pipeline(own).pipeline_spec)
    tasks = spec["root"]["dag"]["tasks"]
    arm = "arm-single-task-5-calm"
    assert set(tasks) - NODES == {
        *("world-calm", "validate-calm", "baselines-calm", arm, "compare-calm")
    }
    assert set(tasks[arm]["dependentTasks"]) == {"validate-calm", "world-calm"}
    assert "compare-calm" in tasks["compare"]["dependentTasks"]


def test_resources_of_arms_go_to_all_of_them(spec: Any) -> None:
    container = spec["deploymentSpec"]["executors"]["exec-arm-single-task-6"]["container"]
    assert container["resources"]["cpuLimit"] == 4.0


@pytest.mark.parametrize("name", sorted(SHARING))
def test_shipped_configuration_can_compare_and_tune_every_arm(name: str) -> None:
    shipped = load(Path(__file__).parents[3] / "pipelines" / "configs" / "comparison.toml")
    assert name in arms_of(shipped.comparison.arms)
    settings_of(shipped, name, 0)
    assert start(shipped, ranges_of(shipped, name))["optimizer.learning_rate"] > 0


def test_shipped_variants_can_all_be_trained_and_cover_every_choice() -> None:
    shipped = load(Path(__file__).parents[3] / "pipelines" / "configs" / "comparison.toml")
    assert {variant.group for variant in shipped.comparison.variants} >= {
        "warm-up",
        "rounds",
        "final density",
        "rewind target",
        "output layer",
        "prunable layers",
        "quantile",
        "alternation",
        "loss weights",
        "choice of the mask",
        "beyond the paper",
    }
    for name in trained_of(changed(shipped, {"comparison.ablations": True})):
        settings_of(shipped, name, 0)
