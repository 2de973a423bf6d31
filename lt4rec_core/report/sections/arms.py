"""The arms side by side (paper, Table 2): metrics, gains, and what is trivial."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lt4rec_core.metrics import METRICS
from lt4rec_core.report.gains_plot import gains_plot
from lt4rec_core.report.results import arrow, too_few
from lt4rec_core.report.sections.cells import gain, measured_on, relative, value, verdict, where
from lt4rec_core.report.sections.section import Figure, Section, Table
from lt4rec_core.report.wording import MISSING, metric


def section(summary: Mapping[str, Any]) -> Section:
    """Shows the gains, and for all rows and each slice both tables."""
    parts: list[Table | Figure] = list(gains_figures(summary))
    for part in summary["parts"]:
        parts.append(arms_table(summary, part))
        versus = versus_table(summary, part)
        if versus.rows:
            parts.append(versus)
    lead = "In the figures, dots are mean gains over single_task, lines intervals, ticks seeds."
    return Section("Arms side by side", lead, tuple(parts))


def gains_figures(summary: Mapping[str, Any], prefix: str = "") -> Iterator[Figure]:
    """Gives a figure a task with all arms' gains on all rows."""
    for place, (task, judged) in enumerate(summary["parts"]["all"].items()):
        name = f"{prefix}gains-{task}"
        drawing = gains_plot(task, judged, name=name, place=place)
        if drawing is not None:
            caption = f"MTL gain in {task} {judged['metric']} over single_task"
            yield Figure(name, caption, drawing)


def arms_table(summary: Mapping[str, Any], part: str, title: str = "") -> Table:
    """Each arm's metric and MTL gain, and what is trivial below."""
    tasks = summary["parts"][part]
    heads = ["arm"]
    for task, judged in tasks.items():
        heads += [f"{task} {judged['metric']} {arrow(judged['metric'])}", "MTL gain", "relative"]
    rows = [_arm_row(arm, tasks) for arm in summary["arms"]]
    names = dict.fromkeys(name for judged in tasks.values() for name in judged["trivial"])
    rows += [_trivial_row(name, tasks) for name in names]
    lead = f"{measured_on(summary, part)} The best arm of each task is bold."
    if few := too_few({task: judged.get("events") for task, judged in tasks.items()}):
        lead += f" {few}"
    best = frozenset(_best(summary["arms"], tasks))
    return Table(title or f"Arms, {where(part)}", lead, tuple(heads), tuple(rows), best)


def versus_table(summary: Mapping[str, Any], part: str) -> Table:
    """The gain of connection_share over every other arm."""
    tasks = summary["parts"][part]
    heads = ["connection_share against"]
    for task, judged in tasks.items():
        heads += [f"gain in {task} {judged['metric']}", "relative", ""]
    arms = dict.fromkeys(arm for judged in tasks.values() for arm in judged["versus"])
    rows = []
    for arm in arms:
        cells = [arm]
        for judged in tasks.values():
            found = judged["versus"].get(arm)
            cells += [gain(found), relative(found), verdict(found, judged.get("events"))]
        rows.append(tuple(cells))
    lead = "Above zero, connection_share is better. " + measured_on(summary, part)
    title = f"connection_share against the others, {where(part)}"
    return Table(title, lead, tuple(heads), tuple(rows))


def _arm_row(arm: str, tasks: Mapping[str, Any]) -> tuple[str, ...]:
    cells = [arm]
    for judged in tasks.values():
        about = judged["arms"].get(arm)
        found = about.get("mtl_gain") if about else None
        cells += [value(about), gain(found), relative(found)]
    return tuple(cells)


def _best(arms: Iterable[str], tasks: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    """Gives the place of each task's best arm in `arms_table`."""
    names = list(arms)
    for place, judged in enumerate(tasks.values()):
        means = {arm: about["mean"] for arm, about in judged["arms"].items()}
        if means:
            best = METRICS[judged["metric"]].higher_is_better
            arm = (max if best else min)(means, key=lambda name: means[name])
            yield names.index(arm), 1 + 3 * place


def _trivial_row(name: str, tasks: Mapping[str, Any]) -> tuple[str, ...]:
    cells = [name.replace("_", " ")]
    for judged in tasks.values():
        cells += [metric(judged["trivial"].get(name)), MISSING, MISSING]
    return tuple(cells)
