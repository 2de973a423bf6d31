"""Component of the stage find_days, where each day is read by a task of its own."""

from typing import NamedTuple

from kfp import dsl


@dsl.component(base_image="lt4rec", install_kfp_package=False)
def find_days(
    config: str,
    source: str,
    data_date: str,
    workspace: str,
    parent_run_id: str,
    git_commit: str,
    daily: bool = False,
    forced: bool = False,
) -> NamedTuple("Outputs", [("run", str), ("days", str)]):  # type: ignore[valid-type]
    """Finds the days that the run reads; gives the run's context and the days."""
    from components.log_step import LogStep, open_logs

    day = {"forced": forced} if daily else None
    run = (data_date, workspace, parent_run_id, git_commit, day)
    with open_logs("find-days", LogStep, config, source, *run) as step:
        if step.needed:
            from lt4rec_core.stages.find_days import find_days as stage

            stage(step.config, source, step.days, step.target, step.tracker)
    return step.context.to_json(), step.days.to_json()
