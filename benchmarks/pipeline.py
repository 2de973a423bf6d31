"""What of a pipeline run isn't training: start-up, ingestion, validation, MLflow, the runner."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.child import run_child
from benchmarks.row import Bench, Row, Topic, row_of

_TRAINING = ("warmup", "prune", "joint-train", "single-task")
_DAY = "2026-01-10"


def measure(bench: Bench) -> Iterator[Row]:
    """Yields the wall time of the demo's pipeline and the share that isn't training."""
    logs = bench.folder / "logs"
    small = ["--set", "synthetic.rows_per_day=300"] if bench.quick else []
    lt4rec = [sys.executable, "-m", "pipelines.cli"]
    run_child([*lt4rec, "generate", "demo", "--target", str(logs), *small], "wall")
    walls, shares, outside = [], [], []
    for _ in range(bench.rounds):
        wall, summary = _run(bench, [*lt4rec, "run", "demo", "--source", str(logs), *small])
        walls.append(wall)
        shares.append(share_beside_training(summary["seconds"], wall))
        outside.append(1 - sum(summary["seconds"].values()) / wall)
    yield row_of("pipeline.wall", walls, "s", "", "the demo's run, always on the wall clock")
    yield row_of("pipeline.beside_training", shares, "", "<= 0.25", "the run's wall time")
    yield row_of("pipeline.outside_stages", outside, "", "", "the run's wall time")


def share_beside_training(seconds: Mapping[str, float], wall: float) -> float:
    """Returns the share of `wall` that isn't spent in the stages that train."""
    trained = sum(took for node, took in seconds.items() if node.startswith(_TRAINING))
    return 1 - trained / wall


def _run(bench: Bench, command: list[str]) -> tuple[float, Mapping[str, Mapping[str, float]]]:
    workspace, said = bench.folder / "workspace", Path(bench.folder / "said")
    shutil.rmtree(workspace, ignore_errors=True)
    rest = ["--data-date", _DAY, "--workspace", str(workspace), "--json"]
    with said.open("w") as stdout:
        ended = run_child([*command, *rest], "wall", stdout=stdout.fileno())
    summary: Mapping[str, Mapping[str, float]] = json.loads(said.read_text().splitlines()[-1])
    return ended.seconds, summary


PIPELINE = Topic(
    title="The whole run",
    about=(
        "The demo's ten synthetic days through the whole DAG: what isn't spent in warmup, prune, "
        "joint-train and single-task, and what is spent in no stage at all."
    ),
    measure=measure,
    rounds=1,
    limits={
        "pipeline.beside_training": (
            "each node is a process of its own, which imports torch, MLflow and KFP anew; on the "
            "demo's few rows that weighs more than it does on a day's logs"
        ),
    },
)
