"""Component of the stage register, the last node: the gate, the registry and the report."""

from kfp import dsl


@dsl.component(base_image="lt4rec", install_kfp_package=False)
def register(
    config: str,
    run: str,
    dataset: str,
    validation: str,
    init: str,
    joint: str,
    masks: dict[str, str],
    singles: dict[str, str],
    evaluation: str,
    search: str = "",
) -> str:
    """Registers the model under the gate's verdict, and reports on the whole run."""
    from components.registration_step import open_registration
    from components.run_report import publish_report

    inputs = {"dataset": dataset, "joint": joint, "evaluation": evaluation, **masks}
    with open_registration(config, run, inputs) as step:
        if step.needed:
            step.register(dataset, joint, masks, singles, evaluation, search)
        step.conclude()
        trained = {"warmup": init, "joint-train": joint}
        trained |= {f"prune-{task}": reference for task, reference in masks.items()}
        trained |= {f"single-task-{task}": reference for task, reference in singles.items()}
        publish_report(step, dataset, validation, masks, trained, evaluation)
    return step.reference
