"""What reading a large file holds in memory at a time."""

from __future__ import annotations

import os

import polars as pl

_BOUNDS = {
    "POLARS_ROW_GROUP_PREFETCH_SIZE": "1",  # of a Parquet file, decoded ahead of being used
    "POLARS_IDEAL_MORSEL_SIZE": "16384",  # rows that one step of a query hands to the next
}


def read_ahead_little() -> None:
    """Lets polars hold few rows of a file at a time, where nobody chose other bounds.

    By default it decodes row groups far ahead, the more the larger a file is, and several
    steps of a query hold some 100,000 rows each: with files of 3 M rows of 24 columns that is
    three times the memory, and no time is won by it. Results don't change.
    """
    missing = {name: value for name, value in _BOUNDS.items() if name not in os.environ}
    if missing:
        os.environ.update(missing)
        pl.Config.reload_env_vars()
