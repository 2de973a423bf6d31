"""Fields are tallied whatever the log's columns are called."""

from __future__ import annotations

import polars as pl
import pytest


@pytest.mark.parametrize("name", ["row", "half", "hash", "len", "count", "rows"])
def test_a_column_of_the_log_may_be_called_like_a_count(draft, failures, name):
    draft.change_all(pl.col("tab").alias(name))
    assert failures(draft, "drift", "leakage", "duplicates", "copied_rows") == set()
