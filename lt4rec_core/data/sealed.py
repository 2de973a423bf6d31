"""A dataset whose test rows are out of reach: what selects gets no other."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from lt4rec_core.data.dataset import Dataset
from lt4rec_core.errors import ArtifactError


class SealedDataset(Dataset):
    """A dataset that refuses its test split, and whose manifest doesn't list it."""

    def days(self, split: str) -> tuple[str, ...]:
        """Returns the days of "train" or "validation".

        Raises:
            ArtifactError: the test split was asked for.
        """
        _refuse(split)
        return super().days(split)

    def paths(self, split: str) -> tuple[Path, ...]:
        """Returns the files of "train" or "validation"; raises as `days` does."""
        _refuse(split)
        return super().paths(split)


def seal(dataset: Dataset) -> SealedDataset:
    """Returns a view of `dataset` without its test days.

    Its digest is that of the training and validation days: nothing that is made of it
    depends on more.
    """
    manifest = dataset.manifest
    hidden = manifest.splits["test"]
    known = dataclasses.replace(
        manifest,
        splits={**manifest.splits, "test": ()},
        days=tuple(day for day in manifest.days if day.split != "test"),
        partitions={day: raw for day, raw in manifest.partitions.items() if day not in hidden},
    )
    return SealedDataset(dataset.root, known, dataset.features)


def _refuse(split: str) -> None:
    if split == "test":
        raise ArtifactError(
            "the test split was asked for while something is trained or chosen; only what is "
            "finished may be judged on it, so hand the whole dataset to judging alone"
        )
