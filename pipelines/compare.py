"""Runs the comparison's nodes on this machine, arms beside each other in processes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from components.comparison_step import REPORT, names_of, node_of, open_summary
from components.reference import Reference
from components.run_context import RunContext, name_in
from lt4rec_core.comparison.answer import answer
from lt4rec_core.comparison.compare import RESULTS_FILE
from lt4rec_core.comparison.settings import seeds_of, settings_of, trained_of
from lt4rec_core.comparison.worlds import settings_in
from lt4rec_core.config import Config
from lt4rec_core.data.atomic import file_aside
from lt4rec_core.preflight import check_ready
from lt4rec_core.report.markdown import PLOTS
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
    command: str = "",
    show: Show,
) -> dict[str, Any]:
    """Trains every arm with every seed that isn't done yet; returns the `--json` object.

    Args:
        config: the comparison's settings; see its section `comparison`.
        source: folder or `s3://` prefix of the raw logs.
        data_date: the test day, "" for the configuration's own or a source without dates.
        workspace: folder of everything that is made.
        results: where RESULTS.md goes besides the workspace, with its figures beside it.
        git_commit: commit of the code, "" if unknown.
        command: what was typed, for the reports.
        show: takes the progress, line by line, `[node] message`.

    Raises:
        LT4RECError: of the class that the failing step raised.
    """
    worlds = tuple(world.name for world in config.comparison.worlds)
    for settings in (config, *(settings_in(config, world) for world in worlds)):
        check_ready(settings)
        for arm in trained_of(settings):
            settings_of(settings, arm, settings.seed)  # refused before anything runs
    with local_run(config, source, data_date, workspace, git_commit, show) as run:
        context, dataset = run.data()
        whole = replace(RunContext.parse(context), command=command).to_json()
        main, others = _Part(config, whole, dataset), _worlds(run, context, worlds)
        jobs = [job for part in (main, *others.values()) for job in part.jobs(run.settings)]
        done = run.all(jobs, "compare")
        found = {
            world: run.one(part.conclusion(run.settings, done, {}))
            for world, part in others.items()
        }
        return _conclude(run, run.one(main.conclusion(run.settings, done, found)), results)


@dataclass(frozen=True)
class _Part:
    """The comparison itself, or that in one world: its settings, context and dataset."""

    settings: Config
    context: str
    dataset: str
    world: str = ""

    def node(self, name: str) -> str:
        return name_in(self.world, name)

    def jobs(self, config: str) -> Iterator[tuple[str, Job]]:
        """Gives baselines and arms, seed by seed: a comparison cut short has whole seeds."""
        inputs = {"config": config, "run": self.context, "dataset": self.dataset}
        floor = self.node("baselines")
        yield floor, Job(floor, "components.baselines:baselines", inputs)
        for seed in seeds_of(self.settings):
            for arm in trained_of(self.settings):
                if seed not in seeds_of(self.settings, arm):
                    continue
                own = {**inputs, "arm": arm, "seed": seed}
                yield self.node(arm), Job(self.node(node_of(arm, seed)), "components.arm:arm", own)

    def conclusion(self, config: str, done: Mapping[str, str], worlds: Mapping[str, str]) -> Job:
        arguments = {
            "config": config,
            "run": self.context,
            "baselines": done[self.node("baselines")],
            "arms": {node: done[self.node(node)] for node in names_of(self.settings)},
            "worlds": worlds,
        }
        return Job(self.node("compare"), "components.compare:compare", arguments)


def _worlds(run: LocalRun, context: str, worlds: Sequence[str]) -> dict[str, _Part]:
    """Makes and validates the worlds' datasets."""
    parts = {}
    for world in worlds:
        inputs = {"config": run.settings, "run": context, "world": world}
        own, dataset = run.one(Job(name_in(world, "world"), "components.world:world", inputs))
        parts[world] = _Part(settings_in(run.config, world), own, dataset, world)
        valid = {"config": run.settings, "run": own, "dataset": dataset}
        run.one(Job(name_in(world, "validate"), "components.validate:validate", valid))
    return parts


def _conclude(run: LocalRun, reference: str, results: Path | None) -> dict[str, Any]:
    folder = run.store.folder(Reference.parse(reference))
    if results is not None:
        files = [RESULTS_FILE, *(str(p.relative_to(folder)) for p in folder.glob(f"{PLOTS}/*"))]
        for name in files:
            target = results if name == RESULTS_FILE else results.parent / name
            with file_aside(target) as partial:
                shutil.copyfile(folder / name, partial)
    report = run.store.children(run.parent)["compare"].data.tags[REPORT]
    return answer(open_summary(folder), report)
