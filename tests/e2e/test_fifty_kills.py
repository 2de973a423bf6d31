"""However often a run is killed, and wherever, it ends as one that never was."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

CONFIG = Path(__file__).with_name("small.toml")
DAY = "2026-01-05"
KILLS = int(os.environ.get("LT4REC_KILLS", "50"))
SAME = ("masks", "metrics", "mtl_gain", "gate")
NODES = {
    *("ingest", "validate", "warmup", "prune-ctr", "prune-cvr", "single-task-ctr"),
    *("single-task-cvr", "joint-train", "evaluate", "register"),
}


def test_fifty_kills_at_random_moments_change_nothing(lt4rec, logs, tmp_path, capsys):
    seed = int(os.environ.get("LT4REC_KILL_SEED", random.SystemRandom().randrange(1 << 32)))
    chance, killed = random.Random(seed), Counter()
    tell(capsys, f"LT4REC_KILL_SEED={seed}")
    whole = _run(lt4rec, logs, tmp_path / "whole").result
    place = 0
    while sum(killed.values()) < KILLS or set(killed) < NODES:
        place += 1
        workspace = tmp_path / f"killed-{place}"
        result = _killed_until_done(lt4rec, logs, workspace, chance, killed)
        assert {key: result[key] for key in SAME} == {key: whole[key] for key in SAME}
        assert result["model"]["version"] == whole["model"]["version"] == "1"
        tell(capsys, f"run {place}: {sum(killed.values())} kills so far, {dict(killed)}")


def tell(capsys: pytest.CaptureFixture[str], line: str) -> None:
    """Shows a line of progress: the test takes many minutes."""
    with capsys.disabled():
        print(f"\n{line}", end="", flush=True)  # noqa: T201


def _run(lt4rec, logs: Path, workspace: Path) -> Any:
    return lt4rec.run(logs, DAY, workspace)


def _killed_until_done(
    lt4rec, logs: Path, workspace: Path, chance: random.Random, killed: Counter
) -> dict[str, Any]:
    """Kills one run until it gets through; a node is killed twice before the next one's turn."""
    here: Counter[str] = Counter()
    while True:
        command = ("run", CONFIG, "--source", logs, "--data-date", DAY, "--workspace", workspace)
        with lt4rec.start(*command, "--json") as process:
            node = _wait_for_a_node(process, here)
            if node:
                # Half of the moments lie right after the start, half where the work is done.
                threading.Event().wait(chance.choice((0.1, 1.0)) * chance.random())
                here[node] += 1
                killed[node] += 1
                _kill(process)
            else:
                break
    return _run(lt4rec, logs, workspace).result


def _wait_for_a_node(process: subprocess.Popen[str], here: Counter) -> str:
    """The next node that starts and wasn't killed twice in this run; "" where the run ends."""
    assert process.stderr is not None
    for line in process.stderr:
        node, _, said = line.partition("] ")
        if said.strip() == "started" and here[node[1:]] < 2:
            return node[1:]
    process.communicate()
    return ""


def _kill(process: subprocess.Popen[str]) -> None:
    """Kills the runner; its node's process follows by itself (`components/lifeline.py`)."""
    process.send_signal(signal.SIGKILL)
    process.communicate()
