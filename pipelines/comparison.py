"""The comparison DAG: wiring only. One node an arm and seed, and those of each world."""

# No `from __future__ import annotations`: KFP reads the types of a pipeline's parameters.
from typing import Any

from kfp import dsl
from kfp.dsl.python_component import PythonComponent

from components.arm import arm
from components.baselines import baselines
from components.compare import compare
from components.comparison_step import node_of
from components.run_context import name_in
from components.validate import validate
from components.world import world
from lt4rec_core.comparison.settings import seeds_of, trained_of
from lt4rec_core.comparison.worlds import settings_in
from lt4rec_core.config import Config, fanned_out
from pipelines.data_nodes import DataNodes, data_nodes
from pipelines.node import make_node, pipeline_config

NAME = "lt4rec-comparison"


def comparison_pipeline(config: Config) -> Any:
    """Returns the KFP pipeline that compares the configuration's arms over its seeds.

    Its parameters are those of the training pipeline; `config` must name the arms and
    seeds that the DAG was made for, and the same worlds.
    """
    back = fanned_out(config)
    worlds = [entry.name for entry in config.comparison.worlds]

    def node(component: PythonComponent, name: str, **inputs: Any) -> dsl.PipelineTask:
        return make_node(config, component, name, **inputs)

    def compared(data: DataNodes, world: str, found: dict[str, Any]) -> dsl.PipelineTask:
        settings = settings_in(config, world)
        inputs = {**data.run, "dataset": data.dataset}
        floor = node(baselines, name_in(world, "baselines"), **inputs).after(data.valid)
        arms = {
            node_of(name, seed): node(
                arm, name_in(world, node_of(name, seed)), **inputs, arm=name, seed=seed
            )
            .after(data.valid)
            .output
            for name in trained_of(settings)
            for seed in seeds_of(settings, name)
        }
        named = name_in(world, "compare")
        return node(compare, named, **data.run, baselines=floor.output, arms=arms, worlds=found)

    def world_data(data: DataNodes, name: str) -> DataNodes:
        made = node(world, name_in(name, "world"), **data.run, world=name)
        run = {**data.run, "run": made.outputs["run"]}
        dataset = made.outputs["dataset"]
        valid = node(validate, name_in(name, "validate"), **run, dataset=dataset)
        return DataNodes(run, dataset, valid)

    @dsl.pipeline(
        name=NAME,
        description="Sharing methods under the same rules, side by side.",
        pipeline_config=pipeline_config(config.cluster),
    )
    def comparison(
        config: str,
        source: str,
        workspace: str,
        data_date: str = "",
        parent_run_id: str = "",
        git_commit: str = "",
    ) -> None:
        data = data_nodes(
            node,
            back,
            config=config,
            source=source,
            data_date=data_date,
            workspace=workspace,
            parent_run_id=parent_run_id,
            git_commit=git_commit,
        )
        found = {name: compared(world_data(data, name), name, {}).output for name in worlds}
        compared(data, "", found)

    return comparison
