"""Component of the stage world: one DAG node per synthetic world."""

from typing import NamedTuple

from kfp import dsl


@dsl.component(base_image="lt4rec", install_kfp_package=False)
def world(
    config: str,
    run: str,
    world: str,
) -> NamedTuple("Outputs", [("run", str), ("dataset", str)]):  # type: ignore[valid-type]
    """Generates a world's logs and makes a dataset of them; as ingest, for the world's nodes."""
    from components.dataset_step import open_world

    with open_world(config, run, world) as step:
        if step.needed:
            from lt4rec_core.data.synthetic import generate
            from lt4rec_core.stages.ingest import ingest

            logs = generate(step.config.synthetic, step.room / "logs", step.tracker)
            day = step.context.data_date
            ingest(step.config, str(logs), day, step.target, step.tracker)
    return step.context.to_json(), step.reference
