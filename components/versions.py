"""A registered version with everything that it was made of, found in MLflow and the workspace."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.history import document, read_config
from components.inputs import find_dataset
from components.model_registry import model_folder
from components.promotion import read_tags
from components.reference import Reference
from components.store import DIGEST, PATH, Store, store_errors
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.errors import ArtifactError

if TYPE_CHECKING:
    from lt4rec_core.pruning.mask import Mask

_MADE_OF, _MASK = "lt4rec.made_of", "lt4rec.mask."


@dataclass(frozen=True)
class Version:
    """What is known of a version.

    Attributes:
        number: its number.
        data_date: the test day of its own run.
        folder: its ranking model.
        tags: its tags in the registry.
        config: its run's configuration, None where the run kept none.
        dataset: digest of its dataset.
    """

    store: Store
    number: str
    data_date: str
    folder: Path
    tags: Mapping[str, str]
    config: Mapping[str, Any] | None
    dataset: str

    def open_dataset(self) -> Dataset:
        """Opens its dataset; raises ArtifactError where this workspace doesn't have it."""
        return find_dataset(self.store.workspace, Reference("", "", self.dataset))

    def manifest(self) -> Mapping[str, Any]:
        """Returns its dataset's manifest, from MLflow; raises ArtifactError where it's gone."""
        return document(self.store, _filed(self.store, self.dataset), "manifest.json")

    def masks(self) -> dict[str, Mask]:
        """Opens its tasks' masks; raises ArtifactError where one is gone or damaged."""
        from lt4rec_core.stages.prune import open_mask

        return {
            task: open_mask(self.store.folder(reference))[0]
            for task, reference in self._masks().items()
        }

    def _masks(self) -> dict[str, Reference]:
        tasks = [tag.removeprefix(_MASK) for tag in self.tags if tag.startswith(_MASK)]
        made_of = json.loads(self.tags.get(_MADE_OF, "{}"))
        told = {task: made_of[f"mask-{task}"] for task in tasks if f"mask-{task}" in made_of}
        if len(told) == len(tasks):
            return {task: Reference.parse(text) for task, text in told.items()}
        inputs = json.loads(self.tags.get("lt4rec.inputs", "{}"))
        return {task: _filed(self.store, inputs[task]) for task in tasks if task in inputs}


def open_version(store: Store, name: str, number: str) -> Version:
    """Finds a version and what it was made of.

    Raises:
        InputError: there is no such version.
        StoreError: MLflow can't be read.
    """
    tags = read_tags(store, name, number)
    with store_errors(f"the run of version {number} of {name!r} can't be read"):
        run = store.client.get_run(store.client.get_model_version(name, number).run_id)
    parent = run.data.tags.get("mlflow.parentRunId", run.info.run_id)
    try:
        config = read_config(store, parent)
    except ArtifactError:
        config = None
    return Version(
        store=store,
        number=number,
        data_date=tags.get("lt4rec.data_date", ""),
        folder=model_folder(store, name, number),
        tags={**tags, "lt4rec.inputs": run.data.tags.get("lt4rec.inputs", "{}")},
        config=config,
        dataset=tags.get("lt4rec.dataset", ""),
    )


def _filed(store: Store, digest: str) -> Reference:
    """Returns where the artifact of this digest is."""
    for run in store.search(f"attributes.status = 'FINISHED' and tags.`{DIGEST}` = '{digest}'"):
        if PATH in run.data.tags and "lt4rec.reused_from" not in run.data.tags:
            return Reference(run.info.run_id, run.data.tags[PATH], digest)
    raise ArtifactError(f"no finished run holds the artifact of digest {digest[:12]} any more")
