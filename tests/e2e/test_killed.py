"""A run that is stopped and killed goes on where it was, to the same masks and metrics."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from components.store import open_store
from lt4rec_core.config import Tracking, load
from lt4rec_core.data.dataset import open_dataset
from lt4rec_core.stages.evaluate import evaluate
from lt4rec_core.stages.joint_train import joint_train
from lt4rec_core.stages.prune import open_mask, prune
from lt4rec_core.stages.single_task import single_task
from lt4rec_core.stages.warmup import warmup
from lt4rec_core.tracking import SilentTracker

# MLflow's store uses an SQLAlchemy option that 2.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")
DAY = "2026-01-05"
CONFIG = Path(__file__).with_name("small.toml")
# Rounds long enough for a signal to arrive before the last one ends.
LONG = {"prune.rounds": 4, "prune.epochs_per_round": 8}


def test_stopped_and_killed_run_ends_as_one_that_never_was(lt4rec, logs, new_workspace, tmp_path):
    workspace = new_workspace()
    place = ("--source", logs, "--data-date", DAY, "--workspace", workspace, "--json")
    command = ("run", CONFIG, *place)

    process = lt4rec.start(*command, settings=LONG)
    stopped = _signal_at("[ingest] started", signal.SIGTERM, process)
    assert stopped == 128 + signal.SIGTERM
    killed = _signal_at(
        "[prune-ctr] round 0", signal.SIGKILL, lt4rec.start(*command, settings=LONG)
    )
    assert killed == -signal.SIGKILL
    ended = lt4rec(*command, settings=LONG)

    # Which of the nodes that are independent of each other runs first is up to KFP.
    assert ended.nodes("skipped") >= {"ingest", "validate", "warmup"}
    assert "prune-ctr" in ended.nodes("started")
    found = {task: ended.result["masks"][task]["digest"] for task in ("ctr", "cvr")}
    [dataset] = (workspace / "datasets").iterdir()
    assert (found, ended.result["metrics"]) == _at_one_go(dataset, tmp_path)
    store = open_store(Tracking(), workspace)
    assert store.search("attributes.status = 'RUNNING'") == []
    # A step that was at work dies a moment after its runner, and may just have finished.
    killed = store.search("attributes.status = 'KILLED'")
    parents = [run.info.run_name for run in killed if "lt4rec.node" not in run.data.tags]
    assert parents == [f"small {DAY}"] * 2
    assert list((workspace / "scratch").iterdir()) == []


def _at_one_go(folder: Path, scratch: Path) -> tuple[dict[str, str], dict[str, Any]]:
    """Digests of the masks, and the metrics, that stages give without MLflow, KFP or a kill."""
    overrides = [f"{key}={value}" for key, value in LONG.items()]
    config, dataset, tracker = load(CONFIG, overrides), open_dataset(folder), SilentTracker()

    def places(name: str) -> tuple[Path, Path, SilentTracker]:
        return scratch / f"state-{name}", scratch / name, tracker

    init = warmup(config, dataset, *places("warmup"))
    masks, singles = {}, {}
    for task in ("ctr", "cvr"):
        found = prune(config, task, dataset, init, *places(f"prune-{task}"))
        masks[task] = open_mask(found.root)[0]
        singles[task] = single_task(config, task, dataset, *places(f"single-{task}"))
    joint = joint_train(config, dataset, init, masks, *places("joint"))
    judged = evaluate(config, dataset, joint, masks, singles, scratch / "judged", tracker)
    metrics = {task: entry["model"] for task, entry in judged.metrics["tasks"].items()}
    return {task: mask.digest for task, mask in masks.items()}, metrics


def _signal_at(line: str, number: int, process: subprocess.Popen[str]) -> int:
    """Sends the signal as soon as stderr shows the line; returns the exit code."""
    seen = []
    with process:
        assert process.stderr is not None
        for text in process.stderr:
            seen.append(text)
            if text.startswith(line):
                process.send_signal(number)
                break
        process.communicate()
    assert seen[-1].startswith(line), "".join(seen)
    return process.returncode
