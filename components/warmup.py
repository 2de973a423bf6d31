"""Component of the stage warmup."""

from kfp import dsl


@dsl.component(base_image="lt4rec", install_kfp_package=False)
def warmup(config: str, run: str, dataset: str) -> str:
    """Trains the base network on all tasks to sNET_init; gives the checkpoint's reference."""
    from components.inputs import open_input_dataset
    from components.step import open_step

    with open_step("warmup", config, run, {"dataset": dataset}) as step:
        if step.needed:
            from lt4rec_core.stages.warmup import warmup as stage

            data = open_input_dataset(step, dataset)
            stage(step.config, data, step.state, step.target, step.tracker)
    return step.reference
