"""The MLflow run of a whole pipeline, and the ones that killed processes left behind."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from components.injected import injected_parent
from components.run_context import RunContext
from components.store import WORKSPACE, Store, end_dead, open_store
from lt4rec_core.config import Config, digest, from_mapping, to_mapping
from lt4rec_core.retraining.data_date import data_date_of

MODEL_NAME, PIPELINE = "lt4rec.model_name", "lt4rec.pipeline"
CONFIG_FILE = "config.json"
"""Artifact of a pipeline run: its whole configuration, as it was."""

KFP_RUN = "KFP_RUN_ID"
"""Variable of every task on a cluster: the Kubeflow run that it belongs to."""

DAILY = "daily-retraining"
"""Value of the tag PIPELINE for a day's run."""
SCHEDULED, FORCED = "lt4rec.scheduled_time", "lt4rec.forced"
"""Tags of a run: when it was due, and whether a daily one was forced."""

_LOCK, _KFP_TAG = "lt4rec.lock", "lt4rec.kfp_run"


def start_run(
    config: str,
    source: str,
    data_date: str,
    workspace: str,
    run_id: str,
    git_commit: str,
    day: Mapping[str, Any] | None = None,
) -> RunContext:
    """Returns the context of run `run_id`; where that is "" (on a cluster), it's found or made.

    It's the one that an earlier attempt of the same Kubeflow run began, else the one that
    Kubeflow's MLflow plugin has injected, else a new one.

    Args:
        config: the run's whole configuration as JSON.
        source: where the logs are.
        data_date: the test day, or the time that the run was due, from which the day follows.
        workspace: folder of everything that is made.
        run_id: MLflow run of the pipeline.
        git_commit: commit of the code.
        day: whether a daily run is `forced`; None for another run.
    """
    place, settings = Path(workspace), from_mapping(json.loads(config))
    due = data_date if "T" in data_date or "{{" in data_date else ""
    if due:
        data_date = data_date_of(due, settings.ingest)
    if not run_id:
        store = open_store(settings.tracking, place)
        run_id = _earlier_attempt(store) or new_parent(
            store, settings, source, data_date, git_commit, injected=injected_parent(store), day=day
        )
        store.set_tags(run_id, {SCHEDULED: due} if due else {})
    attempt = run_id if day and day["forced"] else ""
    return RunContext(
        run_id, place, data_date, git_commit, retraining=day is not None, attempt=attempt
    )


def new_parent(
    store: Store,
    config: Config,
    source: str,
    data_date: str,
    git_commit: str,
    lock: str = "",
    pipeline: str = "training",
    injected: str = "",
    day: Mapping[str, Any] | None = None,
) -> str:
    """Starts the pipeline run's MLflow run, tied to a `held` lock, and returns its id.

    One that was `injected` is taken for it instead.
    """
    context = RunContext("", store.workspace, data_date, git_commit)
    tags = {**context.tags, "config_digest": digest(config), "lt4rec.source": source}
    tags |= {MODEL_NAME: config.register.model_name, PIPELINE: DAILY if day else pipeline}
    tags |= {FORCED: str(day["forced"]).lower()} if day else {}
    tags |= {_LOCK: lock} if lock else {}
    tags |= {_KFP_TAG: os.environ[KFP_RUN]} if KFP_RUN in os.environ else {}
    if injected:
        store.set_tags(injected, tags | {WORKSPACE: str(store.workspace)})
    run_id = injected or store.start_parent(f"{config.name} {data_date}".strip(), tags)
    store.log_document(run_id, to_mapping(config), CONFIG_FILE)
    return run_id


def _earlier_attempt(store: Store) -> str:
    kfp_run = os.environ.get(KFP_RUN)
    runs = store.search(f"tags.`{_KFP_TAG}` = '{kfp_run}'") if kfp_run else []
    return str(runs[0].info.run_id) if runs else ""


def finished_day(store: Store, model: str, data_date: str) -> str | None:
    """Returns the latest run that retrained `model` for the day and ended; None if none did."""
    condition = (
        f"attributes.status = 'FINISHED' and tags.`{PIPELINE}` = '{DAILY}' "
        f"and tags.`{MODEL_NAME}` = '{model}' and tags.data_date = '{data_date}'"
    )
    return next((str(run.info.run_id) for run in store.search_here(condition)), None)


@contextmanager
def held(workspace: Path) -> Iterator[str]:
    """Holds a new lock that says that a local run's process lives; gives the lock's name."""
    name = uuid.uuid4().hex
    path = _lock(workspace, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield name
        finally:
            path.unlink(missing_ok=True)


def end_killed(store: Store) -> None:
    """Ends the local runs of this workspace, and their steps, whose process is gone."""
    for run in store.search_here("attributes.status = 'RUNNING'"):
        lock, run_id = run.data.tags.get(_LOCK, ""), str(run.info.run_id)
        # The server says both, and both name what is removed: plain ones are ours.
        if not (lock.isalnum() and run_id.isalnum()) or _is_held(_lock(store.workspace, lock)):
            continue
        end_all(store, run_id)
        shutil.rmtree(scratch_folder(store.workspace, run_id), ignore_errors=True)
        _lock(store.workspace, lock).unlink(missing_ok=True)


def end_all(store: Store, run_id: str) -> None:
    """Ends a pipeline run, and those of its steps that still seem to run, as KILLED."""
    steps = store.search(
        f"attributes.status = 'RUNNING' and tags.`mlflow.parentRunId` = '{run_id}'"
    )
    end_dead(store, steps)
    store.end(run_id, "KILLED")


def scratch_folder(workspace: Path, run_id: str) -> Path:
    """Returns where a local run keeps what is of use only while it runs."""
    return workspace / "scratch" / run_id


def _lock(workspace: Path, name: str) -> Path:
    return workspace / "runs" / f"{name}.lock"


def _is_held(path: Path) -> bool:
    try:
        with path.open("r") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
