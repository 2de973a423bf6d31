"""Writes the report: one HTML file that needs nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from markupsafe import Markup

from lt4rec_core.data.atomic import file_aside
from lt4rec_core.report import process, results
from lt4rec_core.report.input import ReportInput
from lt4rec_core.report.wording import FILTERS

_HERE = Path(__file__).parent


def render(summary: ReportInput, target: Path) -> Path:
    """Writes the page of `summary` to the file `target`, whole or not at all; returns it.

    Everything it shows, style sheet and figures too, is inside; it asks the network
    for nothing. The same summary gives the same bytes.

    Raises:
        StoreError: the file can't be written.
    """
    text = html(summary)
    with file_aside(target) as partial:
        partial.write_text(text, encoding="utf-8")
    return target


def html(summary: ReportInput) -> str:
    """Returns the page of `summary`; all text of its parts is escaped."""
    return fill(
        "template.html",
        summary=summary,
        verdict=results.verdict(summary),
        cards=results.cards(summary),
        data=process.data(summary),
        validation=process.validation(summary),
        losses=process.losses(summary),
        pruning=process.pruning(summary),
        overlap=process.overlap(summary),
        metric_tables=results.metric_tables(summary),
        calibrations=results.calibrations(summary),
        slice_tables=results.slice_tables(summary),
        too_few=results.too_few(results.events(summary)),
        config=json.dumps(summary.config, indent=2) if summary.config else "",
    )


def fill(template: str, **parts: Any) -> str:
    """Returns a template of this folder, filled; text is escaped, the style sheet is there."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= FILTERS
    style = Markup((_HERE / "style.css").read_text(encoding="utf-8"))  # noqa: S704 - ours
    return environment.get_template(template).render(style=style, **parts)
