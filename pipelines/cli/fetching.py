"""Brings a run's report back from MLflow's artifacts."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from components.store import Store, open_store, store_errors
from lt4rec_core.artifact import inside
from lt4rec_core.config import Tracking
from lt4rec_core.data.atomic import file_aside
from lt4rec_core.errors import InputError

_FOLDER = "report"


def fetch_report(tracking: Tracking, workspace: Path, run_id: str, target: Path | None) -> Path:
    """Copies the report of `run_id`, "" for the latest finished run, and returns its path.

    Args:
        tracking: which MLflow store the run is in.
        workspace: folder of the run.
        run_id: the pipeline run's MLflow id.
        target: the file to write; by default where the run itself put it.

    Raises:
        InputError: there is no such run, or it has no report.
        StoreError: MLflow or the disk fails.
    """
    store = open_existing(tracking, workspace)
    place = store.workspace
    run = _run(store, run_id)
    found = target or inside(place / "reports", f"{run.info.run_id}.html")
    with (
        tempfile.TemporaryDirectory(dir=place) as scratch,
        store_errors(f"the report of run {run.info.run_id} can't be fetched"),
    ):
        pages = [
            entry.path
            for entry in store.client.list_artifacts(run.info.run_id, _FOLDER)
            if entry.path.endswith(".html")
        ]
        if not pages:
            raise InputError(
                f"run {run.info.run_id} has no report; its status is {run.info.status}: the "
                "report is made by the last node, so run the pipeline to its end"
            )
        page = store.client.download_artifacts(run.info.run_id, pages[-1], scratch)
        with file_aside(found) as file:
            shutil.copyfile(page, file)
    return found


def open_existing(tracking: Tracking, workspace: Path) -> Store:
    """Opens the store of earlier runs.

    Raises:
        InputError: the workspace holds none, and `tracking` names no server.
        StoreError: MLflow fails.
    """
    place = workspace.expanduser().resolve()
    if not tracking.uri and not (place / "mlflow.db").is_file():
        raise InputError(
            f"{place} holds no runs: it has no mlflow.db; expected the --workspace of an earlier "
            "`lt4rec run`, or a --config that names the MLflow store"
        )
    return open_store(tracking, place)


def _run(store: Store, run_id: str) -> Any:
    from mlflow.exceptions import MlflowException

    if run_id:
        try:
            return store.client.get_run(run_id)
        except MlflowException as error:
            raise InputError(f"there is no run {run_id!r} in {store.uri}: {error}") from None
    with store_errors("runs can't be searched"):
        everywhere = [found.experiment_id for found in store.client.search_experiments()]
    for run in store.search_here("attributes.status = 'FINISHED'", everywhere):
        if store.client.list_artifacts(run.info.run_id, _FOLDER):
            return run
    raise InputError(
        f"no finished run of {store.workspace} is in {store.uri}; run `lt4rec run` first, or name "
        "a run in --run-id"
    )
