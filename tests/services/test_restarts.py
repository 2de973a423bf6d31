"""MLflow's server and PostgreSQL restarted while they are written to, and two who write at once."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from components import model_registry
from components.failures import read_failure
from components.run_context import RunContext
from components.step import open_step
from components.store import Store, open_store
from lt4rec_core.config import Config, from_mapping, to_mapping
from lt4rec_core.gate import GateDecision
from lt4rec_core.stages.register import Registration

pytestmark = pytest.mark.xdist_group("services")


@pytest.fixture
def config(services: Any, objects: Any) -> Config:
    return from_mapping(
        {
            "threads": 1,
            "fields": [{"name": "user_id"}],
            "tracking": {
                "uri": services.mlflow,
                "experiment": "restarts",
                "artifact_root": "s3://lt4rec-artifacts/restarts",
            },
        }
    )


@pytest.fixture
def store(config: Config, mlflow_client: Any, tmp_path: Path) -> Store:
    return open_store(config.tracking, tmp_path)


def test_a_step_whose_server_is_restarted_goes_on_to_one_whole_result(
    services, store, config, monkeypatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")  # it stays away for good
    settings = json.dumps(to_mapping(config))

    def run(*, restarted: bool) -> str:
        context = RunContext(store.start_parent("p", {}), store.workspace, "2026-01-04")
        contexts.append(context)
        with open_step("warmup", settings, context.to_json(), {}) as step:
            if step.needed:
                step.tracker.log_metrics({"loss": 0.5}, 1)
                step.tracker.flush()
                step.target.mkdir(parents=True)
                (step.target / "made").write_text(step.key)
                step.tracker.log_metrics({"loss": 0.25}, 2)
            if restarted:
                services.tracking.stop()
        return str(step.reference)

    contexts: list[RunContext] = []
    with pytest.raises(SystemExit) as stopped:
        run(restarted=True)
    services.tracking.start()
    assert stopped.value.code == 1
    failure = read_failure(store.workspace, contexts[0].run_id)
    assert failure is not None
    assert failure.kind == "StoreError"
    assert "check that the store is up" in failure.message
    reference = run(restarted=False)
    key = store.search("attributes.status = 'FINISHED'")[0].data.tags["lt4rec.key"]
    [(found, stored)] = list(store.finished(key))
    assert (store.folder(stored) / "made").read_text() == key
    assert str(stored) == reference
    history = store.client.get_metric_history(found.info.run_id, "loss")
    assert [(entry.step, entry.value) for entry in history] == [(1, 0.5), (2, 0.25)]


def test_nothing_is_lost_or_doubled_when_postgresql_restarts_under_load(
    services, mlflow_client, monkeypatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "7")
    experiment = mlflow_client.create_experiment("load")
    runs = [mlflow_client.create_run(experiment).info.run_id for _ in range(3)]
    half, values = threading.Barrier(len(runs) + 1), range(24)

    def write(run_id: str) -> None:
        for step in values:
            if step == len(values) // 2:
                half.wait()
            mlflow_client.log_metric(run_id, "loss", 1 / (step + 1), timestamp=1, step=step)

    with ThreadPoolExecutor(len(runs)) as pool:
        writing = [pool.submit(write, run_id) for run_id in runs]
        half.wait()
        services.database.stop()
        services.database.start()
        for written in writing:
            written.result()
    for run_id in runs:
        history = mlflow_client.get_metric_history(run_id, "loss")
        assert sorted(entry.step for entry in history) == list(values)


def test_writers_of_one_registry_leave_a_champion_and_a_version_a_key(
    store, monkeypatch, tmp_path
) -> None:
    def log_no_files(store: Store, run_id: str, name: str, *_: object) -> Any:
        """A logged model as the real one, but for its files: they aren't what is written twice."""
        made = store.client.create_logged_model(
            store.experiment_id, name=name, source_run_id=run_id
        )
        return store.client.finalize_logged_model(made.model_id, "READY")

    monkeypatch.setattr(model_registry, "_log_model", log_no_files)
    decision = GateDecision(True, ("it is better",), ())
    registration = Registration(tmp_path, decision, None, "digest", "dataset", "2026-01-03", {})
    run_id, together = store.start_parent("writers", {}), threading.Barrier(4)

    def write(key: str) -> str:
        together.wait()
        done = model_registry.register_model(
            store, run_id, "writers", registration, None, key, {}, tmp_path
        )
        return done.version

    with ThreadPoolExecutor(4) as pool:
        one, same, other, another = pool.map(write, ("a", "a", "b", "c"))
    assert one == same
    assert len({one, other, another}) == 3
    versions = store.client.search_model_versions("name = 'writers'")
    assert {version.version for version in versions} == {one, other, another}
    assert all(version.tags[model_registry.ALIAS] == "champion" for version in versions)
    champion = store.client.get_model_version_by_alias("writers", "champion")
    assert champion.version in {one, other, another}
