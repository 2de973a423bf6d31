"""Component of the stage choose_search, of a daily run."""

from kfp import dsl


@dsl.component(base_image="lt4rec", install_kfp_package=False)
def choose_search(config: str, run: str, dataset: str, validation: str) -> str:
    """Chooses between a search and the champion's masks; gives the choice's reference."""
    from components.choice_step import open_choosing

    with open_choosing(config, run, dataset, validation) as step:
        if step.needed:
            step.choose(dataset, validation)
    return step.reference
