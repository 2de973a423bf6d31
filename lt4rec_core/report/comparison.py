"""A comparison as one HTML page that needs nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lt4rec_core.report.gains_plot import gains_plot
from lt4rec_core.report.page import fill
from lt4rec_core.report.tables import facts, tables, unmeasured


def comparison_html(
    summary: Mapping[str, Any], known_arms: Sequence[str], config: Mapping[str, Any]
) -> str:
    """Returns the page of a comparison's summary; the same summary gives the same bytes.

    Args:
        summary: see `lt4rec_core.comparison.summary.summarize`, with `written`, the date.
        known_arms: all arms there are: the page says which weren't compared.
        config: all settings, shown as they are.
    """
    figures = [
        gains_plot(task, judged, name=f"gains-{part_place}-{place}", place=place)
        for part_place, part in enumerate(summary["parts"].values())
        for place, (task, judged) in enumerate(part.items())
        if part_place == 0
    ]
    return fill(
        "comparison.html",
        title=f"{summary['name']}: {len(summary['arms'])} ways of sharing, compared",
        facts=facts(summary),
        figures=[figure for figure in figures if figure is not None],
        tables=list(tables(summary)),
        unmeasured=unmeasured(summary, known_arms),
        config=json.dumps(config, indent=2),
    )
