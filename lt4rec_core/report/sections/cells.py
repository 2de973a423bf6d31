"""How the sections' tables write gains, shares and what they were measured on."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from lt4rec_core.report.results import tone
from lt4rec_core.report.wording import MISSING, count, metric, share, signed, signed_share

_WORDS = {"good": "better", "bad": "worse", "unsure": "not told apart"}


def value(about: Mapping[str, Any] | None) -> str:
    """A metric's mean and standard deviation over seeds."""
    if not about:
        return MISSING
    return metric(about["mean"]) + (f" ± {metric(about['spread'])}" if "spread" in about else "")


def gain(found: Mapping[str, Any] | None) -> str:
    """A gain's mean and interval."""
    if not found:
        return MISSING
    interval = f" [{signed(found['low'])}, {signed(found['high'])}]" if "low" in found else ""
    return signed(found["mean"]) + interval


def relative(found: Mapping[str, Any] | None) -> str:
    """A gain as a share of the rival's own value."""
    return signed_share(found["relative"]["mean"]) if found and "relative" in found else MISSING


def verdict(found: Mapping[str, Any] | None, events: int | None = None) -> str:
    """Whether the gain's interval lies above zero, below it, or holds it.

    `events` are those of the task on these rows; too few tell nothing apart.
    """
    return _WORDS[tone({**found, "value": found["mean"]}, events)] if found else MISSING


def events_of(summary: Mapping[str, Any]) -> dict[str, int | None]:
    """Each task's events on all test rows, None of a label that isn't binary."""
    return {task: judged.get("events") for task, judged in summary["parts"]["all"].items()}


def shares(values: Sequence[float]) -> str:
    """Mean and standard deviation over seeds, in percent."""
    mean = share(statistics.fmean(values))
    return f"{mean} ± {share(statistics.stdev(values))}" if len(values) > 1 else mean


def where(part: str) -> str:
    """All rows, or which."""
    return "all rows" if part == "all" else f"rows with {part}"


def measured_on(summary: Mapping[str, Any], part: str) -> str:
    """Says what a table of arms was measured on, and what its intervals are of."""
    rows = ", ".join(
        f"{task}: {count(judged['rows'])} rows{_events(judged)} of {count(judged['users'])} users"
        for task, judged in summary["parts"][part].items()
    )
    seeds, draws = len(summary["seeds"]), f"{count(summary['replicates'])} draws of users"
    said = f"Measured on {', '.join(summary['test_days'])}, {where(part)} ({rows}), "
    chosen = "every choice was made on the validation rows."
    confidence = f"{100 * summary['confidence']:g} %"
    if seeds == 1:
        return f"{said}one seed; {chosen} Intervals are {confidence}, of {draws}."
    return (
        f"{said}{seeds} seeds; {chosen} Mean ± standard deviation over seeds; intervals are "
        f"{confidence}, of seeds and of {draws} together."
    )


def _events(judged: Mapping[str, Any]) -> str:
    return f" with {count(judged['events'])} events" if "events" in judged else ""
