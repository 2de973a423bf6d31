"""Component of the stage joint_train."""

from kfp import dsl


@dsl.component(base_image="lt4rec", install_kfp_package=False)
def joint_train(
    config: str, run: str, dataset: str, init: str, masks: dict[str, str], search: str = ""
) -> str:
    """Trains all tasks in turn, each under its own mask; gives the checkpoint's reference."""
    from components.champion import chosen, learned_from, with_choice
    from components.inputs import open_input_checkpoint, open_input_dataset, open_input_masks
    from components.step import open_step

    inputs = with_choice({"dataset": dataset, "init": init, **masks}, search)
    with open_step("joint-train", config, run, inputs) as step:
        if step.needed:
            from components.training import train

            data = open_input_dataset(step, dataset)
            start = open_input_checkpoint(step, init, data)
            owned = open_input_masks(step, masks, data)
            rows = learned_from(data, chosen(step, search))
            train(step, dataset=rows, init=start, masks=owned)
    return step.reference
