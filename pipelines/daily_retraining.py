"""The daily DAG: wiring only. It's the training DAG, begun from the champion.

Whether masks are searched anew is decided by one node, when the day's data is known. The
nodes after it do as it says: each either trains, or carries the champion's part over,
which takes seconds. So the DAG has one shape, whatever was chosen and wherever it runs.
"""

# No `from __future__ import annotations`: KFP reads the types of a pipeline's parameters.
from typing import Any

from kfp import dsl
from kfp.dsl.python_component import PythonComponent

from components.choose_search import choose_search
from components.evaluate import evaluate
from components.joint_train import joint_train
from components.prune import prune
from components.register import register
from components.single_task import single_task
from components.warmup import warmup
from lt4rec_core.config import Config, fanned_out
from pipelines.data_nodes import data_nodes
from pipelines.node import SCHEDULED_TIME, make_node, pipeline_config

NAME = "lt4rec-daily-retraining"


def daily_pipeline(config: Config, *, scheduled: bool = False) -> Any:
    """Returns the KFP pipeline of a day's run, for the configuration's tasks and cluster.

    Its parameters are those of the training pipeline, and whether results of this day
    that are there already are made anew (`forced`). One that is `scheduled` hands ingest the
    time that a run was due instead of the day.
    """
    tasks, back = [task.name for task in config.tasks], fanned_out(config)

    def node(component: PythonComponent, name: str, **inputs: Any) -> dsl.PipelineTask:
        return make_node(config, component, name, **inputs)

    @dsl.pipeline(
        name=NAME,
        description="A day's retraining, begun from the champion.",
        pipeline_config=pipeline_config(config.cluster),
    )
    def daily(
        config: str,
        source: str,
        workspace: str,
        data_date: str = "",
        parent_run_id: str = "",
        git_commit: str = "",
        forced: bool = False,
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
            daily=True,
            forced=forced,
        )
        run, dataset, valid = data.run, data.dataset, data.valid
        search = node(
            choose_search, "choose-search", **run, dataset=dataset, validation=valid.output
        ).output
        warm = node(warmup, "warmup", **run, dataset=dataset, search=search)
        masks = {
            task: node(
                prune,
                f"prune-{task}",
                **run,
                task=task,
                dataset=dataset,
                init=warm.output,
                search=search,
            ).output
            for task in tasks
        }
        singles = {
            task: node(
                single_task,
                f"single-task-{task}",
                **run,
                task=task,
                dataset=dataset,
                search=search,
            ).output
            for task in tasks
        }
        joint = node(
            joint_train,
            "joint-train",
            **run,
            dataset=dataset,
            init=warm.output,
            masks=masks,
            search=search,
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
            search=search,
        )

    return daily
