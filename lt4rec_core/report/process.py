"""What the page shows of the data, the training and the masks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from lt4rec_core.config import from_mapping
from lt4rec_core.errors import ConfigError
from lt4rec_core.report.figure import colour
from lt4rec_core.report.input import ReportInput
from lt4rec_core.report.overlap import by_chance
from lt4rec_core.report.plots import loss_curve, pruning_curve
from lt4rec_core.report.results import tasks
from lt4rec_core.tasks import EVERY_IMPRESSION, Task, resolve

_ROUND_STEPS = 1_000_000
"""A tracker hears of training number n at steps n * 1,000,000 + step."""

_ROWS_SHOWN = 5


def data(summary: ReportInput) -> dict[str, Any] | None:
    """Returns days with mean labels, and what was dropped of what was read."""
    manifest = summary.dataset
    if manifest is None:
        return None
    known = _tasks(summary)
    days = manifest.get("days", [])
    most = max((day["rows"] for day in days), default=0)
    return {
        "tasks": [f"{task.label.replace('_', ' ')}" for task in known],
        "days": [
            {
                **day,
                "part": round(100 * day["rows"] / most, 1) if most else 0,
                "means": [_mean(day, task) for task in known],
            }
            for day in days
        ],
        "rows": sum(day["rows"] for day in days),
        "read": manifest.get("read", {}),
        "dropped": [
            {
                "what": what,
                "rows": rows,
                "share": _share(rows, manifest.get("read", {}).get(what.split(".")[0])),
            }
            for what, rows in manifest.get("dropped", {}).items()
        ],
        "source": manifest.get("source", {}),
        "left_out": manifest.get("left_out", {}),
        "time_zone": manifest.get("time_zone", ""),
    }


def validation(summary: ReportInput) -> dict[str, Any] | None:
    """Returns the failures, errors first, and a count of the rest by expectation."""
    found = summary.validation
    if found is None:
        return None
    failures = [r for r in found["results"] if r["status"] == "failed"]
    failures.sort(key=lambda result: result["severity"] != "error")
    by_name: dict[str, Counter[str]] = {}
    for result in found["results"]:
        by_name.setdefault(result["expectation"], Counter())[result["status"]] += 1
    return {
        **{name: found.get(name, 0) for name in ("errors", "warnings", "passed", "skipped")},
        "failed": found.get("failed", False),
        "failures": [{**r, "rows": list(r.get("rows", ()))[:_ROWS_SHOWN]} for r in failures],
        "expectations": {name: dict(counts) for name, counts in by_name.items()},
    }


def losses(summary: ReportInput) -> list[dict[str, Any]]:
    """Returns, stage by stage, a plot of each loss and of each validation metric."""
    stages: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for record in summary.curves:
        series = stages.setdefault(record["stage"], {})
        for name, value in record["metrics"].items():
            if name.startswith(("loss_", "validation_")):
                series.setdefault(name, []).append((record["step"], value))
    names = tasks(summary)
    made = []
    for number, (stage, series) in enumerate(stages.items()):
        plots, single = [], []
        for place, (name, points) in enumerate(sorted(series.items())):
            what, _, task = name.partition("_")
            said = f"{task} loss" if what == "loss" else f"{task} on validation"
            if len(points) == 1:
                single.append((said, points[0][1]))
                continue
            placed, rounds = _along(sorted(points))
            plot = loss_curve(
                placed,
                rounds=rounds,
                name=f"loss-{number}-{place}",
                label=f"{said} during {stage}",
                colour=colour(names.index(task) if task in names else 0),
            )
            plots.append({"said": said, "plot": plot, "last": placed[-1][1]})
        if plots or single:
            made.append({"stage": stage, "plots": plots, "single": single})
    return made


def pruning(summary: ReportInput) -> list[dict[str, Any]]:
    """Returns each task's pruning curve and the reason for the round that was chosen."""
    names = tasks(summary)
    made = []
    for place, (task, manifest) in enumerate(summary.masks.items()):
        tint = colour(names.index(task) if task in names else place)
        made.append(
            {
                "task": task,
                "plot": pruning_curve(
                    manifest["rounds"], manifest["round"], name=f"pruning-{place}", colour=tint
                )
                if all(entry["value"] is not None for entry in manifest["rounds"])
                else None,
                "round": manifest["round"],
                "density": manifest["density"],
                "why": manifest.get("why", ""),
                "metric": manifest["rounds"][0]["metric"],
                "rounds": manifest["rounds"],
            }
        )
    return made


def overlap(summary: ReportInput) -> dict[str, Any] | None:
    """Returns densities per layer, the split of two masks, and how much each pair shares."""
    found = summary.overlap
    if found is None:
        return None
    names = list(found["tasks"])
    total = found["layers"][-1]
    shared = {frozenset(pair[:2]): _share(pair[2], pair[3]) for pair in total["pairs"]}

    def chance(*pair: str) -> float:
        return by_chance(*(total["kept"][name] / total["size"] for name in pair))

    return {
        "tasks": [{"name": name, "colour": colour(place)} for place, name in enumerate(names)],
        "layers": [
            {
                **layer,
                "density": [
                    _share(layer["kept"].get(name, 0), layer["sizes"].get(name)) for name in names
                ],
                "split": _split(layer, names),
            }
            for layer in found["layers"]
        ],
        "matrix": [
            [
                None
                if one == other
                else {"share": shared[frozenset((one, other))], "chance": chance(one, other)}
                for other in names
            ]
            for one in names
        ],
    }


def _split(layer: Mapping[str, Any], names: Sequence[str]) -> dict[str, float | None] | None:
    """Of two masks: the shares that one, both, the other and neither keep."""
    if len(names) != 2:
        return None
    both = layer["pairs"][0][2]
    first, second = (layer["kept"].get(name, 0) for name in names)
    counts = {
        "first": first - both,
        "both": both,
        "second": second - both,
        "neither": layer["neither"],
    }
    return {what: _share(number, layer["size"]) for what, number in counts.items()}


def _along(points: Sequence[tuple[int, float]]) -> tuple[list[tuple[float, float]], bool]:
    """Returns the points along a stage; steps of many trainings become fractions of rounds."""
    if points[-1][0] < _ROUND_STEPS:
        return [(float(step), value) for step, value in points], False
    longest = max(step % _ROUND_STEPS for step, _ in points) or 1
    return [
        (step // _ROUND_STEPS + (step % _ROUND_STEPS) / longest, value) for step, value in points
    ], True


def _tasks(summary: ReportInput) -> tuple[Task, ...]:
    try:
        return resolve(from_mapping(summary.config or {}).tasks)
    except ConfigError:
        return ()


def _mean(day: Mapping[str, Any], task: Task) -> float | None:
    labels = day.get("labels", {})
    if task.label not in labels:
        return None
    every = task.population == EVERY_IMPRESSION
    return _share(labels[task.label], day["rows"] if every else labels.get(task.population))


def _share(part: float, whole: float | None) -> float | None:
    return part / whole if whole else None
