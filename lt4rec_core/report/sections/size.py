"""Weights, multiply-adds and training time of each arm, and what was chosen for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lt4rec_core.report.sections.section import Section, Table
from lt4rec_core.report.wording import MISSING, count, seconds


def section(summary: Mapping[str, Any]) -> Section:
    """Shows one row an arm."""
    rows = [
        (
            arm,
            count(about["parameters"]),
            count(_whole(about["multiply_adds"])),
            seconds(about["seconds"]),
            ", ".join(f"{key} = {value}" for key, value in about["chosen"].items()) or MISSING,
        )
        for arm, about in summary["arms"].items()
    ]
    lead = (
        "Weights of all networks of an arm, embeddings among them; multiply-adds for one "
        "impression and all tasks; wall-clock seconds of one seed's training with everything in "
        "it, warm-up and pruning too, while other arms may have been at work beside it."
    )
    heads = ("arm", "parameters", "multiply-adds", "seconds", "chosen on validation")
    return Section("Size and time", lead, (Table("", "", heads, tuple(rows)),))


def _whole(value: float | None) -> float | None:
    return None if value is None else round(value)
