"""A finished dataset on disk."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lt4rec_core.artifact import file_inside, inside, read_bytes
from lt4rec_core.data.atomic import sha256_file
from lt4rec_core.data.features import FeatureMap
from lt4rec_core.data.manifest import SPLITS, Manifest
from lt4rec_core.errors import ArtifactError

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Dataset:
    """Encoded impressions by day: what its manifest says, and how its fields are encoded."""

    root: Path
    manifest: Manifest
    features: FeatureMap

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the content."""
        return self.manifest.digest

    def days(self, split: str) -> tuple[str, ...]:
        """Returns the days of "train", "validation" or "test", in order."""
        if split not in self.manifest.splits:
            raise ArtifactError(f"a dataset has no split {split!r}; expected one of {SPLITS}")
        return self.manifest.splits[split]

    def paths(self, split: str) -> tuple[Path, ...]:
        """Returns the Parquet files of a split, day by day."""
        days = self.days(split)
        return tuple(inside(self.root, day.file) for day in self.manifest.days if day.day in days)

    def scan(self, split: str) -> pl.LazyFrame:
        """Returns the rows of a split, lazily: one row an impression."""
        import polars as pl

        return pl.scan_parquet(list(self.paths(split)), glob=False)

    def verify(self, day: str) -> None:
        """Raises ArtifactError unless the file of `day` is there, as it was written."""
        (record,) = (record for record in self.manifest.days if record.day == day)
        _verify(self.root, record.file, record.sha256)

    def vocabulary(self, table: str) -> pl.DataFrame:
        """Returns the `id`, `index` and `count` of a categorical table's ids, by index."""
        import polars as pl

        return pl.read_parquet(inside(self.root, vocabulary_file(table)), glob=False)


def trained_on(dataset: Dataset, days: Collection[str]) -> Dataset:
    """Returns a view of `dataset` whose training days are those of `days` alone."""
    manifest = dataset.manifest
    train = tuple(day for day in manifest.splits["train"] if day in days)
    known = dataclasses.replace(
        manifest,
        splits={**manifest.splits, "train": train},
        days=tuple(day for day in manifest.days if day.split != "train" or day.day in train),
    )
    return dataclasses.replace(dataset, manifest=known)


def vocabulary_file(table: str) -> str:
    """Returns the path of a table's vocabulary below the dataset's root."""
    return f"vocabulary/{table}.parquet"


def open_dataset(root: Path, verify: bool = True) -> Dataset:
    """Opens the dataset below `root`; `verify` compares every file with its digest.

    Raises:
        ArtifactError: a file is missing or isn't what the manifest says.
    """
    manifest = Manifest.from_json(read_bytes(root, "manifest.json"))
    features = FeatureMap.from_json(read_bytes(root, "features.json"))
    if features.digest != manifest.schema_digest:
        raise ArtifactError(
            f"{root / 'features.json'} has digest {features.digest}; the manifest expects "
            f"{manifest.schema_digest}: make the dataset again"
        )
    if verify:
        for name, expected in manifest.sha256().items():
            _verify(root, name, expected)
    dataset = Dataset(root, manifest, features)
    if verify:
        _verify_sizes(dataset)
    return dataset


def _verify_sizes(dataset: Dataset) -> None:
    """A table is as large as its ids: nobody allocates what a damaged map asks for."""
    import polars as pl

    for table in dataset.features.tables:
        if table.kind != "categorical":
            continue
        file = file_inside(dataset.root, vocabulary_file(table.name))
        try:
            ids = pl.scan_parquet(file, glob=False).select(pl.len()).collect().item()
        except pl.exceptions.PolarsError as error:
            raise ArtifactError(f"{file} can't be read: {error}; make it anew") from error
        if table.size != 1 + table.oov_buckets + ids:
            raise ArtifactError(
                f"table {table.name!r} has {table.size} rows, but {ids} ids and "
                f"{table.oov_buckets} buckets; make the dataset again"
            )


def _verify(root: Path, name: str, expected: str) -> None:
    path = file_inside(root, name)
    seen = sha256_file(path)
    if seen != expected:
        raise ArtifactError(
            f"{path} has SHA-256 {seen}; the manifest expects {expected}: "
            "the file was changed after it was written, make the dataset again"
        )
