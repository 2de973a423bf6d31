"""The real DAG, in real processes, on a tiny synthetic world."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.store import Store, open_store
from lt4rec_core.config import Config, GateRule, Synthetic, from_mapping, to_mapping
from lt4rec_core.data.synthetic import generate
from lt4rec_core.errors import InputError, ValidationError
from lt4rec_core.tracking import SilentTracker
from pipelines.run import run_training

PROJECT = Path(__file__).parents[2]
DAY = "2026-01-04"
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
CONFIG = {
    "threads": 1,
    "fields": [{"name": "user_id"}, {"name": "item_id"}, {"name": "tags", "values": "multi"}],
    "ingest": {"train_days": 2, "events": {"allow_extra_columns": True}},
    "validate": {"volume_ratio": [0.1, 10.0], "max_psi": 5.0},
    "model": {"embedding_dim": 4, "hidden": [8]},
    "optimizer": {"batch_size": 256, "learning_rate": 0.01},
    "prune": {"rounds": 2, "final_density": 0.5},
    "evaluate": {"bootstrap_replicates": 10},
    "register": {"beat_trivial": False},
}
SCRIPT = """
import json, sys
from pathlib import Path
from lt4rec_core.config import from_mapping
from pipelines.run import run_training
config, source, day, workspace = sys.argv[1:]
run_training(from_mapping(json.loads(config)), source, day, Path(workspace))
"""

pytestmark = pytest.mark.xdist_group("training-pipeline")  # they share one finished run

Finished = tuple[dict[str, Any], list[str]]


@pytest.fixture(scope="module")
def config() -> Config:
    return from_mapping(CONFIG)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    world = Synthetic(days=4, rows_per_day=600, users=80, items=80)
    return generate(world, tmp_path_factory.mktemp("world") / "logs", SilentTracker())


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def run(logs: Path, workspace: Path) -> Callable[..., Finished]:
    """Runs the pipeline in the module's workspace; gives the summary and the progress."""

    def do(config: Config, place: Path = workspace) -> Finished:
        lines: list[str] = []
        summary = run_training(config, str(logs), DAY, place, git_commit="abc", show=lines.append)
        return summary, lines

    return do


@pytest.fixture(scope="module")
def first(run: Callable[..., Finished], config: Config) -> Finished:
    return run(config)


def ran(lines: list[str]) -> set[str]:
    """Nodes that did their work, that is, weren't skipped."""
    return {line[1 : line.index("]")] for line in lines if line.endswith("] started")}


def store_of(config: Config, workspace: Path) -> Store:
    return open_store(config.tracking, workspace)


def test_first_run_does_everything_and_sums_it_up(first: Finished, workspace: Path) -> None:
    summary, lines = first
    assert ran(lines) == NODES == set(summary["seconds"])
    assert summary["data_date"] == DAY
    assert set(summary["metrics"]) == set(summary["mtl_gain"]) == {"ctr", "cvr"}
    assert {"value", "low", "high"} <= set(summary["mtl_gain"]["cvr"])
    assert 0 < summary["masks"]["overlap"] <= 1
    assert set(summary["masks"]["ctr"]) == {"density", "digest", "round"}
    assert summary["gate"]["accepted"] is True
    assert summary["model"]["alias"] == "champion"
    assert Path(summary["report"]).is_relative_to(workspace)
    assert Path(summary["report"]).read_text().startswith("<!")
    json.dumps(summary, allow_nan=False)


def test_nothing_is_left_lying_about(first: Finished, workspace: Path) -> None:
    assert {path.name for path in workspace.iterdir()} == {
        "artifacts",
        "datasets",
        "locks",
        "mlflow.db",
        "reports",
        "runs",
        "scratch",
        "state",
    }
    for empty in ("runs", "scratch", "state"):
        assert list((workspace / empty).iterdir()) == []


def test_every_node_is_a_child_run_that_tells_what_it_did(
    first: Finished, config: Config, workspace: Path
) -> None:
    store = store_of(config, workspace)
    parent = store.client.get_run(first[0]["run_id"])
    assert parent.info.status == "FINISHED"
    steps = store.children(parent.info.run_id)
    assert set(steps) == NODES
    for step in steps.values():
        assert step.info.status == "FINISHED"
        assert step.data.tags["data_date"] == DAY
        assert step.data.tags["git_commit"] == "abc"
        assert step.data.tags["config_digest"] == parent.data.tags["config_digest"]
        assert [entry.dataset.digest for entry in step.inputs.dataset_inputs]
    assert len(store.metrics(steps["prune-cvr"].info.run_id)) > 2


def test_second_run_does_nothing_again(
    first: Finished, run: Callable[..., Finished], config: Config
) -> None:
    summary, lines = run(config)
    assert ran(lines) == set()
    for key in ("metrics", "masks", "mtl_gain", "gate", "model"):
        assert summary[key] == first[0][key]
    assert summary["run_id"] != first[0]["run_id"]
    assert Path(summary["report"]).exists()


def test_changed_gate_runs_only_the_gate_and_registers_a_second_version(
    first: Finished, run: Callable[..., Finished], config: Config
) -> None:
    impossible = GateRule(task="ctr", metric="auc", floor=1.0)
    strict = replace(config, register=replace(config.register, rules=(impossible,)))
    summary, lines = run(strict)
    assert ran(lines) == {"register"}
    assert summary["gate"]["accepted"] is False
    assert "auc" in summary["gate"]["reasons"][0]
    assert (summary["model"]["version"], summary["model"]["alias"]) == ("2", "challenger")


def test_run_killed_in_pruning_goes_on_and_ends_with_the_same_masks(
    first: Finished,
    run: Callable[..., Finished],
    config: Config,
    logs: Path,
    tmp_path: Path,
) -> None:
    arguments = [json.dumps(to_mapping(config)), str(logs), DAY, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("[prune-ctr] round 0/"):
                break
        process.send_signal(signal.SIGKILL)
        process.stderr.close()
    summary, lines = run(config, tmp_path)
    assert not {"ingest", "validate", "warmup"} & ran(lines)
    assert summary["masks"] == first[0]["masks"]
    assert summary["metrics"] == first[0]["metrics"]
    store = store_of(config, tmp_path)
    assert store.search("attributes.status = 'RUNNING'") == []
    # The step that was at work dies a moment after its runner, and may just have finished.
    killed = store.search("attributes.status = 'KILLED'")
    assert [run.info.run_name for run in killed if "mlflow.parentRunId" not in run.data.tags] == [
        f"{config.name} {DAY}"
    ]
    assert list((tmp_path / "scratch").iterdir()) == []


def test_bad_data_stops_before_any_training(
    run: Callable[..., Finished], config: Config, tmp_path: Path
) -> None:
    wanted = replace(config.validate, min_rows=1_000_000)
    with pytest.raises(ValidationError, match="at least"):
        run(replace(config, validate=wanted), tmp_path)
    store = store_of(config, tmp_path)
    parent, *_ = [r for r in store.search("") if "lt4rec.node" not in r.data.tags]
    steps = store.children(parent.info.run_id)
    assert parent.info.status == "FAILED"
    assert set(steps) == {"ingest", "validate"}
    kept = store.client.list_artifacts(steps["validate"].info.run_id, "validate")
    assert {Path(entry.path).name for entry in kept} == {"validation.json", "data_docs"}


def test_missing_day_is_told_as_it_is(config: Config, logs: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="2026-01-09"):
        run_training(config, str(logs), "2026-01-09", tmp_path, show=lambda line: None)
    assert list((tmp_path / "datasets").glob("*")) == []
