"""Runs a DAG on a cluster, now."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from lt4rec_core.config import Config
from lt4rec_core.errors import ConfigError
from lt4rec_core.preflight import check_daily, check_date, check_source
from pipelines.compile import compile_pipeline
from pipelines.kubeflow import open_api


def submit_run(
    config: Config,
    data_date: str,
    *,
    source: str = "",
    pipeline: str = "training",
    forced: bool = False,
    git_commit: str = "",
) -> dict[str, Any]:
    """Compiles the DAG, starts one run of it, and returns the `--json` object.

    Args:
        config: the run's settings; `cluster` says where it runs.
        data_date: the test day, "" for a source without dates.
        source: the raw logs, "" for `cluster.source`.
        pipeline: "training", "daily-retraining" or "comparison".
        forced: makes a new version of a day that is done; of a daily run alone.
        git_commit: commit of the code, "" if unknown.

    Raises:
        ConfigError: of `compile_pipeline`, or the day or the logs' place is missing, or there can
            be no daily run.
        ClusterError: the API can't be reached, or refuses.
    """
    date = data_date or (config.comparison.data_date if pipeline == "comparison" else "")
    check_date(config, date)
    check_source(config, source)
    if pipeline == "daily-retraining":
        check_daily(config)
    elif forced:
        raise ConfigError(f"the pipeline {pipeline!r} can't be forced; only a daily run can")
    given: dict[str, Any] = {"data_date": date, "source": source, "forced": forced}
    with tempfile.TemporaryDirectory() as folder:
        file = compile_pipeline(config, Path(folder) / "pipeline.yaml", git_commit, pipeline)
        with open_api(config.cluster.kubeflow) as api:
            run = api.client.run_pipeline(
                api.experiment_id,
                f"{config.name} {date}".strip(),
                pipeline_package_path=str(file),
                params={name: value for name, value in given.items() if value},
                service_account=config.cluster.service_account or None,
            )
    return {
        "run_id": run.run_id,
        "name": run.display_name,
        "data_date": date or None,
        "url": f"{config.cluster.kubeflow.host}/#/runs/details/{run.run_id}",
    }
