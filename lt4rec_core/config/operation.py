"""Sections of the configuration about judging, registering and tracking a model."""

from __future__ import annotations

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
