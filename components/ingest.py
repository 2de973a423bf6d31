"""Component of the stage ingest."""

from typing import NamedTuple

from kfp import dsl


@dsl.component(base_image="lt4rec", install_kfp_package=False)
def ingest(
    config: str, source: str, data_date: str, workspace: str, parent_run_id: str, git_commit: str
) -> NamedTuple("Outputs", [("run", str), ("dataset", str)]):  # type: ignore[valid-type]
    """Makes one encoded dataset of raw logs; gives the run's context and the reference."""
    from components.dataset_step import open_ingest

    with open_ingest(config, source, data_date, workspace, parent_run_id, git_commit) as step:
        if step.needed:
            from lt4rec_core.stages.ingest import ingest as stage

            stage(step.config, source, data_date or None, step.target, step.tracker)
    return step.context.to_json(), step.reference
