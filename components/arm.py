"""Component of the stage arm: one implementation, one DAG node per arm and seed."""

from kfp import dsl


@dsl.component(base_image="lt4rec", install_kfp_package=False)
def arm(config: str, run: str, arm: str, seed: int, dataset: str) -> str:
    """Trains an arm with a seed and judges it on the test day; gives the result's reference."""
    from components.comparison_step import open_arm, show_result
    from components.inputs import open_input_dataset

    with open_arm(config, run, arm, seed, dataset) as step:
        if step.needed:
            from lt4rec_core.comparison.arm import run_arm

            data = open_input_dataset(step, dataset)
            run_arm(step.config, arm, seed, data, step.state, step.target, step.tracker)
        show_result(step, arm, seed)
    return step.reference
