"""One comparison of the gate, and how its values are found in an evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Demand = Literal["floor", "max_loss", "min_gain", "beat_trivial", "none"]


@dataclass(frozen=True)
class Comparison:
    """A value held against something, and what came of it in words.

    Attributes:
        task: name of the task.
        metric: name of the metric.
        slice: "" for all rows, else as in the evaluation: "tab=0".
        demand: what was asked; "none" is for information only.
        against: "floor", "champion", or "trivial.<name>".
        value: the new model's value, None where undefined or absent.
        reference: the value it is held against, None likewise.
        passed: None where it wasn't judged.
        reason: one line with the numbers.
    """

    task: str
    metric: str
    slice: str
    demand: Demand
    against: str
    value: float | None
    reference: float | None
    passed: bool | None
    reason: str

    @property
    def key(self) -> str:
        """Unique within a decision: "ctr.auc.max_loss", "cvr.mse.tab=0.floor", …."""
        place = f".{self.slice}" if self.slice else ""
        what = self.against if self.demand in ("beat_trivial", "none") else self.demand
        return f"{self.task}.{self.metric}{place}.{what}"


@dataclass(frozen=True)
class Found:
    """A metric's value in an evaluation, or why there is none."""

    value: float | None
    why: str = ""


def find(tasks: Mapping[str, Any], task: str, metric: str, slice_name: str = "") -> Found:
    """Looks a metric of the model up in the `tasks` of an evaluation (`metrics.json`)."""
    if task not in tasks:
        return Found(None, f"there is no task {task!r}; the tasks are {sorted(tasks)}")
    place = tasks[task]
    if slice_name:
        slices = place.get("slices", {})
        if slice_name not in slices:
            return Found(None, f"no slice {slice_name!r} was judged; there are {sorted(slices)}")
        place = slices[slice_name]
    value = place.get("model", {}).get(metric)
    if value is not None:
        return Found(float(value))
    absent = f"it wasn't computed; there are {sorted(place.get('model', {}))}"
    return Found(None, str(place.get("undefined", {}).get(f"model.{metric}", absent)))
