"""Whichever call to MLflow fails, the step says so, and the next try ends as if none had."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from components import step as step_module
from components.failures import read_failure
from components.run_context import RunContext
from components.step import open_step
from components.store import Store
from lt4rec_core.config import Config, from_mapping, to_mapping


class Failing:
    """An MLflow client whose calls fail from the given one on, as when its server goes away."""

    def __init__(self, client: Any, calls: int) -> None:
        self.client, self.left = client, calls

    def __getattr__(self, name: str) -> Callable[..., Any]:
        from mlflow.exceptions import MlflowException

        real = getattr(self.client, name)

        def call(*arguments: Any, **named: Any) -> Any:
            self.left -= 1
            if self.left < 0:
                raise MlflowException("Connection refused")
            return real(*arguments, **named)

        return call


@pytest.fixture
def config() -> Config:
    return from_mapping(
        {"threads": 1, "fields": [{"name": "user_id"}], "tracking": {"experiment": "test"}}
    )


def run(store: Store, config: Config, monkeypatch: pytest.MonkeyPatch, calls: int) -> str:
    """Runs a step of one file and some metrics with a store that takes so many calls."""
    context = RunContext(store.start_parent("p", {}), store.workspace, "2026-01-04", "abc")
    failing = Store(Failing(store.client, calls), store.uri, store.experiment_id, store.workspace)
    monkeypatch.setattr(step_module, "open_store", lambda *_: failing)
    settings = json.dumps(to_mapping(config))
    with open_step("warmup", settings, context.to_json(), {}) as step:
        if step.needed:
            step.tracker.log_metrics({"loss": 0.5}, 1)
            step.tracker.flush()
            step.tracker.log_metrics({"loss": 0.25}, 2)
            step.target.mkdir(parents=True)
            (step.target / "made").write_text(step.key)
    return step.reference


def test_a_store_that_goes_away_at_any_call_loses_and_doubles_nothing(store, config, monkeypatch):
    calls = 0
    while True:
        try:
            reference = run(store, config, monkeypatch, calls)
            break
        except SystemExit as stopped:
            assert stopped.code == 1
        told = [read_failure(store.workspace, path.stem) for path in _failures(store)]
        assert {failure.kind for failure in told if failure} == {"StoreError"}
        assert all("Connection refused" in failure.message for failure in told if failure)
        calls += 1
    assert calls > 8
    [(found, _)] = list(store.finished(_key(store, reference)))
    history = store.client.get_metric_history(found.info.run_id, "loss")
    assert [(entry.step, entry.value) for entry in history] == [(1, 0.5), (2, 0.25)]
    assert run(store, config, monkeypatch, 1000) == reference


def _failures(store: Store) -> list[Any]:
    return list((store.workspace / "failures").glob("*.json"))


def _key(store: Store, reference: str) -> str:
    from components.reference import Reference

    run_id = Reference.parse(reference).run_id
    return str(store.client.get_run(run_id).data.tags["lt4rec.key"])
