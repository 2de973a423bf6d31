"""What the page shows of the evaluation and the gate."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from lt4rec_core.metrics import METRICS
from lt4rec_core.metrics.events import FEWEST_EVENTS, is_few
from lt4rec_core.report.figure import colour
from lt4rec_core.report.input import ReportInput
from lt4rec_core.report.plots import calibration_plot


def tasks(summary: ReportInput) -> list[str]:
    """Returns the names of the run's tasks, from whichever part knows them."""
    if summary.evaluation:
        return list(summary.evaluation["tasks"])
    return list(summary.masks)


def arrow(metric: str) -> str:
    """Says which way a metric improves."""
    if metric not in METRICS:
        return ""
    return "↑" if METRICS[metric].higher_is_better else "↓"


def verdict(summary: ReportInput) -> dict[str, Any]:
    """Returns the gate's verdict in words: `tone`, `said`."""
    if summary.gate is None:
        return {"tone": "unsure", "said": "The gate has not judged this model"}
    if summary.gate["accepted"]:
        return {"tone": "good", "said": "Accepted"}
    return {"tone": "bad", "said": "Refused"}


def cards(summary: ReportInput) -> list[dict[str, Any]]:
    """Returns, for each task, its own metric and the gain over its baseline."""
    if not summary.evaluation:
        return []
    made = []
    for place, (name, task) in enumerate(summary.evaluation["tasks"].items()):
        gain = task.get("mtl_gain")
        made.append(
            {
                "task": name,
                "colour": colour(place),
                "metric": task["metric"],
                "arrow": arrow(task["metric"]),
                "value": task["model"].get(task["metric"]),
                "baseline": task.get("single_task", {}).get(task["metric"]),
                "gain": gain,
                "tone": tone(gain, task.get("events")),
                "interval": task.get("interval"),
                "why": task["undefined"].get("mtl_gain")
                or task["undefined"].get(f"model.{task['metric']}", ""),
                "rows": task["rows"],
                "events": task.get("events"),
                "few": is_few(task.get("events")),
            }
        )
    return made


def events(summary: ReportInput) -> dict[str, int | None]:
    """Returns the events of each task on the test day, None where its label isn't binary."""
    judged = (summary.evaluation or {"tasks": {}})["tasks"]
    return {name: task.get("events") for name, task in judged.items()}


def too_few(events: Mapping[str, int | None]) -> str:
    """Says which tasks have too few events for their figures to mean much; "" if none has.

    `events` is by task, None of a label that isn't binary.
    """
    few = [f"{task} ({number})" for task, number in events.items() if is_few(number)]
    if not few:
        return ""
    return (
        f"Too few events to go by: {', '.join(few)}. Events are the rows of a label's rarer "
        f"class, and fewer than {FEWEST_EVENTS} are a rule of thumb for too few (Vergouwe et al., "
        "J. Clin. Epidemiol. 58, 2005). The figures of these tasks are told, but would be others "
        "on another day: no gain and no loss is claimed from them."
    )


def tone(gain: Mapping[str, float] | None, events: int | None = None) -> str:
    """Says whether a gain is clear: "good" or "bad" where its interval excludes 0.

    With too few events nothing is clear: an interval is itself estimated from them.
    """
    if not gain or "low" not in gain or is_few(events):
        return "unsure"
    if gain["low"] > 0:
        return "good"
    return "bad" if gain["high"] < 0 else "unsure"


def metric_tables(summary: ReportInput) -> list[dict[str, Any]]:
    """Returns, for each task, a table of predictors by metrics; the best of a column is marked."""
    made = []
    for name, task in (summary.evaluation or {"tasks": {}})["tasks"].items():
        predictors = {"model": task["model"]}
        if "single_task" in task:
            predictors["single task"] = task["single_task"]
        trivial = task.get("trivial", {})
        predictors |= {kind.replace("_", " "): values for kind, values in trivial.items()}
        columns = [
            metric for metric in METRICS if any(metric in values for values in predictors.values())
        ]
        # The metric that decides stands first.
        columns.sort(key=lambda metric: metric != task["metric"])
        best = {
            metric: _best(metric, [v[metric] for v in predictors.values() if metric in v])
            for metric in columns
        }
        made.append(
            {
                "task": name,
                "metric": task["metric"],
                "columns": [(metric, arrow(metric)) for metric in columns],
                "rows": [
                    {
                        "name": predictor,
                        "cells": [
                            (
                                values.get(metric),
                                metric in values and values[metric] == best[metric],
                            )
                            for metric in columns
                        ],
                    }
                    for predictor, values in predictors.items()
                ],
                "absent": _absent(task["undefined"]),
            }
        )
    return made


