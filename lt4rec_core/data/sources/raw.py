"""Raw feature columns in the unified form: text, list of texts, Float64."""

from __future__ import annotations

import polars as pl

from lt4rec_core.data.sources.canonical import as_number, clean
from lt4rec_core.data.sources.source import Columns


def unified(columns: Columns, schema: pl.Schema) -> list[pl.Expr]:
    """Expressions that give every wanted raw column in its unified form.

    Empty texts become null; empty elements of lists are left out, and a list
    without elements becomes null.
    """
    return [
        *(clean(name, schema[name]) for name in columns.single),
        *(_many(name) for name in columns.multi),
        *(_number(name, schema[name]) for name in columns.numeric),
    ]


def _many(name: str) -> pl.Expr:
    stripped = pl.col(name).list.eval(pl.element().str.strip_chars())
    kept = stripped.list.eval(pl.element().filter(pl.element() != ""))
    return kept.map_batches(_filled, return_dtype=pl.List(pl.String), is_elementwise=True)


def _filled(lists: pl.Series) -> pl.Series:
    """Nulls for lists without elements; as an expression, all lists would be cleaned twice."""
    return pl.select(pl.when(lists.list.len() > 0).then(lists).alias(lists.name)).to_series()


def _number(name: str, dtype: pl.DataType) -> pl.Expr:
    number = as_number(name, dtype)
    return pl.when(number.is_finite()).then(number).alias(name)
