"""Component of the stage register, the last node: the gate, the registry and the report."""

from kfp import dsl


@dsl.component(base_image="lt4rec", install_kfp_package=False)
def register(
    config: str,
    run: str,
    dataset: str,
    validation: str,
    joint: str,
    masks: dict,
    singles: dict,
    evaluation: str,
) -> str:
    """Registers the model under the gate's verdict and reports on the run."""
    from components.registration_step import RegistrationStep, champion_version, report
    from components.step import open_step

    inputs = {"dataset": dataset, "joint": joint, "evaluation": evaluation, **masks}
    with open_step(
        "register", config, run, inputs, extra=champion_version, kind=RegistrationStep
    ) as step:
        if step.needed:
            step.register(dataset, joint, masks, evaluation)
        report(step, dataset, validation, masks, joint, singles, evaluation)
    return step.reference
