"""What a component's references stand for, opened and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from components.reference import Reference
from components.step import Step
from lt4rec_core.data.dataset import Dataset, open_dataset
from lt4rec_core.errors import ArtifactError

if TYPE_CHECKING:
    from lt4rec_core.pruning.mask import Mask
    from lt4rec_core.training.checkpoint import Checkpoint
    from lt4rec_core.validation.profile import DayProfile


def dataset_folder(workspace: Path, digest: str) -> Path:
    """Returns where the dataset of this digest lies: in the workspace, not in MLflow."""
    return workspace / "datasets" / digest[:16]


def find_dataset(workspace: Path, reference: Reference, verify: bool = True) -> Dataset:
    """Opens the dataset that the reference means, every file checked unless `verify` is False.

    Raises:
        ArtifactError: it's gone from the workspace or was changed.
    """
    dataset = open_dataset(dataset_folder(workspace, reference.digest), verify)
    if dataset.digest != reference.digest:
        raise ArtifactError(
            f"the dataset in {dataset.root} has digest {dataset.digest[:12]}, expected "
            f"{reference.digest[:12]}: remove the folder and run the pipeline again"
        )
    return dataset


def open_input_dataset(step: Step, reference: str) -> Dataset:
    """Opens the dataset and logs it as an input of the step's run; raises as `find_dataset`."""
    dataset = find_dataset(step.context.workspace, Reference.parse(reference))
    log_dataset(step, dataset)
    return dataset


def open_input_day(step: Step, reference: str, day: str) -> Dataset:
    """Opens the dataset for one of its days, whose file alone is checked; else as the other."""
    dataset = find_dataset(step.context.workspace, Reference.parse(reference), verify=False)
    dataset.verify(day)
    log_dataset(step, dataset)
    return dataset


def open_input_profiles(step: Step, references: Mapping[str, str]) -> dict[str, DayProfile]:
    """Opens what tasks of their own have counted of each day, by its name."""
    from lt4rec_core.validation.profile import open_profile

    found = (open_profile(step.folder(text)) for text in references.values() if text)
    return {profile.day: profile for profile in found}


def log_dataset(step: Step, dataset: Dataset) -> None:
    """Records in MLflow which dataset the step's run reads or made."""
    manifest = dataset.manifest
    source = json.dumps({"location": manifest.source.location, "days": manifest.splits})
    step.store.log_dataset(step.run_id, step.config.name, dataset.digest, source, step.stage)


def open_input_checkpoint(step: Step, reference: str, dataset: Dataset) -> Checkpoint:
    """Opens a checkpoint made for the dataset's features; raises ArtifactError if it isn't."""
    from lt4rec_core.training.checkpoint import open_checkpoint

    return open_checkpoint(step.folder(reference), "checkpoint", dataset.features.digest)


def open_input_masks(
    step: Step, references: Mapping[str, str], dataset: Dataset
) -> dict[str, Mask]:
    """Opens the tasks' masks; raises ArtifactError if one was made for other features."""
    from lt4rec_core.stages.prune import open_mask

    digest = dataset.features.digest
    return {task: open_mask(step.folder(text), digest)[0] for task, text in references.items()}
