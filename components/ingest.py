"""Component of the stage ingest."""

from typing import NamedTuple

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
) -> NamedTuple("Outputs", [("run", str), ("dataset", str)]):  # type: ignore[valid-type]
    """Makes one encoded dataset of raw logs; gives the run's context and the reference."""
    from components.dataset_step import open_ingest

    day = {"forced": forced} if daily else None
    run = (data_date, workspace, parent_run_id, git_commit, day)
    with open_ingest(config, source, *run) as step:
        if step.needed:
            from lt4rec_core.stages.ingest import ingest as stage

            date = step.context.data_date or None
            target, base = step.target, step.base
            stage(step.config, source, date, target, step.tracker, base, step.stopped)
    return step.context.to_json(), step.reference
