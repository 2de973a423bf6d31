"""The training DAG: wiring only. The same DAG runs on a laptop and compiles for a cluster."""

# No `from __future__ import annotations`: KFP reads the types of a pipeline's parameters.
from typing import Any

from kfp import dsl
from kfp.dsl.python_component import PythonComponent

from components.evaluate import evaluate
from components.joint_train import joint_train
from components.prune import prune
from components.register import register
from components.single_task import single_task
from components.warmup import warmup
from lt4rec_core.config import Config, fanned_out
from pipelines.data_nodes import data_nodes
from pipelines.node import SCHEDULED_TIME, make_node, pipeline_config

NAME = "lt4rec-training"


def training_pipeline(config: Config, *, scheduled: bool = False) -> Any:
    """Returns the KFP pipeline for the configuration's tasks and cluster.

    Its parameters are the whole configuration as JSON, where the logs and the workspace
    are, the test day, the MLflow run it belongs to ("": it makes one), and the commit.
    One that is `scheduled` hands ingest the time that a run was due instead of the day.
    """
    tasks, back = [task.name for task in config.tasks], fanned_out(config)

    def node(component: PythonComponent, name: str, **inputs: Any) -> dsl.PipelineTask:
        return make_node(config, component, name, **inputs)

    @dsl.pipeline(
        name=NAME,
        description="From raw logs to a gated, registered model.",
        pipeline_config=pipeline_config(config.cluster),
    )
    def training(
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
            data_date=SCHEDULED_TIME if scheduled else data_date,
            workspace=workspace,
            parent_run_id=parent_run_id,
            git_commit=git_commit,
        )
        run, dataset, valid = data.run, data.dataset, data.valid
        warm = node(warmup, "warmup", **run, dataset=dataset).after(valid)
        masks = {
            task: node(
                prune, f"prune-{task}", **run, task=task, dataset=dataset, init=warm.output
            ).output
            for task in tasks
        }
        singles = {
            task: node(single_task, f"single-task-{task}", **run, task=task, dataset=dataset)
            .after(valid)
            .output
            for task in tasks
        }
        joint = node(
            joint_train, "joint-train", **run, dataset=dataset, init=warm.output, masks=masks
        )
        judged = node(
            evaluate,
            "evaluate",
            **run,
            dataset=dataset,
            joint=joint.output,
            masks=masks,
            singles=singles,
        )
        node(
            register,
            "register",
            **run,
            dataset=dataset,
            validation=valid.output,
            init=warm.output,
            joint=joint.output,
            masks=masks,
            singles=singles,
            evaluation=judged.output,
        )

    return training
