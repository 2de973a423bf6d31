"""A run that is stopped and killed goes on where it was, to the same masks."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from components.store import open_store
from lt4rec_core.config import Tracking, load
from lt4rec_core.data.dataset import open_dataset
from lt4rec_core.stages.prune import prune
from lt4rec_core.stages.warmup import warmup
from lt4rec_core.tracking import SilentTracker

# MLflow's store uses an SQLAlchemy option that 2.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")
DAY = "2026-01-05"
CONFIG = Path(__file__).with_name("small.toml")
# Rounds long enough for a signal to arrive before the last one ends.
LONG = {"prune.rounds": 4, "prune.epochs_per_round": 8}


def test_stopped_and_killed_run_ends_as_one_that_never_was(lt4rec, logs, tmp_path):
    workspace = tmp_path / "workspace"
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
    assert found == _masks_at_one_go(dataset, tmp_path)
    running = "attributes.status = 'RUNNING'"
    assert open_store(Tracking(), workspace).search(running) == []


def _masks_at_one_go(folder: Path, scratch: Path) -> dict[str, str]:
    """Digests of the masks that the stages find on this dataset without MLflow, KFP or a kill."""
    overrides = [f"{key}={value}" for key, value in LONG.items()]
    config, dataset, tracker = load(CONFIG, overrides), open_dataset(folder), SilentTracker()
    init = warmup(config, dataset, scratch / "warm", scratch / "init", tracker)
    return {
        task: prune(
            config, task, dataset, init, scratch / f"state-{task}", scratch / task, tracker
        ).manifest["mask_digest"]
        for task in ("ctr", "cvr")
    }


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
