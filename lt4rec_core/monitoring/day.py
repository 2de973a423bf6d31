"""What one day's run left behind, as far as the days after it need to know."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lt4rec_core.metrics.events import is_few

Status = Literal["finished", "failed", "killed", "running", "missing"]
Kind = Literal["full", "warm"]


@dataclass(frozen=True)
class TaskDay:
    """How good the models were in one task on the day.

    Attributes:
        metric: the task's own metric.
        rows: rows of the task's population.
        events: rows of the rarer class, None of a label that isn't binary.
        model: the new model's metrics by name; likewise of the `champion`, as the gate
            re-scored it on the same rows, and of the `single_task` baseline.
        gain: the MTL gain's `value`, and `low` and `high` of its interval.
        label_rate: mean label.
        predicted: the new model's mean prediction.
    """

    metric: str
    rows: int
    events: int | None = None
    model: Mapping[str, float] = field(default_factory=dict)
    champion: Mapping[str, float] = field(default_factory=dict)
    single_task: Mapping[str, float] = field(default_factory=dict)
    gain: Mapping[str, float] = field(default_factory=dict)
    label_rate: float | None = None
    predicted: float | None = None

    @property
    def tells(self) -> bool:
        """Whether the task has enough events on the day for anything to be decided by it."""
        return not is_few(self.events)


@dataclass(frozen=True)
class Day:
    """One day: its run, what it measured, and the version that came of it.

    Attributes:
        date: the data date, "" of a source without dates.
        run_id: the pipeline run's MLflow id; `status` and `seconds` are that run's.
        kind: "full" where masks were searched, "warm" where the champion's were kept and
            its network trained on; `why` says why.
        failure: what a failed run said; `status` is "missing" where the day has no run.
        rows: impressions of the test day.
        tasks: by name; empty where the run didn't get that far.
        drift: population stability index of each field against the days before.
        unknown: share of each field's values that the vocabulary lacks.
        accepted: the gate's verdict, None where it wasn't reached; `reasons` go with it.
        version: of the registered model, "" if there is none; `aliases` are those of now.
        left_out: days that the run did without, each with why.
        late: days before it whose data the run found changed since they ran, each with how.
        dataset: digest of the dataset.
        config: digest of the configuration.
    """

    date: str
    run_id: str
    status: Status = "finished"
    seconds: float | None = None
    kind: Kind = "full"
    why: str = ""
    failure: str = ""
    rows: int | None = None
    tasks: Mapping[str, TaskDay] = field(default_factory=dict)
    drift: Mapping[str, float] = field(default_factory=dict)
    unknown: Mapping[str, float] = field(default_factory=dict)
    accepted: bool | None = None
    reasons: tuple[str, ...] = ()
    version: str = ""
    aliases: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    late: Mapping[str, str] = field(default_factory=dict)
    dataset: str = ""
    config: str = ""

    @property
    def is_champion(self) -> bool:
        """Whether the day's version is the champion now."""
        return "champion" in self.aliases

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        plain = dataclasses.asdict(self)
        return {**plain, "reasons": list(self.reasons), "aliases": list(self.aliases)}


def measured(
    manifest: Mapping[str, Any] | None = None,
    validation: Mapping[str, Any] | None = None,
    evaluation: Mapping[str, Any] | None = None,
    gate: Mapping[str, Any] | None = None,
    choice: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Returns the fields of `Day` that follow from the artifacts of a run.

    Args:
        manifest: `manifest.json` of the dataset; None like the others where the run
            didn't get that far.
        validation: `validation.json`.
        evaluation: `metrics.json`.
        gate: the decision, as in `registered.json`.
        choice: `choice.json` of a daily run; without one the masks were searched.
    """
    found: dict[str, Any] = {}
    if manifest is not None:
        found["rows"] = sum(day["rows"] for day in manifest["days"] if day["split"] == "test")
        found["dataset"] = manifest["digest"]
        found["left_out"] = manifest.get("left_out", {})
    if validation is not None:
        found["drift"] = _by_field(validation, "drift", manifest)
        found["unknown"] = _by_field(validation, "oov_share", manifest)
    if evaluation is not None:
        champion = _champion((gate or {}).get("comparisons", ()))
        found["tasks"] = {
            name: _task(judged, champion.get(name, {}))
            for name, judged in evaluation["tasks"].items()
        }
        found["rows"] = evaluation["rows"]
    if choice is not None:
        found["kind"], found["why"] = "full" if choice["search"] else "warm", choice["reason"]
    if gate is not None:
        found["accepted"], found["reasons"] = gate["accepted"], tuple(gate["reasons"])
    return found


def _by_field(
    validation: Mapping[str, Any], name: str, manifest: Mapping[str, Any] | None
) -> dict[str, float]:
    """What an expectation measured on the test days (on all, where these aren't known)."""
    days = None if manifest is None else set(manifest["splits"]["test"])
    return {
        result["column"].removeprefix("id."): result["seen"]
        for result in validation["results"]
        if result["expectation"] == name
        and result["seen"] is not None
        and (days is None or result["day"] in days)
    }


def _champion(comparisons: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    champion: dict[str, dict[str, float]] = {}
    for entry in comparisons:
        if entry["against"] == "champion" and not entry["slice"] and entry["reference"] is not None:
            champion.setdefault(entry["task"], {})[entry["metric"]] = entry["reference"]
    return champion


def _task(judged: Mapping[str, Any], champion: Mapping[str, float]) -> TaskDay:
    bins = judged.get("calibration", {}).get("model", ())
    rows = sum(entry["rows"] for entry in bins)

    def mean(what: str) -> float | None:
        return sum(entry[what] * entry["rows"] for entry in bins) / rows if rows else None

    return TaskDay(
        metric=judged["metric"],
        rows=judged["rows"],
        events=judged.get("events"),
        model=judged.get("model", {}),
        champion=champion,
        single_task=judged.get("single_task", {}),
        gain=judged.get("mtl_gain", {}),
        label_rate=mean("observed"),
        predicted=mean("predicted"),
    )
