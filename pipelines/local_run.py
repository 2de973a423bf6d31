"""A pipeline run on this machine whose nodes are called one by one, some beside each other."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.failures import read_failure
from components.lifeline import RUNNER
from components.pipeline_run import end_killed, held, new_parent
from components.store import Store, open_store
from lt4rec_core.comparison.schedule import seconds_left
from lt4rec_core.config import Config, to_mapping
from lt4rec_core.errors import LT4RECError, StoreError
from lt4rec_core.preflight import check_date, check_ready
from lt4rec_core.report.wording import seconds
from pipelines.workers import ComponentFailedError, Job, run_jobs

Show = Callable[[str], None]

_SKIPPED = ""


@dataclass(frozen=True)
class LocalRun:
    """An open run: its MLflow parent, and what its nodes are given; made by `local_run`."""

    config: Config
    source: str
    day: str
    workspace: Path
    git_commit: str
    store: Store
    parent: str
    show: Show

    @property
    def settings(self) -> str:
        """All settings as JSON, as nodes take them."""
        return json.dumps(to_mapping(self.config))

    def one(self, job: Job) -> Any:
        """Runs one node in this process and returns its output."""
        outputs: list[Any] = []
        run_jobs([job], 1, self.show, lambda _, output: outputs.append(output))
        return outputs[0]

    def data(self) -> tuple[str, str]:
        """Ingests and validates; returns the run's context and the dataset's reference."""
        arguments = {
            "config": self.settings,
            "source": self.source,
            "data_date": self.day,
            "workspace": str(self.workspace),
            "parent_run_id": self.parent,
            "git_commit": self.git_commit,
        }
        context, dataset = self.one(Job("ingest", "components.ingest:ingest", arguments))
        valid = {"config": self.settings, "run": context, "dataset": dataset}
        self.one(Job("validate", "components.validate:validate", valid))
        return context, dataset

    def all(self, jobs: Sequence[tuple[str, Job]], title: str) -> dict[str, Any]:
        """Runs jobs beside each other and tells the time left; returns outputs by node.

        Args:
            jobs: each with its kind; jobs of one kind take about equally long.
            title: in whose name progress is told.
        """
        kinds = {job.node: kind for kind, job in jobs}
        outputs: dict[str, Any] = {}
        taken: dict[str, list[float]] = {}
        begun: dict[str, float] = {}
        start = time.monotonic()
        processes = processes_for(self.config, len(jobs))

        def heard(line: str) -> None:
            node, _, said = line.removeprefix("[").partition("] ")
            begun.setdefault(node, time.monotonic())
            if said.startswith("skipped"):
                kinds[node] = _SKIPPED
            self.show(line)

        def finished(node: str, output: Any) -> None:
            outputs[node] = output
            if kinds[node] != _SKIPPED:  # what it took says nothing of those that must run
                taken.setdefault(kinds[node], []).append(time.monotonic() - begun.get(node, start))
            waiting = [kinds[job.node] for _, job in jobs if job.node not in outputs]
            left = seconds_left(taken, waiting, processes)
            told = f", about {seconds(left)} left" if waiting and left is not None else ""
            self.show(f"[{title}] {len(outputs)} of {len(jobs)} done{told}")

        run_jobs([job for _, job in jobs], processes, heard, finished)
        return outputs


@contextlib.contextmanager
def local_run(
    config: Config,
    source: str,
    data_date: str,
    workspace: Path,
    git_commit: str,
    show: Show,
    daily: Mapping[str, Any] | None = None,
) -> Iterator[LocalRun]:
    """Gives a run whose nodes are called one by one; it ends as what happens inside says.

    `daily` says of a day's retraining whether it is forced.

    Raises:
        ConfigError: a name isn't known, or a source split by day lacks its test day.
        LT4RECError: of the class that the failing node raised.
    """
    day = data_date or config.comparison.data_date
    check_ready(config)
    check_date(config, day)
    place = workspace.expanduser().resolve()
    place.mkdir(parents=True, exist_ok=True)
    logs = source if "://" in source else str(Path(source).expanduser().resolve())
    store = open_store(config.tracking, place)
    end_killed(store)
    with held(place) as lock, _runner():
        parent = new_parent(store, config, logs, day, git_commit, lock, "comparison", day=daily)
        try:
            yield LocalRun(config, logs, day, place, git_commit, store, parent, show)
        except ComponentFailedError as error:
            with contextlib.suppress(StoreError):  # the store may be what failed
                store.end(parent, "FAILED")
            failure = read_failure(place, parent)
            foreseen = failure.error() if failure else None
            raise (foreseen or LT4RECError(str(error))) from None
        except BaseException as error:
            with contextlib.suppress(StoreError):
                store.end(parent, "FAILED" if isinstance(error, Exception) else "KILLED")
            raise
        store.end(parent, "FINISHED")


def processes_for(config: Config, jobs: int) -> int:
    """Returns how many arms to train beside each other: as configured, or as cores allow."""
    cores = len(os.sched_getaffinity(0))
    return min(jobs, config.comparison.processes or max(1, cores // (config.threads or 1)))


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
