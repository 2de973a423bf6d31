"""A log's values as canonical texts and numbers, whatever type a file holds them in."""

from __future__ import annotations

from typing import Any

import polars as pl

from lt4rec_core.ranking.encode import EXACT


def as_text(value: pl.Expr, dtype: Any) -> pl.Expr:
    """The values as texts: those of binary columns decoded, whole floats without a fraction.

    A column of whole numbers becomes one of floats where some rows of its file are missing
    (pandas does it), so that 3.0 is the id 3 of other files, and NaN is a missing one. JSON
    Lines and the registered model read them so, too (`lt4rec_core.ranking.encode.canonical`).
    """
    if dtype == pl.Binary:
        return value.map_elements(lambda raw: raw.decode(errors="replace"), pl.String)
    if not isinstance(dtype, pl.DataType) or not dtype.is_float():
        return value.cast(pl.String)
    whole = (value == value.floor()) & (value.abs() < EXACT)
    integer = pl.when(whole).then(value).cast(pl.Int64).cast(pl.String)
    return pl.coalesce(integer, pl.when(value.is_not_nan()).then(value).cast(pl.String))


def clean(column: str, dtype: Any = None) -> pl.Expr:
    """A column as canonical text: stripped, null where empty. `dtype` matters for floats."""
    text = as_text(pl.col(column), dtype).str.strip_chars()
    return pl.when(text != "").then(text).alias(column)


def as_number(column: str, dtype: Any) -> pl.Expr:
    """A column as Float64: text without the spaces round it, times in epoch milliseconds.

    Null where there is no number.
    """
    value = pl.col(column)
    if dtype == pl.String:
        value = value.str.strip_chars()
    elif isinstance(dtype, pl.Datetime):
        value = value.dt.epoch("ms")
    return value.cast(pl.Float64, strict=False)
