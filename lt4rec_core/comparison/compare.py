"""Stage compare: from finished arms to the tables."""

from __future__ import annotations

import datetime
import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lt4rec_core.comparison.result import Result
from lt4rec_core.comparison.summary import summarize
from lt4rec_core.config import Config, to_mapping
from lt4rec_core.data.atomic import folder_aside
from lt4rec_core.model.sharing.registry import SHARING
from lt4rec_core.report.comparison import comparison_html
from lt4rec_core.report.figure import standalone
from lt4rec_core.report.markdown import figures, markdown
from lt4rec_core.tracking import Tracker

SUMMARY_FILE = "comparison.json"
RESULTS_FILE = "RESULTS.md"
REPORT_FILE = "report.html"


def compare(
    config: Config,
    results: Sequence[Result],
    baselines: Result,
    target: Path,
    tracker: Tracker,
    *,
    worlds: Mapping[str, Mapping[str, Any]] | None = None,
    command: str = "",
) -> dict[str, Any]:
    """Holds the arms side by side; writes `comparison.json`, `report.html` and `RESULTS.md`.

    Args:
        config: `name`, `seed`, `tasks`, `fields`, `ingest`, `evaluate` and `comparison` matter.
        results: one a pair of arm and seed, in any order.
        baselines: see `lt4rec_core.comparison.baselines.run_baselines`.
        target: folder of these files and of the figures that RESULTS.md refers to, written
            whole or not at all.
        tracker: hears each arm's gains.
        worlds: content of `comparison.json` of each synthetic world.
        command: what was typed.

    Returns:
        The content of `comparison.json`; see `summarize`, and `written`, the day (UTC),
        `command` and `machine`.

    Raises:
        ArtifactError: the results aren't of the same test rows.
        ConfigError: a slice doesn't exist.
    """
    summary = summarize(config, results, baselines, worlds)
    summary["written"] = datetime.datetime.now(datetime.UTC).date().isoformat()
    summary["machine"] = _machine()
    if command:
        summary["command"] = command
    arms = list(SHARING)
    with folder_aside(target) as folder:
        text = json.dumps(summary, indent=1, allow_nan=False)
        (folder / SUMMARY_FILE).write_text(text + "\n", encoding="utf-8")
        (folder / RESULTS_FILE).write_text(markdown(summary, arms), encoding="utf-8")
        for path, figure in figures(summary).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(standalone(figure.drawing), encoding="utf-8")
        page = comparison_html(summary, arms, to_mapping(config))
        (folder / REPORT_FILE).write_text(page, encoding="utf-8")
    for task, judged in summary["parts"]["all"].items():
        for arm, about in judged["arms"].items():
            gain = about.get("mtl_gain")
            said = f", MTL gain {gain['mean']:+.5f}" if gain else ""
            tracker.progress(f"{task}: {arm} {judged['metric']} {about['mean']:.5f}{said}")
    return summary


def _machine() -> str:
    cores = f"{os.cpu_count()} cores"
    return f"{platform.system()} {platform.machine()}, {cores}, Python {platform.python_version()}"