def calibrations(summary: ReportInput) -> list[dict[str, Any]]:
    """Returns each task's calibration plot, None where there is no curve."""
    made = []
    for place, (name, task) in enumerate((summary.evaluation or {"tasks": {}})["tasks"].items()):
        curves = {model: bins for model, bins in task.get("calibration", {}).items() if bins}
        plot: Markup | None = None
        if curves:
            plot = calibration_plot(
                curves,
                name=f"calibration-{place}",
                label=f"Calibration of {name}: mean label against mean prediction",
                colour=colour(place),
            )
        ece = {m: task.get(m, {}).get("ece") for m in ("model", "single_task")}
        made.append({"task": name, "plot": plot, "ece": ece})
    return made


def slice_tables(summary: ReportInput) -> list[dict[str, Any]]:
    """Returns each task's slices, all rows first, with gains placed on one common scale."""
    made = []
    for name, task in (summary.evaluation or {"tasks": {}})["tasks"].items():
        metric = task["metric"]
        parts = {"all rows": task, **task.get("slices", {})}
        scale = _scale([part["mtl_gain"] for part in parts.values() if part.get("mtl_gain")])
        rows = []
        for label, part in parts.items():
            gain = part.get("mtl_gain")
            rows.append(
                {
                    "name": label,
                    "rows": part["rows"],
                    "model": part.get("model", {}).get(metric),
                    "baseline": part.get("single_task", {}).get(metric),
                    "gain": gain,
                    "tone": tone(gain, part.get("events")),
                    "events": part.get("events"),
                    "bar": _bar(gain, scale),
                    "why": part.get("undefined", {}).get("mtl_gain", ""),
                    "whole": label == "all rows",
                }
            )
        left_out = [
            (what.removeprefix("slices."), why)
            for what, why in task["undefined"].items()
            if what.startswith("slices.")
        ]
        made.append(
            {
                "task": name,
                "metric": metric,
                "arrow": arrow(metric),
                "binary": "events" in task,
                "rows": rows,
                "left_out": left_out,
            }
        )
    return made


def _best(metric: str, values: list[float]) -> float:
    return max(values) if METRICS[metric].higher_is_better else min(values)


def _absent(undefined: Mapping[str, str]) -> list[tuple[str, str]]:
    """Groups the reasons: one line a reason with all that it explains."""
    reasons: dict[str, list[str]] = {}
    for what, why in undefined.items():
        if not what.startswith("slices."):
            reasons.setdefault(why, []).append(what)
    return [(", ".join(names), why) for why, names in reasons.items()]


def _scale(gains: list[Mapping[str, float]]) -> float:
    """Returns the gain that fills half the track; a few wide intervals mustn't flatten the rest."""
    reach = [
        max(abs(gain.get("low", gain["value"])), abs(gain.get("high", gain["value"])))
        for gain in gains
    ]
    return min(max(reach), 4 * statistics.median(reach)) if reach and max(reach) > 0 else 1.0


def _bar(gain: Mapping[str, float] | None, scale: float) -> dict[str, float] | None:
    """Places low, value and high on a track of 0 to 100 with 0 gain at 50."""
    if not gain:
        return None

    def at(value: float) -> float:
        return round(min(100.0, max(0.0, 50 + 50 * value / scale)), 2)

    low, high = gain.get("low", gain["value"]), gain.get("high", gain["value"])
    return {"left": at(low), "width": round(at(high) - at(low), 2), "dot": at(gain["value"])}
