"""Component of the stage baselines."""

from kfp import dsl


@dsl.component(base_image="lt4rec", install_kfp_package=False)
def baselines(config: str, run: str, dataset: str) -> str:
    """Fits what every arm must beat; gives the reference of its predictions."""
    from components.comparison_step import BaselinesStep
    from components.inputs import open_input_dataset
    from components.step import open_step

    with open_step("baselines", config, run, {"dataset": dataset}, kind=BaselinesStep) as step:
        if step.needed:
            from lt4rec_core.comparison.baselines import run_baselines

            data = open_input_dataset(step, dataset)
            run_baselines(step.config, data, step.target, step.tracker)
    return step.reference
