"""Runs that Kubeflow's MLflow plugin starts: taken for the pipeline's and the steps' own."""

from __future__ import annotations

import json

import pytest

from components.injected import VARIABLE
from components.lifeline import RUNNER
from components.pipeline_run import start_run
from components.step import open_step
from components.store import NODE, PARENT, Store
from lt4rec_core.config import Config, from_mapping, to_mapping


@pytest.fixture
def config() -> Config:
    return from_mapping(
        {"threads": 1, "fields": [{"name": "user_id"}], "tracking": {"experiment": "test"}}
    )


@pytest.fixture
def nested(store: Store, monkeypatch: pytest.MonkeyPatch) -> str:
    """The run of a task below the run of the pipeline, as the plugin makes them."""
    root = store.client.create_run(store.experiment_id).info.run_id
    task = store.client.create_run(store.experiment_id, tags={PARENT: root}).info.run_id
    monkeypatch.setenv(VARIABLE, task)
    return str(task)


def start(store: Store, config: Config) -> str:
    text = json.dumps(to_mapping(config))
    return start_run(text, "s3://logs", "2026-01-04", str(store.workspace), "", "abc").run_id


def test_pipeline_run_is_the_injected_runs_parent(
    store: Store, config: Config, nested: str
) -> None:
    parent = start(store, config)
    run = store.client.get_run(parent)
    assert parent == store.client.get_run(nested).data.tags[PARENT]
    assert run.data.tags["data_date"] == "2026-01-04"
    assert run.data.tags["lt4rec.source"] == "s3://logs"


def test_step_is_the_injected_run(store: Store, config: Config, nested: str) -> None:
    store.end(nested, "FAILED")  # as an earlier attempt left it
    context = json.dumps({"run_id": start(store, config), "workspace": str(store.workspace)})
    with open_step("warmup", json.dumps(to_mapping(config)), context, {}) as step:
        assert step.run_id == nested
        step.target.mkdir(parents=True)
        (step.target / "made").write_text("x")
    run = store.client.get_run(nested)
    assert (run.info.status, run.data.tags[NODE]) == ("FINISHED", "warmup")


def test_run_of_another_experiment_is_passed_over(
    store: Store,
    config: Config,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = store.client.create_experiment("other")
    monkeypatch.setenv(VARIABLE, store.client.create_run(other).info.run_id)
    assert store.client.get_run(start(store, config)).info.experiment_id == store.experiment_id
    assert "another experiment" in capsys.readouterr().out


def test_run_of_another_store_is_passed_over(
    store: Store,
    config: Config,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(VARIABLE, "0" * 32)
    assert start(store, config) != "0" * 32
    assert "isn't in the store" in capsys.readouterr().out


def test_variable_in_a_laptops_environment_isnt_heeded(
    store: Store, config: Config, nested: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RUNNER, "0")
    assert start(store, config) != store.client.get_run(nested).data.tags[PARENT]
