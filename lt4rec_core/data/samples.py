"""One split of a dataset as tensors, and batches cut from it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from lt4rec_core.config import digest
from lt4rec_core.data.atomic import folder_aside
from lt4rec_core.data.batch import Batch
from lt4rec_core.data.layout import layout_of
from lt4rec_core.data.tensor_files import FORMAT, map_tensors, write_tensors
from lt4rec_core.errors import ArtifactError
from lt4rec_core.tasks import EVERY_IMPRESSION, Task

if TYPE_CHECKING:
    import polars as pl

    from lt4rec_core.data.dataset import Dataset

_ROWS_AT_ONCE = 1 << 18


@dataclass(frozen=True)
class Samples:
    """N impressions with F fields each, ready to be gathered into batches.

    Attributes:
        ids: int32 [L], rows of the stacked embedding matrix, impression by impression
            and field by field.
        starts: int64 [N + 1], where each impression's ids begin.
        lengths: int16 [N, F], how many ids each field of an impression has.
        labels: float32 [N] for each label; NaN where the label isn't known.
    """

    ids: torch.Tensor
    starts: torch.Tensor
    lengths: torch.Tensor
    labels: Mapping[str, torch.Tensor]

    @property
    def rows(self) -> int:
        """N."""
        return self.lengths.shape[0]

    def population(self, task: Task) -> torch.Tensor:
        """Returns the int64 rows on which the task's label is known (delta in paper, Eq. 1)."""
        return known(task, self.labels).nonzero().squeeze(1)

    def batch(self, rows_B: torch.Tensor) -> Batch:
        """Gathers the impressions at `rows_B` (int64), in that order."""
        lengths_BF = self.lengths[rows_B].to(torch.int64)
        lengths_B = lengths_BF.sum(1)
        ends_B = lengths_B.cumsum(0)
        # The k-th id of an impression stands at its start + k, all of them side by side.
        shift_B = self.starts[rows_B] - (ends_B - lengths_B)
        places_L = torch.arange(int(ends_B[-1]) if len(rows_B) else 0)
        places_L += shift_B.repeat_interleave(lengths_B)
        flat_G = lengths_BF.flatten()
        return Batch(
            ids=self.ids[places_L].to(torch.int64),
            bags=flat_G.cumsum(0) - flat_G,
            labels={name: values[rows_B] for name, values in self.labels.items()},
            size=len(rows_B),
        )


def known(task: Task, labels: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Returns where the task is defined, bool [N]: in its population, with a label.

    With `task.outside`, it is also defined on all rows outside of its population.
    """
    labelled = ~torch.isnan(labels[task.label])
    if task.population == EVERY_IMPRESSION:
        return labelled
    inside = labels[task.population] == 1
    return labelled & inside if task.outside is None else labelled | ~inside


def label_of(task: Task, labels: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Returns the task's label [N]: the column's, or `task.outside` outside the population."""
    if task.outside is None or task.population == EVERY_IMPRESSION:
        return labels[task.label]
    inside = labels[task.population] == 1
    return torch.where(inside, labels[task.label], task.outside)


def read_samples(dataset: Dataset, split: str) -> Samples:
    """Maps the encoded fields and all labels of a split, day by day, into memory.

    Whoever asks first writes them beside the dataset's days, a bounded number of rows at a
    time: 4 bytes per id, 2 per field, 4 per label and 8 more of each impression. All stages
    and processes then share the pages that they read.
    """
    folder, fields = _home(dataset, split), len(dataset.features.fields)
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return map_samples(folder, fields)
        except ArtifactError:  # not there yet, or damaged
            with folder_aside(folder) as partial:
                write_tensors(partial, _pieces(dataset, split))
            return map_samples(folder, fields)


def map_samples(folder: Path, fields: int) -> Samples:
    """Maps tensors that lie in `folder`; raises ArtifactError where they don't, or are damaged."""
    tensors = map_tensors(folder)
    return Samples(
        ids=tensors.pop("ids"),
        starts=tensors.pop("starts"),
        lengths=tensors.pop("lengths").view(-1, fields),
        labels={name.removeprefix("label."): values for name, values in tensors.items()},
    )


def _home(dataset: Dataset, split: str) -> Path:
    """Returns the folder of a split's tensors, named by all that they are made of."""
    days = dataset.days(split)
    files = [day.sha256 for day in dataset.manifest.days if day.day in days]
    return dataset.root / "tensors" / digest(FORMAT, dataset.features.digest, files)[:16]


def _pieces(dataset: Dataset, split: str) -> Iterator[dict[str, npt.NDArray[Any]]]:
    """Yields the tensors of some rows at a time, `lengths` row by row."""
    import polars as pl

    end = 0
    yield {"starts": np.zeros(1, np.int64)}
    for path in dataset.paths(split):
        frame = pl.scan_parquet(path, glob=False)
        rows = int(frame.select(pl.len()).collect().item())
        for first in range(0, rows, _ROWS_AT_ONCE):
            piece = _read(dataset, frame.slice(first, _ROWS_AT_ONCE))
            lengths_BF = piece["lengths"].reshape(-1, len(dataset.features.fields))
            ends_B = end + lengths_BF.sum(1, dtype=np.int64).cumsum()
            end = int(ends_B[-1])
            yield {**piece, "starts": ends_B}


def _read(dataset: Dataset, frame: pl.LazyFrame) -> dict[str, npt.NDArray[Any]]:
    import polars as pl

    layout = layout_of(dataset.features)
    fields = dataset.features.fields
    shifted = [
        pl.col(f"id.{field.name}").list.eval(pl.element() + offset)
        if field.values == "multi"
        else pl.concat_list(pl.col(f"id.{field.name}") + offset)
        for field, offset in zip(fields, layout.field_offsets, strict=True)
    ]
    names = [name for name in frame.collect_schema().names() if name.startswith("label.")]
    read = frame.select(
        pl.concat_list(shifted).alias("ids"),
        pl.concat_list([column.list.len().cast(pl.Int16) for column in shifted]).alias("lengths"),
        *[pl.col(name).cast(pl.Float32).fill_null(float("nan")) for name in names],
    ).collect()
    return {
        "ids": read["ids"].explode().cast(pl.Int32).to_numpy(),
        "lengths": read["lengths"].explode().to_numpy(),
        **{name: read[name].to_numpy() for name in names},
    }
