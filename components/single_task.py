"""Component of the stage single_task: one implementation, one DAG node per task."""

from kfp import dsl


@dsl.component(base_image="lt4rec", install_kfp_package=False)
def single_task(config: str, run: str, task: str, dataset: str, search: str = "") -> str:
    """Trains the task's own network, the baseline of the MTL gain; gives its reference.

    Where a daily run starts from the champion, so does this, from the champion's baseline.
    """
    from components.champion import champion_behind, chosen, learned_from, with_choice
    from components.inputs import open_input_dataset
    from components.step import open_step

    inputs = with_choice({"dataset": dataset}, search)
    with open_step(f"single-task-{task}", config, run, inputs, task=task) as step:
        if step.needed:
            from components.training import train

            data = open_input_dataset(step, dataset)
            choice, init = chosen(step, search), None
            if choice is not None:
                champion, start = champion_behind(step, choice), step.room / "start"
                init = champion.network(f"single-{task}", "single_task", data, start)
            rows = learned_from(data, choice)
            train(step, task=task, dataset=rows, init=init)
    return step.reference
