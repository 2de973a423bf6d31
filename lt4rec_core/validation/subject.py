"""What is validated: a dataset's days and columns, next to what they should be."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from lt4rec_core.config import Config, Validate
from lt4rec_core.data.manifest import SPLITS
from lt4rec_core.errors import ConfigError
from lt4rec_core.tasks import EVERY_IMPRESSION, Task, resolve

if TYPE_CHECKING:
    from lt4rec_core.data.dataset import Dataset
    from lt4rec_core.data.features import FieldMap, TableMap

KEYS = ("row_id", "user", "item")
CLICK = "click"


@dataclass(frozen=True)
class Day:
    """One file of the dataset and the columns that it really has."""

    name: str
    split: str
    path: Path
    schema: Mapping[str, pl.DataType]

    def scan(self, **options: str) -> pl.LazyFrame:
        """Reads the day lazily; `options` are those of `polars.scan_parquet`."""
        return pl.scan_parquet(self.path, glob=False, **options)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Label:
    """A label column: 0 or 1 if `binary`, else in [0, 1], the range of a sigmoid output."""

    name: str
    binary: bool

    @property
    def column(self) -> str:
        """Its name in the dataset."""
        return f"label.{self.name}"


@dataclass(frozen=True)
class Subject:
    """A dataset and everything that the expectations need to know about it.

    `expected` gives the type that each column must have; None means any type.
    """

    dataset: Dataset
    settings: Validate
    tasks: tuple[Task, ...]
    labels: tuple[Label, ...]
    days: tuple[Day, ...]
    expected: Mapping[str, pl.DataType | None]

    @property
    def dated(self) -> bool:
        """Whether the splits are days of a calendar."""
        return self.dataset.manifest.data_date is not None

    @property
    def train_days(self) -> tuple[Day, ...]:
        """The days that are trained on."""
        return tuple(day for day in self.days if day.split == "train")

    @property
    def held_out_days(self) -> tuple[Day, ...]:
        """Validation and test days."""
        return tuple(day for day in self.days if day.split != "train")

    def table(self, field: FieldMap) -> TableMap:
        """Returns the table that `field` looks up."""
        return self.dataset.features.table(field.table)

    def holds(self, day: Day, *columns: str) -> bool:
        """Whether `day` has all of `columns`, each of the expected type.

        What is missing or mistyped is reported once, by the expectations on columns;
        all others pass over it.
        """
        return all(
            name in day.schema and self.expected.get(name) in (None, day.schema[name])
            for name in columns
        )


def subject_of(config: Config, dataset: Dataset) -> Subject:
    """Describes `dataset`, days in order of their splits and dates, without reading rows."""
    days = tuple(
        Day(record.day, split, path, pl.scan_parquet(path, glob=False).collect_schema())
        for split in SPLITS
        for record in dataset.manifest.days
        if record.split == split and (path := dataset.root / record.file)
    )
    tasks = resolve(config.tasks)
    _refuse_unknown_columns(config.validate, dataset)
    return Subject(
        dataset=dataset,
        settings=config.validate,
        tasks=tasks,
        labels=_labels(tasks, days),
        days=days,
        expected=_expected(config, dataset, tasks),
    )


def _refuse_unknown_columns(settings: Validate, dataset: Dataset) -> None:
    known = {name for field in dataset.features.fields for name in (field.name, field.column)}
    for name in settings.null_share:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {sorted(known)}"
            raise ConfigError(f"[validate.null_share] names no field with {name!r}; {hint}")


def _labels(tasks: tuple[Task, ...], days: tuple[Day, ...]) -> tuple[Label, ...]:
    asked = {task.label for task in tasks} | {task.population for task in tasks}
    present = {
        name.removeprefix("label.") for day in days for name in day.schema if _is_label(name)
    }
    shares = {task.label for task in tasks if not task.binary} | {"watch_ratio"}
    names = sorted((asked | present) - {EVERY_IMPRESSION})
    return tuple(Label(name, binary=name not in shares) for name in names)


def _is_label(column: str) -> bool:
    return column.startswith("label.")


def _expected(
    config: Config, dataset: Dataset, tasks: tuple[Task, ...]
) -> dict[str, pl.DataType | None]:
    asked = {task.label for task in tasks} | {task.population for task in tasks}
    expected: dict[str, pl.DataType | None] = {
        "row_id": pl.String(),
        "user": pl.String(),
        "item": pl.String(),
        "time": pl.Int64(),
        "length": pl.Float64(),
        "known.user": pl.Boolean(),
        "known.item": pl.Boolean(),
    }
    expected |= {f"label.{name}": pl.Float32() for name in sorted(asked - {EVERY_IMPRESSION})}
    for field in dataset.features.fields:
        multi = field.values == "multi"
        raw = pl.Float64() if field.kind == "numeric" else pl.String()
        expected[field.column] = pl.List(raw) if multi else raw
        expected[f"id.{field.name}"] = pl.List(pl.Int32()) if multi else pl.Int32()
    for cut in config.evaluate.slices:
        expected.setdefault(cut.column, None)
    return expected
