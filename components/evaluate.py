"""Component of the stage evaluate."""

from kfp import dsl


@dsl.component(base_image="lt4rec", install_kfp_package=False)
def evaluate(
    config: str, run: str, dataset: str, joint: str, masks: dict[str, str], singles: dict[str, str]
) -> str:
    """Measures the subnetworks and the baselines on the test day; gives the reference."""
    from components.inputs import open_input_checkpoint, open_input_dataset, open_input_masks
    from components.step import open_step

    baselines = {f"single-{task}": reference for task, reference in singles.items()}
    inputs = {"dataset": dataset, "joint": joint, **masks, **baselines}
    with open_step("evaluate", config, run, inputs) as step:
        if step.needed:
            from lt4rec_core.stages.evaluate import evaluate as stage

            data = open_input_dataset(step, dataset)
            shared = open_input_checkpoint(step, joint, data)
            owned = open_input_masks(step, masks, data)
            alone = {t: open_input_checkpoint(step, text, data) for t, text in singles.items()}
            stage(step.config, data, shared, owned, alone, step.target, step.tracker)
    return step.reference
