"""Sections of the configuration about judging, registering, tracking and running a model."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lt4rec_core.config.section import section


@section
class Slice:
    """Rows with equal values of a dataset column (`tab`, `known.user`, …) are judged together."""

    name: str
    column: str
    min_rows: int = Field(default=100, ge=1)


@section
class Evaluate:
    """Metrics, intervals and slices on the test day."""

    slices: tuple[Slice, ...] = ()
    bootstrap_replicates: int = Field(default=1000, ge=0)
    confidence: float = Field(default=0.95, gt=0, lt=1)
    calibration_bins: int = Field(default=20, ge=2)


@section
class GateRule:
    """A demand on one metric of one task, overall or on a slice (`slice = "tab=0"`).

    `floor` is the worst value allowed; `max_loss` is how much worse than the
    champion's value on the same test day the challenger may be, `min_gain` how much
    better it must be. What is not given is not asked.
    """

    task: str
    metric: str
    slice: str = ""
    floor: float | None = None
    max_loss: float | None = None
    min_gain: float | None = None


@section
class Register:
    """The gate and the registered model."""

    model_name: str = "lt4rec"
    rules: tuple[GateRule, ...] = ()
    beat_trivial: bool = True
    exponents: dict[str, float] = Field(default_factory=lambda: {"ctr": 1.0, "cvr": 1.0})
    length_exponent: float = 1.0


@section
class Tracking:
    """The MLflow server; an empty `uri` is SQLite and a folder inside the workspace."""

    uri: str = ""
    artifact_root: str = ""
    experiment: str = "lt4rec"


@section
class Resources:
    """What one DAG node asks of the cluster."""

    cpu: str = "2"
    memory: str = "8Gi"
    gpus: int = Field(default=0, ge=0)
    retries: int = Field(default=0, ge=0)
    backoff_seconds: int = Field(default=60, ge=1)
    timeout_seconds: int = Field(default=0, ge=0)


@section
class SecretVariable:
    """An environment variable of every task, taken from a key of a Kubernetes secret."""

    variable: str
    secret: str
    key: str


@section
class Cluster:
    """What `lt4rec compile` writes into the IR besides the DAG."""

    image: str = "lt4rec:0.1.0"
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    service_account: str = ""
    workspace: str = "/workspace"
    workspace_claim: str = "lt4rec-workspace"
    source: str = ""
    resources: dict[str, Resources] = Field(default_factory=dict)
    secrets: tuple[SecretVariable, ...] = ()
