"""Runs a day's retraining on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from components.day_lock import day_lock
from components.pipeline_run import SCHEDULED
from lt4rec_core.config import Config
from lt4rec_core.preflight import check_daily, check_date
from pipelines.daily_retraining import daily_pipeline
from pipelines.local_run import Show, local_run
from pipelines.summary import summarize_day
from pipelines.walk import walk


def run_retraining(
    config: Config,
    source: str,
    data_date: str,
    workspace: Path,
    *,
    forced: bool = False,
    due: str = "",
    git_commit: str = "",
    show: Show,
) -> dict[str, Any]:
    """Runs every step of the day that isn't done yet, and returns the run's summary.

    Days of one model in one workspace are run one after the other: a second run waits.

    Args:
        config: the run's settings.
        source: folder or `s3://` prefix of the raw logs.
        data_date: the test day.
        workspace: folder of everything that is made; the only place written to.
        forced: makes a new version of a day that is done.
        due: the time that the run was scheduled for, for the record.
        git_commit: commit of the code, "" if unknown.
        show: takes the progress, line by line, `[node] message`.

    Raises:
        ConfigError: there can be no daily run, or the date is missing.
        LT4RECError: of the class that the failing step raised.
    """
    check_daily(config)
    check_date(config, data_date)
    with (
        day_lock(workspace, config.register.model_name, data_date, show),
        local_run(
            config, source, data_date, workspace, git_commit, show, daily={"forced": forced}
        ) as run,
    ):
        if due:
            run.store.set_tags(run.parent, {SCHEDULED: due})
        arguments = {
            "config": run.settings,
            "source": run.source,
            "workspace": str(run.workspace),
            "data_date": run.day,
            "parent_run_id": run.parent,
            "git_commit": git_commit,
            "forced": forced,
        }
        walk(daily_pipeline(config), arguments, run.one)
        return summarize_day(run.store, run.parent, data_date)
