"""Encoded ids point into their tables, and no row is without one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import polars as pl

from lt4rec_core.validation.expectation import Counts, Expectation, Measure
from lt4rec_core.validation.subject import Day, Subject

if TYPE_CHECKING:
    from lt4rec_core.data.features import FieldMap


def _outside(subject: Subject, field: FieldMap) -> pl.Expr:
    ids = pl.col(f"id.{field.name}")
    size = subject.table(field).size
    if field.values == "multi":
        outside = (ids.list.min() < 0) | (ids.list.max() >= size)
    else:
        outside = (ids < 0) | (ids >= size)
    return outside.fill_null(False)


def _absent(_subject: Subject, field: FieldMap) -> pl.Expr:
    ids = pl.col(f"id.{field.name}")
    if field.values == "multi":
        return ids.is_null() | (ids.list.len() == 0)
    return ids.is_null()


def _none_of(about: str, violation: Callable[[Subject, FieldMap], pl.Expr]) -> Expectation:
    def broken(subject: Subject, day: Day) -> Iterator[tuple[FieldMap, str, pl.Expr]]:
        for field in subject.dataset.features.fields:
            column = f"id.{field.name}"
            if subject.holds(day, column):
                yield field, column, violation(subject, field)

    def count(subject: Subject, day: Day) -> dict[str, pl.Expr]:
        return {column: rows.sum() for _, column, rows in broken(subject, day)}

    def measure(subject: Subject, counts: Counts) -> Iterator[Measure]:
        for day in subject.days:
            for field, column, rows in broken(subject, day):
                detail = f"table {field.table!r} has {subject.table(field).size} rows"
                seen = counts[day.name][column]
                yield Measure(
                    column,
                    day.name,
                    seen,
                    high=0,
                    detail=detail,
                    offending=rows,
                    show=(field.column,),
                )

    return Expectation(about=about, severity="error", count=count, measure=measure)


ID_RANGE = _none_of("Every id is a row of its field's table.", _outside)
ID_MISSING = _none_of("Every row has an id in every field; a missing value is id 0.", _absent)
