"""What of a pipeline run isn't training: start-up, ingestion, validation, MLflow, the runner."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.child import run_child
from benchmarks.row import Bench, Row, Topic, row_of

_TRAINING = ("warmup", "prune", "joint-train", "single-task")
_DAY, _KUAIRAND_DAY = "2026-01-10", "2022-05-03"
_LT4REC = [sys.executable, "-m", "pipelines.cli"]


def measure(bench: Bench) -> Iterator[Row]:
    """Yields the wall time of the demo's pipeline and the share that isn't training."""
    logs = bench.folder / "logs"
    small = ["--set", "synthetic.rows_per_day=300"] if bench.quick else []
    run_child([*_LT4REC, "generate", "demo", "--target", str(logs), *small], "wall")
    yield from _runs(bench, "pipeline", ["demo", "--source", str(logs), *small], _DAY)


def on_kuairand(bench: Bench) -> Iterator[Row]:
    """Yields the same on KuaiRand-Pure, whose folder LT4REC_REAL_DATA names."""
    source = str(kuairand_pure())
    yield from _runs(bench, "pipeline_kuairand", ["kuairand", "--source", source], _KUAIRAND_DAY)


def kuairand_pure() -> Path:
    """Returns the folder of KuaiRand-Pure; raises RuntimeError where it isn't said."""
    folder = os.environ.get("LT4REC_REAL_DATA")
    if folder is None:
        raise RuntimeError("LT4REC_REAL_DATA isn't set; expected a folder with kuairand_pure/")
    return Path(folder) / "kuairand_pure"


def _runs(bench: Bench, topic: str, arguments: Sequence[str], day: str) -> Iterator[Row]:
    walls, shares, outside = [], [], []
    for _ in range(bench.rounds):
        wall, summary = _run(bench, [*_LT4REC, "run", *arguments], day)
        walls.append(wall)
        shares.append(share_beside_training(summary["seconds"], wall))
        outside.append(1 - sum(summary["seconds"].values()) / wall)
    yield row_of(f"{topic}.wall", walls, "s", "", f"run {arguments[0]}, always on the wall clock")
    yield row_of(f"{topic}.beside_training", shares, "", "<= 0.25", "the run's wall time")
    yield row_of(f"{topic}.outside_stages", outside, "", "", "the run's wall time")


def share_beside_training(seconds: Mapping[str, float], wall: float) -> float:
    """Returns the share of `wall` that isn't spent in the stages that train."""
    trained = sum(took for node, took in seconds.items() if node.startswith(_TRAINING))
    return 1 - trained / wall


def _run(
    bench: Bench, command: Sequence[str], day: str
) -> tuple[float, Mapping[str, Mapping[str, float]]]:
    workspace, said = bench.folder / "workspace", Path(bench.folder / "said")
    shutil.rmtree(workspace, ignore_errors=True)
    rest = ["--data-date", day, "--workspace", str(workspace), "--json"]
    with said.open("w") as stdout:
        ended = run_child([*command, *rest], "wall", stdout=stdout.fileno())
    summary: Mapping[str, Mapping[str, float]] = json.loads(said.read_text().splitlines()[-1])
    return ended.seconds, summary


_FIXED = (
    "importing torch, MLflow and KFP, ingestion, validation, the bootstrap and registration take "
    "some 25 s, however little is trained"
)
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
            f"{_FIXED}; on the demo's few rows that weighs more than it does on a day's logs"
        ),
    },
)
PIPELINE_KUAIRAND = Topic(
    title="The whole run on KuaiRand-Pure",
    about="The same with `kuairand.toml` on the folder that LT4REC_REAL_DATA names.",
    measure=on_kuairand,
    rounds=1,
    limits={"pipeline_kuairand.beside_training": _FIXED},
)
