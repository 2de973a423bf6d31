"""Numeric columns cut into buckets.

Index layout: 0 is a missing value, NaN or an infinite one, 1..n + 1 are the buckets between
n boundaries; a value that equals a boundary belongs to the bucket above it.
"""

from __future__ import annotations

import numpy as np
import polars as pl

MISSING = 0


def fit(values: pl.LazyFrame, buckets: int) -> tuple[float, ...]:
    """Boundaries that cut a column's finite values into `buckets` parts of about one size.

    A boundary is the least value with the share k / buckets of all values at or below
    it. Repeats are dropped, and so is the least value itself, below which nothing was
    seen: fewer buckets remain where values repeat. The frame has one Float64 column;
    its distinct values are held in memory.
    """
    (name,) = values.collect_schema().names()
    value = pl.col(name)
    counts = (
        values.filter(value.is_finite())
        .group_by(value.alias("value"))
        .agg(pl.len().cast(pl.Int64).alias("count"))
        .collect(engine="streaming")
        .sort("value")
    )
    if counts.is_empty():
        return ()
    at_or_below = counts["count"].cum_sum().to_numpy()
    wanted = np.arange(1, buckets) * int(at_or_below[-1])
    places = np.searchsorted(at_or_below * buckets, wanted, side="left")
    least, *rest = np.unique(np.append(counts["value"].to_numpy()[places], counts["value"][0]))
    return tuple(float(boundary) + 0.0 for boundary in rest if boundary > least)


def encode(values: pl.Expr, boundaries: tuple[float, ...]) -> pl.Expr:
    """Indices (Int32) of a Float64 column; elementwise, so that it can be streamed."""
    cuts = np.asarray(boundaries, dtype=np.float64)

    def cut(column: pl.Series) -> pl.Series:
        numbers = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
        index = np.searchsorted(cuts, numbers, side="right") + 1
        index[~np.isfinite(numbers)] = MISSING
        return pl.Series(column.name, index, dtype=pl.Int32)

    return values.map_batches(cut, return_dtype=pl.Int32, is_elementwise=True)
