"""Searches the arms' settings on this machine, arms beside each other in processes."""

from __future__ import annotations

import dataclasses
import datetime
import json
import sys
from pathlib import Path
from typing import Any

from components.failures import Failure, write_failure
from components.inputs import find_dataset
from components.lifeline import die_with_runner
from components.reference import Reference
from lt4rec_core.comparison.chosen import chosen_toml
from lt4rec_core.comparison.search import ranges_of, start
from lt4rec_core.comparison.settings import arms_of
from lt4rec_core.comparison.tune import Tuned, tune
from lt4rec_core.config import Config, digest, from_mapping
from lt4rec_core.data.atomic import file_aside
from lt4rec_core.data.sealed import seal
from lt4rec_core.errors import LT4RECError
from pipelines.local_run import Show, local_run
from pipelines.workers import Job


def run_tuning(
    config: Config,
    source: str,
    data_date: str,
    workspace: Path,
    target: Path,
    *,
    git_commit: str = "",
    show: Show,
) -> dict[str, Any]:
    """Tries `comparison.trials` settings of every arm; writes the best as TOML to `target`.

    The other arguments are those of `pipelines.compare.run_comparison`. Trials that are
    done in this workspace aren't trained again; more of them go on where fewer ended.

    Returns:
        By arm: `chosen`, `skill` and `validation` of the best trial, and `trials`.

    Raises:
        LT4RECError: of the class that the failing step raised.
    """
    arms = arms_of(config.comparison.arms)
    for arm in arms:
        start(config, ranges_of(config, arm))  # refused before anything runs
    with local_run(config, source, data_date, workspace, git_commit, show) as run:
        _, dataset = run.data()
        inputs = {
            "config": run.settings,
            "dataset": dataset,
            "workspace": str(run.workspace),
            "run_id": run.parent,
        }
        jobs = [
            (arm, Job(_node(arm), "pipelines.tune:tune_arm", {**inputs, "arm": arm}))
            for arm in arms
        ]
        done = run.all(jobs, "tune")
        found = [Tuned(**json.loads(done[_node(arm)])) for arm in arms]
        sealed = seal(find_dataset(run.workspace, Reference.parse(dataset)))
        facts = {
            "written on": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "configuration": f"{config.name}, digest {digest(config)[:16]}",
            "training and validation rows": f"digest {sealed.digest[:16]}",
            "seed": str(config.comparison.tune_seed),
        }
        with file_aside(target) as partial:
            partial.write_text(chosen_toml(found, facts), encoding="utf-8")
        run.store.log_file(run.parent, target, "chosen")
    return {tuned.arm: _best(tuned) for tuned in found}


def tune_arm(config: str, arm: str, dataset: str, workspace: str, run_id: str) -> str:
    """Tunes one arm, in a process of its own; gives what was found as JSON.

    Raises:
        SystemExit: it couldn't be done; the reason is in the workspace's failures.
    """
    die_with_runner()
    place = Path(workspace)
    try:
        settings = from_mapping(json.loads(config))
        sealed = seal(find_dataset(place, Reference.parse(dataset)))
        found = tune(settings, arm, sealed, place / "tuning", _Printed(_node(arm)))
    except LT4RECError as error:
        failure = Failure(_node(arm), type(error).__name__, str(error), error.exit_code)
        write_failure(place, run_id, failure)
        sys.exit(error.exit_code)
    return json.dumps(dataclasses.asdict(found))


def _node(arm: str) -> str:
    return f"tune-{arm.replace('_', '-')}"


class _Printed:
    """Prints progress as `[node] message`, as components do."""

    def __init__(self, node: str) -> None:
        self._node = node

    def log_metrics(self, metrics: Any, step: int) -> None:
        """Does nothing."""

    def progress(self, message: str) -> None:
        """Prints the message."""
        print(f"[{self._node}] {message}", flush=True)  # noqa: T201


def _best(tuned: Tuned) -> dict[str, Any]:
    best = tuned.trials[tuned.best]
    return {
        "chosen": dict(tuned.chosen),
        "skill": best["skill"],
        "validation": best["validation"],
        "trials": len(tuned.trials),
    }
