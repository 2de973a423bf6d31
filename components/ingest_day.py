"""Component of the stage ingest_day: one implementation, one DAG node per day."""

from kfp import dsl


@dsl.component(base_image="lt4rec", install_kfp_package=False)
def ingest_day(config: str, run: str, source: str, days: str, back: int) -> str:
    """Reads the day `back` days before the last; gives its reference, "" if it's left out."""
    from components.day_step import day_at, open_day

    day = day_at(days, back)
    if not day:
        return ""
    with open_day(config, run, source, day, back) as step:
        if step.needed:
            from lt4rec_core.stages.ingest_day import ingest_day as stage

            stage(step.config, source, day, step.target, step.tracker)
    return step.reference
