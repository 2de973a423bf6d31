"""The days of a model as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from lt4rec_core.data.atomic import file_aside
from lt4rec_core.report.figure import INK, MUTED, colour
from lt4rec_core.report.page import fill
from lt4rec_core.report.trend_plots import (
    DASHES,
    Line,
    drift_map,
    gain_plot,
    line_plot,
    ratio_plot,
    volume_plot,
)

Days = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class TaskTrend:
    """A task's plots over the days."""

    name: str
    metric: str
    colour: str
    plots: tuple[Markup, ...]


def render_trend(history: Mapping[str, Any], max_psi: float, target: Path) -> Path:
    """Writes the page of `trend_html` to the file `target`, whole or not at all; returns it.

    Raises:
        StoreError: the file can't be written.
    """
    text = trend_html(history, max_psi)
    with file_aside(target) as partial:
        partial.write_text(text, encoding="utf-8")
    return target


def trend_html(history: Mapping[str, Any], max_psi: float) -> str:
    """Returns the page of a model's days; the same days give the same bytes.

    Args:
        history: `model`, `champion` (a version or None) and `days`, each the plain values
            of a `lt4rec_core.monitoring.Day` with its `alerts`.
        max_psi: the drift above which a field's value is written out.
    """
    days: Days = history["days"]
    measured = [day for day in days if day["tasks"]]
    tasks = {name: task["metric"] for day in measured for name, task in day["tasks"].items()}
    return fill(
        "trend.html",
        title=f"{history['model']}: {len(days)} {'day' if len(days) == 1 else 'days'}",
        facts=_facts(history),
        days=list(reversed(days)),
        metrics=tasks,
        tasks=[
            _task(measured, name, metric, place)
            for place, (name, metric) in enumerate(tasks.items())
        ],
        calibration=_calibration(measured, tasks) if tasks else None,
        volume=volume_plot(days, name="volume") if days else None,
        drift=drift_map(days, max_psi, name="drift") if days else None,
        max_psi=max_psi,
    )


def _facts(history: Mapping[str, Any]) -> dict[str, Any]:
    days: Days = history["days"]
    alerts = [alert for day in days for alert in day["alerts"]]
    facts: dict[str, Any] = {"champion": f"version {history['champion'] or 'none'}"}
    if days:
        facts["from"], facts["to"] = days[0]["date"] or "–", days[-1]["date"] or "–"
    facts["accepted"] = sum(day["accepted"] is True for day in days)
    facts["refused"] = sum(day["accepted"] is False for day in days)
    facts["failed"] = sum(day["status"] in ("failed", "killed") for day in days)
    facts["searches of masks"] = sum(day["kind"] == "full" for day in days)
    facts["alerts"] = len(alerts)
    return facts


def _task(days: Days, task: str, metric: str, place: int) -> TaskTrend:
    def of(model: str) -> Any:
        return lambda day: day["tasks"].get(task, {}).get(model, {}).get(metric)

    def plain(what: str) -> Any:
        return lambda day: day["tasks"].get(task, {}).get(what)

    name = f"task-{place}"
    quality = [
        Line("single task", of("single_task"), MUTED),
        Line("champion of that day", of("champion"), INK, DASHES),
        Line("model", of("model"), colour(place)),
    ]
    rates = [
        Line("mean label", plain("label_rate"), colour(place)),
        Line("mean prediction", plain("predicted"), INK, DASHES),
    ]
    return TaskTrend(
        task,
        metric,
        colour(place),
        (
            line_plot(
                days,
                quality,
                name=f"{name}-metric",
                label=f"{metric} of {task} on each day",
                what=metric,
            ),
            gain_plot(days, task, metric, name=f"{name}-gain", place=place),
            line_plot(
                days,
                rates,
                name=f"{name}-rate",
                label=f"Mean label and mean prediction of {task} on each day",
                what="mean label, mean prediction",
            ),
        ),
    )


def _calibration(days: Days, tasks: Mapping[str, str]) -> Markup:
    return ratio_plot(
        days,
        list(_ratios(tasks)),
        name="calibration",
        label="Mean prediction over mean label of each task on each day",
        what="prediction / label",
    )


def _ratios(tasks: Mapping[str, str]) -> Iterator[Line]:
    for place, task in enumerate(tasks):

        def ratio(day: Mapping[str, Any], name: str = task) -> float | None:
            found = day["tasks"].get(name, {})
            if not found.get("label_rate") or found.get("predicted") is None:
                return None
            return float(found["predicted"] / found["label_rate"])

        yield Line(task, ratio, colour(place))
