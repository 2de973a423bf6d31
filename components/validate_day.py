"""Component of the stage validate_day: one implementation, one DAG node per day."""

from kfp import dsl


@dsl.component(base_image="lt4rec", install_kfp_package=False)
def validate_day(config: str, run: str, dataset: str, days: str, back: int) -> str:
    """Counts the day `back` days before the last; gives its reference, "" if it's left out."""
    from components.day_step import day_at
    from components.inputs import open_input_day
    from components.step import open_step

    day, node = day_at(days, back), f"validate-day-{back}"
    if not day:
        return ""
    inputs = {"dataset": dataset}
    with open_step(node, config, run, inputs, task=str(back)) as step:
        if step.needed:
            from lt4rec_core.stages.validate_day import validate_day as stage

            data = open_input_day(step, dataset, day)
            stage(step.config, data, day, step.target, step.tracker)
    return step.reference
