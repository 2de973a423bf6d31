"""The training DAG: wiring only. The same DAG runs on a laptop and compiles for a cluster."""

# No `from __future__ import annotations`: KFP reads the types of a pipeline's parameters.
import copy
from typing import Any

from kfp import dsl, kubernetes
from kfp.dsl.python_component import PythonComponent

from components.evaluate import evaluate
from components.ingest import ingest
from components.joint_train import joint_train
from components.prune import prune
from components.register import register
from components.single_task import single_task
from components.validate import validate
from components.warmup import warmup
from lt4rec_core.config import Cluster, Config, Resources

NAME = "lt4rec-training"


def training_pipeline(config: Config) -> Any:
    """Returns the KFP pipeline for the configuration's tasks and cluster.

    Its parameters are the whole configuration as JSON, where the logs and the workspace
    are, the test day, the MLflow run it belongs to ("": it makes one), and the commit.
    """
    tasks = [task.name for task in config.tasks]

    def node(component: PythonComponent, name: str, **inputs: Any) -> dsl.PipelineTask:
        return _on_cluster(_named(component, name, config)(**inputs), name, config.cluster)

    @dsl.pipeline(name=NAME, description="From raw logs to a gated, registered model.")
    def training(
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


def _named(component: PythonComponent, name: str, config: Config) -> PythonComponent:
    """Returns the component under a node's name and on the project's image.

    KFP names a node after its component: one component used for two tasks would be
    called prune and prune-2.
    """
    spec = copy.deepcopy(component.component_spec)
    spec.name = name
    spec.implementation.container.image = config.cluster.image
    return PythonComponent(component_spec=spec, python_func=component.python_func)


def _on_cluster(task: dsl.PipelineTask, name: str, cluster: Cluster) -> dsl.PipelineTask:
    """Sets what the node asks of the cluster; the local runner ignores it."""
    stage = name.replace("-", "_")
    known = [key for key in cluster.resources if stage == key or stage.startswith(f"{key}_")]
    asked = cluster.resources[max(known, key=len)] if known else Resources()
    # KFP's cache can't see the code in the image, whether an artifact still exists, or
    # which MLflow run a step belongs to. The components look for finished results
    # themselves, by a key of all of that.
    task.set_caching_options(enable_caching=False)
    task.set_cpu_request(asked.cpu).set_cpu_limit(asked.cpu)
    task.set_memory_request(asked.memory).set_memory_limit(asked.memory)
    if asked.gpus:
        task.set_accelerator_type("nvidia.com/gpu").set_accelerator_limit(asked.gpus)
    if asked.retries:
        task.set_retry(
            num_retries=asked.retries,
            backoff_duration=f"{asked.backoff_seconds}s",
            backoff_factor=2.0,
            backoff_max_duration="3600s",
        )
    if asked.timeout_seconds:
        kubernetes.set_timeout(task, asked.timeout_seconds)
    for secret in cluster.secrets:
        kubernetes.use_secret_as_env(task, secret.secret, {secret.key: secret.variable})
    kubernetes.mount_pvc(task, cluster.workspace_claim, cluster.workspace)
    kubernetes.set_image_pull_policy(task, cluster.image_pull_policy)
    return task
