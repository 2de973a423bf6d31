"""Where the gain of connection_share comes from (paper, "Benefit Analysis")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lt4rec_core.report.results import arrow
from lt4rec_core.report.sections.cells import events_of, gain, measured_on, relative, value, verdict
from lt4rec_core.report.sections.section import Absent, Section, Table

_ARMS = {
    "single_task": "dense network, fresh draw, each task alone",
    "dense_alone": "dense network, from sNET_init, each task alone",
    "subnetwork_alone": "found subnetwork, from sNET_init, each task alone",
    "connection_share": "found subnetworks, from sNET_init, all tasks together",
}
_STEPS = {
    "warm-up": "warm-up: from sNET_init instead of a fresh draw",
    "pruning": "pruning: the found subnetwork instead of the dense network",
    "sharing": "sharing: all tasks together instead of each alone",
    "all together": "all together: connection_share over single_task",
}


def section(summary: Mapping[str, Any]) -> Section | Absent:
    """Shows the arms between single_task and connection_share, and what each step gains."""
    found = summary.get("benefit")
    if not found:
        return Absent("Where the gain comes from: not asked for (--benefit).")
    lead = (
        "Each row of the first table changes one thing of the row above. Networks trained alone "
        "have the settings of connection_share, and the epochs and the choice by validation of "
        f"its joint training, over their own task's rows. {measured_on(summary, 'all')}"
    )
    return Section(
        "Where the gain comes from",
        lead,
        (_arms_table(found), _steps_table(found, events_of(summary))),
    )


def _arms_table(found: Mapping[str, Any]) -> Table:
    heads = ["", "trained"]
    for task, judged in found.items():
        heads += [f"{task} {judged['metric']} {arrow(judged['metric'])}", "MTL gain"]
    rows = []
    for arm, said in _ARMS.items():
        cells = [arm, said]
        for judged in found.values():
            about = judged["arms"].get(arm)
            cells += [value(about), gain(about.get("mtl_gain") if about else None)]
        rows.append(tuple(cells))
    return Table("From single_task to connection_share", "", tuple(heads), tuple(rows))


def _steps_table(found: Mapping[str, Any], events: Mapping[str, int | None]) -> Table:
    heads = ["step"]
    for task, judged in found.items():
        heads += [f"gain in {task} {judged['metric']}", "relative", ""]
    rows = []
    for step, said in _STEPS.items():
        cells = [said]
        for task, judged in found.items():
            gained = judged["steps"].get(step)
            cells += [gain(gained), relative(gained), verdict(gained, events.get(task))]
        rows.append(tuple(cells))
    lead = "The steps' gains add up to the last row's."
    return Table("What each step gains", lead, tuple(heads), tuple(rows))
