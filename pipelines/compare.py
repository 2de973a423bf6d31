"""Runs the comparison's nodes on this machine, arms beside each other in processes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from components.comparison_step import REPORT, names_of, node_of
from components.reference import Reference
from lt4rec_core.comparison.answer import answer
from lt4rec_core.comparison.compare import RESULTS_FILE, SUMMARY_FILE
from lt4rec_core.comparison.settings import seeds_of, settings_of, trained_of
from lt4rec_core.config import Config
from lt4rec_core.data.atomic import file_aside
from pipelines.local_run import LocalRun, Show, local_run
from pipelines.workers import Job


def run_comparison(
    config: Config,
    source: str,
    data_date: str,
    workspace: Path,
    *,
    results: Path | None = None,
    git_commit: str = "",
    show: Show,
) -> dict[str, Any]:
    """Trains every arm with every seed that isn't done yet; returns the `--json` object.

    Args:
        config: the comparison's settings; see its section `comparison`.
        source: folder or `s3://` prefix of the raw logs.
        data_date: the test day, "" for the configuration's own or a source without dates.
        workspace: folder of everything that is made.
        results: where RESULTS.md goes besides the workspace.
        git_commit: commit of the code, "" if unknown.
        show: takes the progress, line by line, `[node] message`.

    Raises:
        LT4RECError: of the class that the failing step raised.
    """
    for arm in trained_of(config):
        settings_of(config, arm, config.seed)  # what can't be had is refused before anything runs
    with local_run(config, source, data_date, workspace, git_commit, show) as run:
        context, dataset = run.data()
        done = run.all(list(_jobs(run, context, dataset)), "compare")
        arguments = {
            "config": run.settings,
            "run": context,
            "baselines": done["baselines"],
            "arms": {node: done[node] for node in names_of(config)},
        }
        reference = run.one(Job("compare", "components.compare:compare", arguments))
        return _conclude(run, reference, results)


def _jobs(run: LocalRun, context: str, dataset: str) -> Iterator[tuple[str, Job]]:
    """Gives baselines and arms, seed by seed: a comparison cut short has whole seeds."""
    inputs = {"config": run.settings, "run": context, "dataset": dataset}
    yield "baselines", Job("baselines", "components.baselines:baselines", inputs)
    for seed in seeds_of(run.config):
        for arm in trained_of(run.config):
            own = {**inputs, "arm": arm, "seed": seed}
            yield arm, Job(node_of(arm, seed), "components.arm:arm", own)


def _conclude(run: LocalRun, reference: str, results: Path | None) -> dict[str, Any]:
    folder = run.store.folder(Reference.parse(reference))
    summary = json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
    if results is not None:
        with file_aside(results) as partial:
            shutil.copyfile(folder / RESULTS_FILE, partial)
    report = run.store.children(run.parent)["compare"].data.tags[REPORT]
    return answer(summary, report)
