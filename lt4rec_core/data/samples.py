"""One split of a dataset as tensors, and batches cut from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from lt4rec_core.data.batch import Batch
from lt4rec_core.data.layout import layout_of
from lt4rec_core.tasks import EVERY_IMPRESSION, Task

if TYPE_CHECKING:
    import polars as pl

    from lt4rec_core.data.dataset import Dataset


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
    """Reads the encoded fields and all labels of a split into memory, day by day.

    It holds 4 bytes per id, 2 per field and 4 per label of an impression.
    """
    pieces = [_read(dataset, frame) for frame in _frames(dataset, split)]
    lengths = torch.cat([piece[1] for piece in pieces])
    ends = lengths.to(torch.int64).sum(1).cumsum(0)
    return Samples(
        ids=torch.cat([piece[0] for piece in pieces]),
        starts=torch.cat([torch.zeros(1, dtype=torch.int64), ends]),
        lengths=lengths,
        labels={name: torch.cat([piece[2][name] for piece in pieces]) for name in pieces[0][2]},
    )


def _frames(dataset: Dataset, split: str) -> list[pl.LazyFrame]:
    import polars as pl

    return [pl.scan_parquet(path) for path in dataset.paths(split)]


def _read(
    dataset: Dataset, frame: pl.LazyFrame
) -> tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
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
    ids = torch.from_numpy(read["ids"].explode().cast(pl.Int32).to_numpy(writable=True))
    lengths = torch.from_numpy(read["lengths"].explode().to_numpy(writable=True))
    labels = {
        name.removeprefix("label."): torch.from_numpy(read[name].to_numpy(writable=True))
        for name in names
    }
    return ids, lengths.view(-1, len(fields)), labels
