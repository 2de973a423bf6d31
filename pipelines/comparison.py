"""The comparison DAG: wiring only. One node an arm and seed, all from the same component."""

# No `from __future__ import annotations`: KFP reads the types of a pipeline's parameters.
from typing import Any

from kfp import dsl
from kfp.dsl.python_component import PythonComponent

from components.arm import arm
from components.baselines import baselines
from components.compare import compare
from components.comparison_step import node_of
from components.ingest import ingest
from components.validate import validate
from lt4rec_core.comparison.settings import seeds_of, trained_of
from lt4rec_core.config import Config
from pipelines.node import make_node

NAME = "lt4rec-comparison"


def comparison_pipeline(config: Config) -> Any:
    """Returns the KFP pipeline that compares the configuration's arms over its seeds.

    Its parameters are those of the training pipeline; `config` must name the arms and
    seeds that the DAG was made for.
    """
    pairs = [(name, seed) for name in trained_of(config) for seed in seeds_of(config)]

    def node(component: PythonComponent, name: str, **inputs: Any) -> dsl.PipelineTask:
        return make_node(config, component, name, **inputs)

    @dsl.pipeline(name=NAME, description="Sharing methods under the same rules, side by side.")
    def comparison(
        config: str,
        source: str,
        workspace: str,
        data_date: str = "",
        parent_run_id: str = "",
        git_commit: str = "",
    ) -> None:
        ingested = node(
            ingest,
            "ingest",
            config=config,
            source=source,
            data_date=data_date,
            workspace=workspace,
            parent_run_id=parent_run_id,
            git_commit=git_commit,
        )
        dataset = ingested.outputs["dataset"]
        run = {"config": config, "run": ingested.outputs["run"]}
        valid = node(validate, "validate", **run, dataset=dataset)
        floor = node(baselines, "baselines", **run, dataset=dataset).after(valid)
        arms = {
            node_of(name, seed): node(
                arm, node_of(name, seed), **run, arm=name, seed=seed, dataset=dataset
            )
            .after(valid)
            .output
            for name, seed in pairs
        }
        node(compare, "compare", **run, baselines=floor.output, arms=arms)

    return comparison
