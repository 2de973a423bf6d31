from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import json_format

from lt4rec_core.config import Config, from_mapping
from pipelines.cli.progress import day_nodes
from pipelines.daily_retraining import daily_pipeline
from pipelines.node import SCHEDULED_TIME
from pipelines.training import training_pipeline
from pipelines.walk import walk
from pipelines.workers import Job


@pytest.fixture(scope="module")
def config() -> Config:
    tasks = [{"name": name} for name in ("ctr", "cvr", "like")]
    return from_mapping({"fields": [{"name": "user_id"}], "tasks": tasks})


@pytest.fixture(scope="module")
def daily(config: Config) -> Any:
    """The DAG, compiled once."""
    return daily_pipeline(config)


def tasks_of(pipeline: Any) -> Any:
    return json_format.MessageToDict(pipeline.pipeline_spec)["root"]["dag"]["tasks"]


def test_nodes_are_those_of_training_and_the_choice(config: Config, daily: Any) -> None:
    nodes = set(tasks_of(daily))
    assert nodes == set(tasks_of(training_pipeline(config))) | {"choose-search"}
    assert nodes == set(day_nodes(config))


def test_scheduled_pipeline_hands_ingest_the_time_that_it_was_due(config: Config) -> None:
    inputs = tasks_of(daily_pipeline(config, scheduled=True))["ingest"]["inputs"]["parameters"]
    assert inputs["data_date"]["runtimeValue"]["constant"] == SCHEDULED_TIME


def test_nothing_is_trained_before_the_choice(daily: Any) -> None:
    tasks = tasks_of(daily)
    for name in ("warmup", "prune-like", "single-task-ctr", "joint-train", "register"):
        assert "choose-search" in tasks[name]["dependentTasks"]
        assert "search" in tasks[name]["inputs"]["parameters"]
    assert "validate" in tasks["choose-search"]["dependentTasks"]


def test_walk_hands_each_node_the_outputs_of_those_before_it(daily: Any) -> None:
    seen: dict[str, Job] = {}

    def run(job: Job) -> Any:
        seen[job.node] = job
        return ("the run", "the dataset") if job.node == "ingest" else f"out of {job.node}"

    walk(daily, {"config": "{}", "source": "s", "workspace": "w"}, run)
    assert list(seen)[:3] == ["ingest", "validate", "choose-search"]
    assert list(seen)[-1] == "register"
    ingest = seen["ingest"].arguments
    assert (ingest["daily"], ingest["forced"], ingest["data_date"]) == (True, False, "")
    joint = seen["joint-train"].arguments
    assert (joint["run"], joint["dataset"]) == ("the run", "the dataset")
    assert joint["masks"] == {t: f"out of prune-{t}" for t in ("ctr", "cvr", "like")}
    assert joint["search"] == "out of choose-search"
    assert seen["prune-like"].place == "components.prune:prune"
    assert seen["prune-like"].arguments["task"] == "like"
