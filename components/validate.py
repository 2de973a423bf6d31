"""Component of the stage validate."""

from typing import Optional

from kfp import dsl


@dsl.component(base_image="lt4rec", install_kfp_package=False)
def validate(
    config: str,
    run: str,
    dataset: str,
    profiles: Optional[dict] = None,  # type: ignore[type-arg]  # noqa: UP045 (KFP reads the types)
) -> str:
    """Judges every row of every day; gives the reference of the result, or stops the run.

    Where tasks of their own have counted days, their `profiles` are taken.
    """
    from dataclasses import replace

    from components.inputs import open_input_dataset, open_input_profiles
    from components.stopped_days import tell_verdict
    from components.validation_step import open_validation

    with open_validation(config, run, dataset) as step:
        if step.needed:
            from lt4rec_core.stages.validate import validate as stage

            data = open_input_dataset(step, dataset)
            counted = open_input_profiles(step, profiles or {})
            outcome = stage(step.config, data, step.target, step.tracker, counted)
            if outcome.failed:
                tell_verdict(step, outcome)
                replace(outcome, path=step.keep_evidence()).raise_on_error()
        tell_verdict(step)
    return step.reference
