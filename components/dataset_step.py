"""Ingest's step: the dataset stays in the workspace, its manifest goes to MLflow."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from components.champion import base_of
from components.days_done import champion_as_of, days_done
from components.inputs import dataset_folder, find_dataset, log_dataset
from components.log_step import LogStep
from components.reference import Reference
from components.run_context import RunContext
from components.step import Step, open_step
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


class DatasetStep(LogStep):
    """Files a dataset in `<workspace>/datasets/<digest>`: the same content lies there once.

    A daily run's dataset keeps the ids of the champion's, its `base`.
    """

    base: Dataset | None = None

    def look_up(self, source: str, days: str) -> str:
        """Finds a daily run's champion, too; returns the digest of base, date and source."""
        if self.context.retraining:
            name = self.config.register.model_name
            champion = champion_as_of(self.store, name, self.context.data_date)
            version = "" if champion is None else champion.version
            self.context = dataclasses.replace(self.context, champion=version)
            self.base = base_of(self)
        base = "" if self.base is None else self.base.digest
        return f"{base}/{super().look_up(source, days)}"

    def prepare(self, inputs: Mapping[str, str], extra: str) -> None:
        """Lets the dataset be written beside its final place, so that it's renamed, not copied."""
        super().prepare(inputs, extra)
        self.target = self.context.workspace / "datasets" / f"new-{self.key[:16]}"

    def finish(self) -> None:
        """Tells the run what it does without, and a daily one what changed since it ran."""
        self.conclude()
        left_out = self.days.left_out
        for day, why in left_out.items():
            self.tracker.progress(f"left out: {day}, {why}")
        for run_id in (self.run_id, self.context.run_id) if left_out else ():
            self.store.set_tags(run_id, {LEFT_OUT: json.dumps(left_out)})
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
def open_world(config: str, run: str, world: str) -> Iterator[Step]:
    """Gives the step that makes a synthetic world; its context is that of the world's nodes."""
    settings = settings_in(from_mapping(json.loads(config)), world)
    day = last_day(settings.synthetic)
    context = dataclasses.replace(RunContext.parse(run), world=world, data_date=day)
    with open_step("world", config, context.to_json(), {}, kind=DatasetStep) as step:
        yield step
