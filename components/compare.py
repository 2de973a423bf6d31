"""Component of the stage compare."""

from kfp import dsl


@dsl.component(base_image="lt4rec", install_kfp_package=False)
def compare(config: str, run: str, baselines: str, arms: dict[str, str]) -> str:
    """Holds all arms side by side and writes the reports; gives their reference."""
    from components.comparison_step import names_of, open_compare

    with open_compare(config, run, baselines, arms) as step:
        if step.needed:
            from lt4rec_core.comparison.compare import compare as stage
            from lt4rec_core.comparison.result import open_result

            names = names_of(step.config)
            results = [open_result(step.folder(place), names[node]) for node, place in arms.items()]
            floor = open_result(step.folder(baselines))
            stage(step.config, results, floor, step.target, step.tracker)
        step.publish()
    return step.reference
