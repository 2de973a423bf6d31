"""Ingest's step: the dataset stays in the workspace, its manifest goes to MLflow."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from components.inputs import dataset_folder, find_dataset, log_dataset
from components.pipeline_run import start_run
from components.reference import Reference
from components.run_context import RunContext
from components.step import Step, open_step
from lt4rec_core.comparison.worlds import last_day, settings_in
from lt4rec_core.config import from_mapping
from lt4rec_core.data.atomic import file_aside
from lt4rec_core.data.dataset import open_dataset
from lt4rec_core.errors import ArtifactError

_FILES = ("manifest.json", "features.json")


class DatasetStep(Step):
    """Files a dataset in `<workspace>/datasets/<digest>`: the same content lies there once."""

    def prepare(self, inputs: Mapping[str, str], extra: str) -> None:
        """Lets the dataset be written beside its final place, so that it's renamed, not copied."""
        super().prepare(inputs, extra)
        self.target = self.context.workspace / "datasets" / f"new-{self.key[:16]}"

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
) -> Iterator[Step]:
    """Gives ingest's step, in a new pipeline run if none was started by the local runner."""
    context = start_run(config, source, data_date, workspace, parent_run_id, git_commit)

    def fingerprint(step: Step) -> str:
        from lt4rec_core.data.sources.registry import find

        settings = step.config.ingest
        return f"{data_date}/{find(settings.source).fingerprint(source, settings)}"

    with open_step(
        "ingest", config, context.to_json(), {}, extra=fingerprint, kind=DatasetStep
    ) as step:
        yield step


@contextmanager
def open_world(config: str, run: str, world: str) -> Iterator[Step]:
    """Gives the step that makes a synthetic world; its context is that of the world's nodes."""
    settings = settings_in(from_mapping(json.loads(config)), world)
    day = last_day(settings.synthetic)
    context = replace(RunContext.parse(run), world=world, data_date=day)
    with open_step("world", config, context.to_json(), {}, kind=DatasetStep) as step:
        yield step
