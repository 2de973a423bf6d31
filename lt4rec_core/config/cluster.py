"""Sections of the configuration about running on a cluster."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lt4rec_core.config.section import section


@section
class Toleration:
    """A taint of nodes that a DAG node's pod puts up with; as in Kubernetes."""

    key: str
    operator: Literal["Equal", "Exists"] = "Exists"
    value: str = ""
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = ""


@section
class Resources:
    """What one DAG node asks of the cluster; request and limit are the same.

    Without `caching` it works anew in each run on the cluster, though a finished result of the
    same key is there; what a killed try of it left is still gone on from.
    """

    cpu: str = "2"
    memory: str = "8Gi"
    gpus: int = Field(default=0, ge=0)
    node_selector: dict[str, str] = Field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    retries: int = Field(default=0, ge=0)
    backoff_seconds: int = Field(default=60, ge=1)
    timeout_seconds: int = Field(default=0, ge=0)
    caching: bool = True


@section
class SecretVariable:
    """An environment variable of every task, taken from a key of a Kubernetes secret."""

    variable: str
    secret: str
    key: str


@section
class SecretFolder:
    """A folder of every task that has a Kubernetes secret's keys as files."""

    secret: str
    folder: str


@section
class Kubeflow:
    """The Kubeflow Pipelines API that `lt4rec submit` and `lt4rec schedule` talk to.

    `namespace` is the profile's where users are kept apart, "" elsewhere. `auth` says what
    proves who asks: nothing, the token in `token_file`, or the one that Kubernetes projects
    for the pod's service account.
    """

    host: str = "http://ml-pipeline.kubeflow.svc.cluster.local:8888"
    namespace: str = ""
    experiment: str = "lt4rec"
    auth: Literal["none", "token_file", "service_account"] = "none"
    token_file: str = ""
    ca_file: str = ""


@section
class TrainJob:
    """Training on several nodes, as TrainJobs of Kubeflow Trainer; 0 trains in the task's own pod.

    Each of `nodes` has the resources of the DAG node and starts `processes` of the run;
    `runtime` is a TrainingRuntime of the namespace.
    """

    nodes: int = Field(default=0, ge=0)
    runtime: str = "lt4rec"


@section
class Cluster:
    """What `lt4rec compile` writes into the IR besides the DAG, and where it's submitted.

    `ttl_seconds` is how long a finished run's pods are kept, 0 for as long as the
    cluster keeps them. With `fan_out`, each day of the logs is read by a task of its own;
    the results are the same.
    """

    image: str = "lt4rec:0.1.0"
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    service_account: str = ""
    workspace: str = "/workspace"
    workspace_claim: str = "lt4rec-workspace"
    source: str = ""
    ttl_seconds: int = Field(default=0, ge=0)
    fan_out: bool = False
    resources: dict[str, Resources] = Field(default_factory=dict)
    secrets: tuple[SecretVariable, ...] = ()
    secret_folders: tuple[SecretFolder, ...] = ()
    train_job: TrainJob = Field(default_factory=TrainJob)
    kubeflow: Kubeflow = Field(default_factory=Kubeflow)


def resources_of(node: str, cluster: Cluster) -> Resources:
    """Returns what a DAG node asks: the entry of its own name, else of its stage, else none."""
    stage = node.replace("-", "_")
    known = [key for key in cluster.resources if stage == key or stage.startswith(f"{key}_")]
    return cluster.resources[max(known, key=len)] if known else Resources()
