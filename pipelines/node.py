"""A node of a DAG: its name, its image, and what it asks of a cluster."""

from __future__ import annotations

import copy
from typing import Any

from kfp import dsl, kubernetes
from kfp.dsl.python_component import PythonComponent

from components.pipeline_run import KFP_RUN
from lt4rec_core.config import Cluster, Config, resources_of

SCHEDULED_TIME = dsl.PIPELINE_JOB_SCHEDULE_TIME_UTC_PLACEHOLDER
"""Becomes the time that a recurring run was due, in UTC, where a task takes it as an input.

Kubeflow's back end fills it in from version 2.17 on, in a task's own input only (never in
a pipeline's parameter); macros like [[ScheduledTime]] aren't filled in for pipelines of
the second version. In a run that no schedule started it becomes the time of creation.
"""


def make_node(
    settings: Config, component: PythonComponent, name: str, /, **inputs: Any
) -> dsl.PipelineTask:
    """Adds `component` to the pipeline that is being defined, as a node called `name`."""
    return _on_cluster(_named(component, name, settings)(**inputs), name, settings.cluster)


def pipeline_config(cluster: Cluster) -> dsl.PipelineConfig:
    """Returns what a whole pipeline asks of the cluster."""
    return dsl.PipelineConfig(ttl_seconds_after_finished=cluster.ttl_seconds or None)


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
    asked = resources_of(name, cluster)
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
    for label, value in asked.node_selector.items():
        kubernetes.add_node_selector(task, label, value)
    for taint in asked.tolerations:
        kubernetes.add_toleration(
            task, taint.key, taint.operator, taint.value or None, taint.effect or None
        )
    for secret in cluster.secrets:
        kubernetes.use_secret_as_env(task, secret.secret, {secret.key: secret.variable})
    for folder in cluster.secret_folders:
        kubernetes.use_secret_as_volume(task, folder.secret, folder.folder)
    kubernetes.mount_pvc(task, cluster.workspace_claim, cluster.workspace)
    kubernetes.set_image_pull_policy(task, cluster.image_pull_policy)
    # A namespace that is "restricted" admits no pod that doesn't say so; the image's user is 10001.
    kubernetes.set_security_context(task, run_as_non_root=True)
    kubernetes.use_field_path_as_env(task, KFP_RUN, "metadata.labels['pipeline/runid']")
    return task
