"""Raw feature columns in the unified form: text, list of texts, Float64."""

from __future__ import annotations

import polars as pl

from lt4rec_core.data.sources.source import Columns
from lt4rec_core.data.sources.staging import clean


def unified(columns: Columns, schema: pl.Schema) -> list[pl.Expr]:
    """Expressions that give every wanted raw column in its unified form.

    Empty texts become null; empty elements of lists are left out, and a list
    without elements becomes null.
    """
    return [
        *(_one(name, schema[name]) for name in columns.single),
        *(_many(name, schema[name], mark) for name, mark in columns.multi.items()),
        *(_number(name, schema[name]) for name in columns.numeric),
    ]


def _one(name: str, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.List):
        first = pl.col(name).list.first().str.strip_chars()
        return pl.when(first != "").then(first).alias(name)
    return clean(name)


def _many(name: str, dtype: pl.DataType, mark: str) -> pl.Expr:
    if isinstance(dtype, pl.List):
        texts = pl.col(name)
    else:
        texts = pl.col(name).cast(pl.String).str.split(mark)
    stripped = texts.list.eval(pl.element().str.strip_chars())
    kept = stripped.list.eval(pl.element().filter(pl.element() != ""))
    return pl.when(kept.list.len() > 0).then(kept).alias(name)


def _number(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.List):
        column = column.list.first()
    if isinstance(dtype, pl.Datetime):
        column = column.dt.epoch("ms")
    number = column.cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number).alias(name)
