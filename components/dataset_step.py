"""Ingest's step: the dataset stays in the workspace, its manifest goes to MLflow."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from components.champion import base_of
from components.days_done import champion_as_of, days_done
from components.inputs import dataset_folder, find_dataset, log_dataset
from components.pipeline_run import start_run
from components.reference import Reference
from components.run_context import RunContext
from components.step import Step, open_step
from components.stopped_days import stopped_days
from lt4rec_core.comparison.worlds import last_day, settings_in
from lt4rec_core.config import from_mapping
from lt4rec_core.data.atomic import file_aside
from lt4rec_core.data.dataset import Dataset, open_dataset
from lt4rec_core.errors import ArtifactError

LATE = "lt4rec.late"
"""Tag of a daily run: by day, how its data changed after it ran, as JSON."""
LEFT_OUT = "lt4rec.left_out"
"""Tag of a run: the days of its window that it does without, each with why, as JSON."""
_FILES = ("manifest.json", "features.json")


class DatasetStep(Step):
    """Files a dataset in `<workspace>/datasets/<digest>`: the same content lies there once.

    A daily run's dataset keeps the ids of the champion's, its `base`, and does without the
    days that validation `stopped`; `left_out` are all days that aren't read, each with why.
    """

    base: Dataset | None = None
    stopped: Mapping[str, str] = MappingProxyType({})
    left_out: Mapping[str, str] = MappingProxyType({})

    def look_up(self, source: str) -> str:
        """Finds a daily run's champion; returns the digest of base, date and source."""
        from lt4rec_core.data.sources.registry import find
        from lt4rec_core.data.split import days_read, left_out_of, window

        settings, date = self.config.ingest, self.context.data_date
        if self.context.retraining:
            name = self.config.register.model_name
            champion = champion_as_of(self.store, name, date)
            version = "" if champion is None else champion.version
            self.context = dataclasses.replace(self.context, champion=version)
            self.base = base_of(self)
        log = find(settings.source)
        base = "" if self.base is None else self.base.digest
        if not (log.dated and date):
            return f"{date}/{base}/{log.fingerprint(source, settings)}"
        if self.context.retraining:
            before = window(date, settings.train_days)[:-1]
            self.stopped = stopped_days(self.store, self.config.register.model_name, before)
        self.left_out = left_out_of(date, settings, self.stopped)
        days = days_read(date, settings.train_days, self.left_out)
        seen = log.fingerprint(source, settings, days)
        return f"{date}/{base}/{seen}/{json.dumps(self.left_out)}"

    def prepare(self, inputs: Mapping[str, str], extra: str) -> None:
        """Lets the dataset be written beside its final place, so that it's renamed, not copied."""
        super().prepare(inputs, extra)
        self.target = self.context.workspace / "datasets" / f"new-{self.key[:16]}"

    def finish(self) -> None:
        """Tells the run what it does without, and a daily one what changed since it ran."""
        self.conclude()
        for day, why in self.left_out.items():
            self.tracker.progress(f"left out: {day}, {why}")
        for run_id in (self.run_id, self.context.run_id) if self.left_out else ():
            self.store.set_tags(run_id, {LEFT_OUT: json.dumps(self.left_out)})
        if self.context.retraining:
            reference = Reference.parse(self.reference)
            late = self.find_late(find_dataset(self.context.workspace, reference))
            for day, change in late.items():
                self.tracker.progress(f"late data: {day} had {change}; run that day again")
            for run_id in (self.run_id, self.context.run_id):
                self.store.set_tags(run_id, {LATE: json.dumps(late)})
        super().finish()

    def find_late(self, dataset: Dataset) -> dict[str, str]:
        """Says of the dataset's earlier days what changed since each was run."""
        from lt4rec_core.data.manifest import Manifest
        from lt4rec_core.retraining.late import change_of

        late = {}
        name, today = self.config.register.model_name, self.context.data_date
        for done in days_done(self.store, name, today):
            if "dataset" not in done.made_of:
                continue
            digest = Reference.parse(done.made_of["dataset"]).digest
            file = dataset_folder(self.context.workspace, digest) / "manifest.json"
            try:
                then = Manifest.from_json(file.read_text(encoding="utf-8"))
            except (OSError, ArtifactError):
                continue  # that day's dataset was cleared away: nothing to compare with
            if change := change_of(done.data_date, then, dataset.manifest):
                late[done.data_date] = change
        return late

    def file_artifact(self) -> Reference:
        """Renames the dataset to its digest and logs its manifest and features."""
        dataset = open_dataset(self.target)
        home = dataset_folder(self.context.workspace, dataset.digest)
        if not _is_whole(home):
            shutil.rmtree(home, ignore_errors=True)
            self.target.rename(home)
        else:  # the same rows by another way: the newer story of how they were made is told
            with file_aside(home / "manifest.json") as manifest:
                shutil.copyfile(self.target / "manifest.json", manifest)
            shutil.rmtree(self.target)
        for name in _FILES:
            self.store.log_file(self.run_id, home / name, "dataset")
        log_dataset(self, dataset)
        return Reference(self.run_id, "dataset", dataset.digest)

    def check(self, reference: Reference) -> None:
        """Raises ArtifactError unless the dataset still lies in the workspace, whole."""
        find_dataset(self.context.workspace, reference)


def _is_whole(folder: Path) -> bool:
    try:
        open_dataset(folder)
    except ArtifactError:
        return False
    return True


@contextmanager
def open_ingest(
    config: str,
    source: str,
    data_date: str,
    workspace: str,
    parent_run_id: str,
    git_commit: str,
    day: Mapping[str, Any] | None = None,
) -> Iterator[DatasetStep]:
    """Gives ingest's step, in a new pipeline run if none was started by the local runner."""
    context = start_run(config, source, data_date, workspace, parent_run_id, git_commit, day)

    def known(step: Step) -> str:
        return cast("DatasetStep", step).look_up(source)

    with open_step("ingest", config, context.to_json(), {}, extra=known, kind=DatasetStep) as step:
        yield cast("DatasetStep", step)


@contextmanager
def open_world(config: str, run: str, world: str) -> Iterator[Step]:
    """Gives the step that makes a synthetic world; its context is that of the world's nodes."""
    settings = settings_in(from_mapping(json.loads(config)), world)
    day = last_day(settings.synthetic)
    context = dataclasses.replace(RunContext.parse(run), world=world, data_date=day)
    with open_step("world", config, context.to_json(), {}, kind=DatasetStep) as step:
        yield step
