"""A node of a DAG: its name, its image, and what it asks of a cluster."""

from __future__ import annotations

import copy
from typing import Any

from kfp import dsl, kubernetes
from kfp.dsl.python_component import PythonComponent

from lt4rec_core.config import Cluster, Config, Resources


def make_node(
    settings: Config, component: PythonComponent, name: str, /, **inputs: Any
) -> dsl.PipelineTask:
    """Adds `component` to the pipeline that is being defined, as a node called `name`."""
    return _on_cluster(_named(component, name, settings)(**inputs), name, settings.cluster)


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
