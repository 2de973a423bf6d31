"""The MLflow run that Kubeflow Pipelines' own MLflow plugin starts for a task.

With the plugin on (off by default), the back end makes one MLflow run for the pipeline
run and a nested one for each task, whose id the task finds in `MLFLOW_RUN_ID`. Steps
then are those runs, instead of runs of their own beside them.
"""

from __future__ import annotations

import os
from typing import Any

from components.lifeline import RUNNER
from components.store import PARENT, Store

VARIABLE = "MLFLOW_RUN_ID"


def injected_run(store: Store) -> Any | None:
    """Returns the injected run; None without one, or if it isn't in this store's experiment.

    A variable that stands in a laptop's environment for other reasons isn't heeded.
    """
    from mlflow.exceptions import MlflowException

    run_id = os.environ.get(VARIABLE)
    if not run_id or RUNNER in os.environ:
        return None
    try:
        run = store.client.get_run(run_id)
    except MlflowException as error:
        reason = f"isn't in the store {store.uri} ({error})"
    else:
        if run.info.experiment_id == store.experiment_id:
            return run
        reason = "is in another experiment; give the plugin tracking.experiment as its default one"
    print(f"the injected run {run_id} is passed over: it {reason}", flush=True)  # noqa: T201
    return None


def injected_parent(store: Store) -> str:
    """Returns the id of the pipeline's run above the injected one, "" without it."""
    run = injected_run(store)
    return str(run.data.tags.get(PARENT, "")) if run else ""
