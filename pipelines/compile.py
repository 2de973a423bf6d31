"""Writes a DAG for a cluster: KFP's IR YAML."""

from __future__ import annotations

import json
from pathlib import Path

from lt4rec_core.config import Config, to_mapping
from lt4rec_core.data.atomic import file_aside
from lt4rec_core.preflight import check_ready


def compile_pipeline(
    config: Config,
    target: Path,
    git_commit: str = "",
    pipeline: str = "training",
    *,
    scheduled: bool = False,
) -> Path:
    """Compiles the DAG of `config` to the IR YAML file `target` and returns the path.

    The configuration, the logs' place and the workspace become the parameters' default
    values; `data_date` is given with each run. Nothing is installed when a task starts:
    all code is in the image.

    Args:
        config: the run's settings; `cluster` says image, resources, retries and secrets.
        target: the file to write.
        git_commit: commit of the code, for the tags of the runs.
        pipeline: "training", "daily-retraining" or "comparison".
        scheduled: the test day follows from the time that a run is due; not of a comparison.

    Raises:
        ConfigError: a name isn't known.
    """
    check_ready(config)
    from kfp import compiler

    from pipelines.comparison import comparison_pipeline
    from pipelines.daily_retraining import daily_pipeline
    from pipelines.training import training_pipeline

    made = (
        comparison_pipeline(config)
        if pipeline == "comparison"
        else {"training": training_pipeline, "daily-retraining": daily_pipeline}[pipeline](
            config, scheduled=scheduled
        )
    )
    defaults = {
        "config": json.dumps(to_mapping(config), sort_keys=True),
        "source": config.cluster.source,
        "workspace": config.cluster.workspace,
        "git_commit": git_commit,
    }
    if pipeline == "comparison":
        defaults["data_date"] = config.comparison.data_date
    with file_aside(target.with_suffix(".yaml")) as partial:
        file = partial.with_suffix(".yaml")  # KFP wants this suffix
        compiler.Compiler().compile(made, str(file), pipeline_parameters=defaults)
        partial.write_text(_head(config) + file.read_text(encoding="utf-8"), encoding="utf-8")
        file.unlink()
    return target.with_suffix(".yaml")


def _head(config: Config) -> str:
    account = config.cluster.service_account
    return f"# Submit with the service account {account!r}.\n" if account else ""
