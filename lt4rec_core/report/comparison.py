"""A comparison as one HTML page that needs nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lt4rec_core.report.page import fill
from lt4rec_core.report.sections.facts import facts, sections, unmeasured


def comparison_html(
    summary: Mapping[str, Any], known_arms: Sequence[str], config: Mapping[str, Any]
) -> str:
    """Returns the page of a comparison's summary; the same summary gives the same bytes.

    Args:
        summary: see `lt4rec_core.comparison.summary.summarize`, with what `compare` adds.
        known_arms: all arms there are: the page says which weren't compared.
        config: all settings, shown as they are.
    """
    shown, absent = sections(summary)
    return fill(
        "comparison.html",
        title=f"{summary['name']}: {len(summary['arms'])} ways of sharing, compared",
        facts=facts(summary),
        sections=shown,
        unmeasured=[*absent, *unmeasured(summary, known_arms)],
        config=json.dumps(config, indent=2),
    )
