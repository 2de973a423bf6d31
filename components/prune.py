"""Component of the stage prune: one implementation, one DAG node per task."""

from kfp import dsl


@dsl.component(base_image="lt4rec", install_kfp_package=False)
def prune(config: str, run: str, task: str, dataset: str, init: str, search: str = "") -> str:
    """Finds the task's subnetwork by iterative magnitude pruning; gives the mask's reference.

    A daily run that keeps the champion's masks carries the task's over instead.
    """
    from components.champion import champion_behind, chosen, with_choice
    from components.inputs import open_input_checkpoint, open_input_dataset
    from components.step import open_step

    inputs = with_choice({"dataset": dataset, "init": init}, search)
    with open_step(f"prune-{task}", config, run, inputs, task=task) as step:
        if step.needed:
            from components.training import train

            data = open_input_dataset(step, dataset)
            choice = chosen(step, search)
            if choice is None:
                start = open_input_checkpoint(step, init, data)
                train(step, task=task, dataset=data, init=start)
            else:
                champion_behind(step, choice).mask(task, data, step.target)
    return step.reference
