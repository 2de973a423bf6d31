"""Numbers to the ids that a log carries."""

from __future__ import annotations

import numpy as np
import polars as pl

from lt4rec_core.data.synthetic.world import Ints


def names(prefix: str, numbers: Ints) -> pl.Series:
    """Returns prefix + number for each number."""
    return pl.select(pl.lit(prefix) + pl.Series(numbers).cast(pl.String)).to_series()


def lists(prefix: str, numbers: Ints, counts: Ints) -> pl.Series:
    """Returns, for each row of `numbers` [N, M], the list of its first `counts` [N] names."""
    table = {"row": np.repeat(np.arange(len(counts)), counts), "name": _flat(numbers, counts)}
    names_by_row = (
        pl.DataFrame(table)
        .with_columns(pl.concat_str(pl.lit(prefix), "name").alias("name"))
        .group_by("row", maintain_order=True)
        .agg("name")
    )
    rows = pl.DataFrame({"row": np.arange(len(counts))})
    return rows.join(names_by_row, on="row", how="left", maintain_order="left")["name"].fill_null(
        pl.Series([[]], dtype=pl.List(pl.String))
    )


def _flat(numbers: Ints, counts: Ints) -> Ints:
    return numbers[np.arange(numbers.shape[1])[None, :] < counts[:, None]]
