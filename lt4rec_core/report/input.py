"""What a report is made from: plain JSON values, each as the stage before it wrote them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ReportInput:
    """The findings of one run; whatever is left out, the report says is missing.

    Attributes:
        title: headline of the page.
        run: facts about the run, shown as they are: run id, data date, git commit, …
        dataset: `manifest.json` of the dataset.
        validation: `validation.json`.
        curves: what trackers were told, as {"stage", "step", "metrics"} records.
        masks: `manifest.json` of each task's mask.
        overlap: see `lt4rec_core.report.overlap.measure`.
        evaluation: `metrics.json`.
        gate: the decision: {"accepted", "reasons", "comparisons"}.
        model: the registered model: {"name", "version", "alias", "uri"}.
        seconds: wall-clock seconds by stage.
        config: the run's configuration.
    """

    title: str
    run: Mapping[str, Any] = field(default_factory=dict)
    dataset: Mapping[str, Any] | None = None
    validation: Mapping[str, Any] | None = None
    curves: Sequence[Mapping[str, Any]] = ()
    masks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    overlap: Mapping[str, Any] | None = None
    evaluation: Mapping[str, Any] | None = None
    gate: Mapping[str, Any] | None = None
    model: Mapping[str, Any] | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    config: Mapping[str, Any] | None = None
