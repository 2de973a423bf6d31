"""Component of the stage single_task: one implementation, one DAG node per task."""

from kfp import dsl


@dsl.component(base_image="lt4rec", install_kfp_package=False)
def single_task(config: str, run: str, task: str, dataset: str) -> str:
    """Trains the task's own network, the baseline of the MTL gain; gives its reference."""
    from components.inputs import open_input_dataset
    from components.step import open_step

    inputs = {"dataset": dataset}
    with open_step(f"single-task-{task}", config, run, inputs, task=task) as step:
        if step.needed:
            from lt4rec_core.stages.single_task import single_task as stage

            data = open_input_dataset(step, dataset)
            stage(step.config, task, data, step.state, step.target, step.tracker)
    return step.reference
