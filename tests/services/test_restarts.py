"""MLflow's server and PostgreSQL restarted while they are written to, and two who write at once."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components import model_registry
from components.locks import champion_lock
from components.store import Store, open_store
from lt4rec_core.config import Config, Synthetic, Tracking, from_mapping
from lt4rec_core.data.synthetic import generate
from lt4rec_core.errors import StoreError
from lt4rec_core.gate import GateDecision
from lt4rec_core.stages.register import Registration
from lt4rec_core.tracking import SilentTracker
from pipelines.retrain import run_retraining

pytestmark = pytest.mark.xdist_group("services")


SAME = ("metrics", "mtl_gain", "masks", "gate", "search", "dataset")


def config_of(services: Any, name: str) -> Config:
    """A small run whose experiment and model have that name."""
    return from_mapping(
        {
            "threads": 1,
            "fields": [{"name": "user_id"}, {"name": "item_id"}],
            "ingest": {"train_days": 3, "events": {"allow_extra_columns": True}},
            "validate": {"min_rows": 50},
            "model": {"embedding_dim": 4, "hidden": [8]},
            "optimizer": {"batch_size": 64},
            "prune": {"rounds": 1},
            "evaluate": {"bootstrap_replicates": 5},
            "register": {"model_name": name, "beat_trivial": False},
            "tracking": {
                "uri": services.mlflow,
                "experiment": name,
                "artifact_root": f"s3://lt4rec-artifacts/{name}",
            },
        }
    )


@pytest.fixture
def store(services: Any, objects: Any, mlflow_client: Any, tmp_path: Path) -> Store:
    return open_store(config_of(services, "restarts").tracking, tmp_path)


@pytest.mark.slow
def test_a_run_whose_server_is_restarted_in_the_middle_of_an_epoch_ends_as_if_it_had_not(
    services, objects, mlflow_client, monkeypatch, tmp_path
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")  # it stays away for good
    world = Synthetic(days=5, rows_per_day=300, users=60, items=60)
    logs = generate(world, tmp_path / "logs", SilentTracker())

    settings = config_of(services, "restarted")

    def run(config: Config, place: str, show: Callable[[str], None]) -> dict[str, Any]:
        return run_retraining(config, str(logs), "2026-01-05", tmp_path / place, show=show)

    def stop_the_server(line: str) -> None:
        if line.startswith("[joint-train] step"):
            services.tracking.stop()

    with pytest.raises(StoreError, match="check that the store is up"):
        run(settings, "restarted", stop_the_server)
    services.tracking.start()
    lines: list[str] = []
    again = run(settings, "restarted", lines.append)
    quiet = run(replace(settings, tracking=Tracking()), "quiet", lines.append)
    assert {name: again[name] for name in SAME} == {name: quiet[name] for name in SAME}
    assert [line for line in lines if line.startswith("[prune-ctr] skipped")]
    store = open_store(settings.tracking, tmp_path / "restarted")
    trained = store.children(again["run_id"])["joint-train"]
    for name in trained.data.metrics:
        history = store.client.get_metric_history(trained.info.run_id, name)
        assert len({entry.step for entry in history}) == len(history)


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
        while True:
            met = model_registry.champion_version(store, "writers", key)
            given = (registration, None, key, {}, tmp_path, met)
            with (
                contextlib.suppress(StoreError),  # another was faster: judged anew
                champion_lock(store.workspace, "writers", print),
            ):
                return model_registry.register_model(store, run_id, "writers", *given).version

    with ThreadPoolExecutor(4) as pool:
        one, same, other, another = pool.map(write, ("a", "a", "b", "c"))
    assert one == same
    assert len({one, other, another}) == 3
    versions = store.client.search_model_versions("name = 'writers'")
    assert {version.version for version in versions} == {one, other, another}
    assert all(version.tags[model_registry.ALIAS] == "champion" for version in versions)
    champion = store.client.get_model_version_by_alias("writers", "champion")
    assert champion.version in {one, other, another}
