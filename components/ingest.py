"""Component of the stage ingest."""

from typing import NamedTuple, Optional

from kfp import dsl


@dsl.component(base_image="lt4rec", install_kfp_package=False)
def ingest(
    config: str,
    source: str,
    data_date: str,
    workspace: str,
    parent_run_id: str,
    git_commit: str,
    daily: bool = False,
    forced: bool = False,
    days: str = "",
    read: Optional[dict] = None,  # type: ignore[type-arg]  # noqa: UP045 (KFP reads the types)
) -> NamedTuple("Outputs", [("run", str), ("dataset", str)]):  # type: ignore[valid-type]
    """Makes one encoded dataset of raw logs; gives the run's context and the reference.

    Where tasks of their own have `read` the `days`, it gathers what they made.
    """
    from components.dataset_step import DatasetStep
    from components.day_step import open_input_days
    from components.log_step import open_logs

    day = {"forced": forced} if daily else None
    run = (data_date, workspace, parent_run_id, git_commit, day)
    with open_logs("ingest", DatasetStep, config, source, *run, days) as step:
        if step.needed:
            from lt4rec_core.stages.ingest import ingest as stage

            date, found = step.context.data_date or None, open_input_days(step, read or {})
            made = (step.target, step.tracker, step.base, step.days, found)
            stage(step.config, source, date, *made)
    return step.context.to_json(), step.reference
