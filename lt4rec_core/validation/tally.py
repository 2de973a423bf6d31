"""How often each id of a field occurs, by day, and with which labels on the training days.

Legend: T = rows of the field's table, H = 2 halves of the training rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from lt4rec_core.validation.subject import Day, Label, Subject

if TYPE_CHECKING:
    from lt4rec_core.data.features import FieldMap, TableMap

Array = npt.NDArray[Any]
REFERENCE = "reference"
# A name that no raw column can have: see lt4rec_core.data.declaration.RESERVED_PREFIXES.
_ROW = "id."
_HALF = (pl.col(_ROW).hash(seed=2) % 2).alias("half")


@dataclass(frozen=True)
class LabelSums:
    """Number, sum and sum of squares of a known label: [H, T] by id, or [H] over all rows."""

    count: Array
    total: Array
    square: Array


@dataclass(frozen=True)
class FieldTally:
    """Everything that drift and leakage need to know of one field.

    Attributes:
        days: int64 [T] for each day, rows on which the id occurs.
        by_id: label sums of the training rows on which the id occurs, [H, T].
        overall: label sums of all training rows, [H].
        reference: the training days that later ones are compared with.
        independent: how many independent rows a held-out day, or the reference days
            together (`REFERENCE`), are worth.
    """

    field: FieldMap
    table: TableMap
    days: Mapping[str, Array]
    by_id: Mapping[str, LabelSums]
    overall: Mapping[str, LabelSums]
    reference: tuple[str, ...]
    independent: Mapping[str, float]


def tally_fields(
    subject: Subject, occurring: Mapping[str, Callable[[FieldMap], pl.DataFrame]]
) -> Iterator[FieldTally]:
    """Tallies one field after the other, so that only one table's worth is in memory.

    A field takes 8 T bytes for each day and 48 T for each label. `occurring` gives its
    `occurrences` by day.
    """
    overall = _overall(subject)
    reference = subject.train_days[-subject.settings.reference_days :]
    compared = {day.name: [day] for day in subject.held_out_days} | {REFERENCE: [*reference]}
    independent = {name: _independent(subject, days) for name, days in compared.items()}
    for field in subject.dataset.features.fields:
        column, table = f"id.{field.name}", subject.table(field)
        days = {}
        by_id = {label.name: _nothing((2, table.size)) for label in subject.labels}
        for day in subject.days:
            if subject.holds(day, column):
                sums = occurring[day.name](field)
                days[day.name] = _count(table, sums)
                for label in _labels(subject, day):
                    place = (sums["half"].to_numpy(), sums["id"].to_numpy())
                    _add(by_id[label.name], place, sums, label)
        yield FieldTally(
            field=field,
            table=table,
            days=days,
            by_id=by_id,
            overall=overall,
            reference=tuple(day.name for day in reference if day.name in days),
            independent=independent,
        )


def occurrences(subject: Subject, field: FieldMap, day: Day) -> pl.DataFrame:
    """Counts the `rows` of a day by the `id` of `field`; on a training day by `half`, too.

    Beside them stand the sums of the labels on a training day's rows.
    """
    column, table = f"id.{field.name}", subject.table(field)
    labels = _labels(subject, day)
    ids = pl.col(column)
    rows = day.scan(row_index_name=_ROW).select(
        (ids.list.unique() if field.values == "multi" else ids).alias("id"),
        _HALF,
        *[label.column for label in labels],
    )
    if field.values == "multi":
        rows = rows.explode("id")
    known = rows.filter(pl.col("id").is_between(0, table.size - 1))
    # Two halves on training days; on the others one is enough.
    halves = ["half"] if day.split == "train" else []
    counted = known.group_by("id", *halves).agg(pl.len().alias("rows"), *_sums(labels))
    return counted.collect(engine="streaming")


def _count(table: TableMap, sums: pl.DataFrame) -> Array:
    counted_T = np.zeros(table.size, dtype=np.int64)
    np.add.at(counted_T, sums["id"].to_numpy(), sums["rows"].to_numpy().astype(np.int64))
    return counted_T


def _independent(subject: Subject, days: list[Day]) -> float:
    """Kish's effective number of users, (sum n)^2 / sum n^2: a user's rows resemble each other."""
    held = [day for day in days if subject.holds(day, "user")]
    if not held:
        return 1.0
    users = pl.concat([day.scan().select(pl.col("user").hash(seed=3)) for day in held])
    rows = pl.col("len").cast(pl.Float64)
    worth = users.group_by("user").len().select(rows.sum().pow(2) / rows.pow(2).sum())
    return float(worth.collect(engine="streaming").item() or 1.0)


def _overall(subject: Subject) -> dict[str, LabelSums]:
    overall = {label.name: _nothing((2,)) for label in subject.labels}
    for day in subject.train_days:
        labels = _labels(subject, day)
        rows = day.scan(row_index_name=_ROW).select(_HALF, *[label.column for label in labels])
        sums = rows.group_by("half").agg(*_sums(labels)).collect(engine="streaming")
        for label in labels:
            _add(overall[label.name], (sums["half"].to_numpy(),), sums, label)
    return overall


def _labels(subject: Subject, day: Day) -> list[Label]:
    if day.split != "train":
        return []
    return [
        label
        for label in subject.labels
        if subject.holds(day, label.column) and day.schema[label.column].is_float()
    ]


def _sums(labels: list[Label]) -> Iterator[pl.Expr]:
    for label in labels:
        value = pl.col(label.column).cast(pl.Float64).fill_nan(None)
        yield value.count().alias(f"count.{label.name}")
        yield value.sum().alias(f"total.{label.name}")
        yield value.pow(2).sum().alias(f"square.{label.name}")


def _add(into: LabelSums, place: tuple[Array, ...], sums: pl.DataFrame, label: Label) -> None:
    for kind in ("count", "total", "square"):
        np.add.at(getattr(into, kind), place, sums[f"{kind}.{label.name}"].to_numpy())


def _nothing(shape: tuple[int, ...]) -> LabelSums:
    return LabelSums(*(np.zeros(shape, dtype=np.float64) for _ in range(3)))
