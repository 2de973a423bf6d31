"""Runs the comparison's nodes on this machine, arms beside each other in processes."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from components.comparison_step import REPORT, node_of
from components.failures import read_failure
from components.lifeline import RUNNER
from components.pipeline_run import end_killed, held, new_parent
from components.reference import Reference
from components.store import Store, open_store
from lt4rec_core.comparison.answer import answer
from lt4rec_core.comparison.compare import RESULTS_FILE, SUMMARY_FILE
from lt4rec_core.comparison.schedule import seconds_left
from lt4rec_core.comparison.settings import arms_of, seeds_of, settings_of
from lt4rec_core.config import Config, to_mapping
from lt4rec_core.data.atomic import file_aside
from lt4rec_core.errors import LT4RECError
from lt4rec_core.report.wording import seconds
from pipelines.workers import ComponentFailedError, Job, run_jobs

Show = Callable[[str], None]


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
    place = workspace.expanduser().resolve()
    place.mkdir(parents=True, exist_ok=True)
    jobs_of(config, "", "", "")  # what can't be compared is refused before anything runs
    day = data_date or config.comparison.data_date
    logs = source if "://" in source else str(Path(source).expanduser().resolve())
    store = open_store(config.tracking, place)
    end_killed(store)
    with held(place) as lock, _runner():
        parent = new_parent(store, config, logs, day, git_commit, lock)
        try:
            run = _Run(config, parent, place, show)
            reference = run.to_the_end(logs, day, git_commit)
        except ComponentFailedError as error:
            store.end(parent, "FAILED")
            failure = read_failure(place, parent)
            foreseen = failure.error() if failure else None
            raise (foreseen or LT4RECError(str(error))) from None
        except BaseException as error:
            store.end(parent, "FAILED" if isinstance(error, Exception) else "KILLED")
            raise
        return _conclude(store, parent, reference, results)


def jobs_of(config: Config, settings: str, context: str, dataset: str) -> dict[str, list[Job]]:
    """Returns the jobs by kind, "baselines" and one kind an arm, checked against the registry.

    Raises:
        ConfigError: an arm or a setting chosen for it doesn't exist.
    """
    run = {"config": settings, "run": context, "dataset": dataset}
    jobs = {"baselines": [Job("baselines", "components.baselines:baselines", run)]}
    for arm in arms_of(config.comparison.arms):
        settings_of(config, arm, config.seed)
        jobs[arm] = [
            Job(node_of(arm, seed), "components.arm:arm", {**run, "arm": arm, "seed": seed})
            for seed in seeds_of(config)
        ]
    return jobs


class _Run:
    """One run of the comparison: its nodes in the DAG's order."""

    def __init__(self, config: Config, parent: str, workspace: Path, show: Show) -> None:
        self._config = config
        self._settings = json.dumps(to_mapping(config))
        self._parent = parent
        self._workspace = workspace
        self._show = show

    def to_the_end(self, source: str, day: str, git_commit: str) -> str:
        """Runs all nodes and returns the reference of what compare made."""
        ingest = {
            "config": self._settings,
            "source": source,
            "data_date": day,
            "workspace": str(self._workspace),
            "parent_run_id": self._parent,
            "git_commit": git_commit,
        }
        context, dataset = self._one(Job("ingest", "components.ingest:ingest", ingest))
        run = {"config": self._settings, "run": context}
        self._one(Job("validate", "components.validate:validate", {**run, "dataset": dataset}))
        references = self._arms(jobs_of(self._config, self._settings, context, dataset))
        floor = references.pop("baselines")
        arguments = {**run, "baselines": floor, "arms": references}
        return str(self._one(Job("compare", "components.compare:compare", arguments)))

    def _one(self, job: Job) -> Any:
        outputs: list[Any] = []
        run_jobs([job], 1, self._show, lambda _, output: outputs.append(output))
        return outputs[0]

    def _arms(self, kinds: dict[str, list[Job]]) -> dict[str, str]:
        """Runs baselines and arms, seed by seed; returns the references in the arms' order."""
        kind_of = {job.node: kind for kind, jobs in kinds.items() for job in jobs}
        order = [job for seed in range(len(seeds_of(self._config))) for job in _nth(kinds, seed)]
        references: dict[str, str] = {}
        taken: dict[str, list[float]] = {}
        begun = {"": time.monotonic()}
        processes = self._processes(len(order))

        def heard(line: str) -> None:
            node = line.partition("]")[0].removeprefix("[")
            begun.setdefault(node, time.monotonic())
            self._show(line)

        def finished(node: str, reference: str) -> None:
            references[node] = reference
            since = begun.get(node, begun[""])
            taken.setdefault(kind_of[node], []).append(time.monotonic() - since)
            waiting = [kind_of[job.node] for job in order if job.node not in references]
            left = seconds_left(taken, waiting, processes)
            told = f", about {seconds(left)} left" if waiting and left is not None else ""
            self._show(f"[compare] {len(references)} of {len(order)} done{told}")

        run_jobs(order, processes, heard, finished)
        return {node: references[node] for node in kind_of}

    def _processes(self, jobs: int) -> int:
        asked = self._config.comparison.processes
        cores = len(os.sched_getaffinity(0))
        return min(jobs, asked or max(1, cores // (self._config.threads or 1)))


def _nth(kinds: dict[str, list[Job]], place: int) -> Iterator[Job]:
    """Gives the jobs of one seed, so that a comparison cut short has whole seeds."""
    for jobs in kinds.values():
        yield from jobs[place : place + 1]


@contextlib.contextmanager
def _runner() -> Iterator[None]:
    """Lets the processes of components know whose end is theirs."""
    before = os.environ.get(RUNNER)
    os.environ[RUNNER] = str(os.getpid())
    try:
        yield
    finally:
        if before is None:
            del os.environ[RUNNER]
        else:
            os.environ[RUNNER] = before


def _conclude(store: Store, parent: str, reference: str, results: Path | None) -> dict[str, Any]:
    folder = store.folder(Reference.parse(reference))
    summary = json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
    if results is not None:
        with file_aside(results) as partial:
            shutil.copyfile(folder / RESULTS_FILE, partial)
    report = store.children(parent)["compare"].data.tags[REPORT]
    return answer(summary, report)
