"""Component of the stage warmup."""

from kfp import dsl


@dsl.component(base_image="lt4rec", install_kfp_package=False)
def warmup(config: str, run: str, dataset: str, search: str = "") -> str:
    """Trains the base network on all tasks to sNET_init; gives the checkpoint's reference.

    A daily run that keeps the champion's masks begins from the champion's network instead.
    """
    from components.champion import champion_behind, chosen, with_choice
    from components.inputs import open_input_dataset
    from components.step import open_step

    with open_step("warmup", config, run, with_choice({"dataset": dataset}, search)) as step:
        if step.needed:
            from components.training import train

            data = open_input_dataset(step, dataset)
            choice = chosen(step, search)
            if choice is None:
                train(step, dataset=data)
            else:
                champion_behind(step, choice).network("joint", "warmup", data, step.target)
    return step.reference
