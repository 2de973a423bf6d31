"""Component of the stage validate."""

from kfp import dsl


@dsl.component(base_image="lt4rec", install_kfp_package=False)
def validate(config: str, run: str, dataset: str) -> str:
    """Judges every row of every day; gives the reference of the result, or stops the run."""
    from dataclasses import replace

    from components.inputs import open_input_dataset
    from components.step import open_step
    from components.stopped_days import tell_verdict

    with open_step("validate", config, run, {"dataset": dataset}) as step:
        if step.needed:
            from lt4rec_core.stages.validate import validate as stage

            data = open_input_dataset(step, dataset)
            outcome = stage(step.config, data, step.target, step.tracker)
            if outcome.failed:
                tell_verdict(step, outcome)
                replace(outcome, path=step.keep_evidence()).raise_on_error()
        tell_verdict(step)
    return step.reference
