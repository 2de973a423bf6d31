"""Component of the stage compare."""

from kfp import dsl


@dsl.component(base_image="lt4rec", install_kfp_package=False)
def compare(
    config: str, run: str, baselines: str, arms: dict[str, str], worlds: dict[str, str]
) -> str:
    """Holds all arms and worlds side by side and writes the reports; gives their reference."""
    from components.comparison_step import names_of, open_compare, open_summary

    with open_compare(config, run, baselines, arms, worlds) as step:
        if step.needed:
            from lt4rec_core.comparison.compare import compare as stage
            from lt4rec_core.comparison.result import open_result

            names = names_of(step.config)
            results = [open_result(step.folder(place), names[node]) for node, place in arms.items()]
            floor = open_result(step.folder(baselines))
            found = {name: open_summary(step.folder(text)) for name, text in worlds.items()}
            command = step.context.command
            stage(
                step.config,
                results,
                floor,
                step.target,
                step.tracker,
                worlds=found,
                command=command,
            )
        step.publish()
    return step.reference
