"""How much is missing: never a key, and of a feature no more than allowed."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from lt4rec_core.validation.expectation import Counts, Expectation, Measure
from lt4rec_core.validation.subject import KEYS, Day, Subject


def _empty(column: str, type_: pl.DataType) -> pl.Expr:
    value = pl.col(column)
    if isinstance(type_, pl.List):
        return value.is_null() | (value.list.len() == 0)
    if type_.is_float():
        return value.is_null() | value.is_nan()
    return value.is_null() | (value == "")


def _columns(subject: Subject, day: Day) -> dict[str, pl.Expr]:
    columns = dict.fromkeys(field.column for field in subject.dataset.features.fields)
    return {
        column: _empty(column, day.schema[column])
        for column in columns
        if subject.holds(day, column)
    }


def _count_nulls(subject: Subject, day: Day) -> dict[str, pl.Expr]:
    return {column: empty.sum() for column, empty in _columns(subject, day).items()}


def _measure_nulls(subject: Subject, counts: Counts) -> Iterator[Measure]:
    allowed = {
        field.column: subject.settings.null_share[key]
        for field in subject.dataset.features.fields
        for key in (field.column, field.name)
        if key in subject.settings.null_share
    }
    for day in subject.days:
        for column, empty in _columns(subject, day).items():
            rows = counts[day.name]["rows"]
            share = counts[day.name][column] / rows if rows else None
            high = allowed.get(column, subject.settings.max_null_share)
            detail = "" if rows else "the day has no rows"
            yield Measure(column, day.name, share, high=high, detail=detail, offending=empty)


def _keys(subject: Subject, day: Day) -> dict[str, pl.Expr]:
    return {key: _empty(key, day.schema[key]) for key in KEYS if subject.holds(day, key)}


def _count_keys(subject: Subject, day: Day) -> dict[str, pl.Expr]:
    return {key: empty.sum() for key, empty in _keys(subject, day).items()}


def _measure_keys(subject: Subject, counts: Counts) -> Iterator[Measure]:
    for day in subject.days:
        for key, empty in _keys(subject, day).items():
            yield Measure(key, day.name, counts[day.name][key], high=0, offending=empty)


NULL_SHARE = Expectation(
    about="The share of rows without a value stays below its bound.",
    severity="error",
    count=_count_nulls,
    measure=_measure_nulls,
)
KEY_MISSING = Expectation(
    about="No row lacks its impression id, user or item.",
    severity="error",
    count=_count_keys,
    measure=_measure_keys,
)
