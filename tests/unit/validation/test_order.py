"""Days in order, in the dataset's own time zone."""

from __future__ import annotations

import polars as pl

HOUR = 3_600_000


def test_rows_filed_a_little_late_are_let_pass(draft, failures):
    """Some logs file the last rows before midnight under the day after."""
    late = pl.int_range(pl.len()) < 10
    shift = pl.when(late).then(pl.col("time").min() - HOUR).otherwise(pl.col("time"))
    draft.change(shift.alias("time"), day="2026-01-04")
    assert failures(draft, "stray_rows", "future_rows", "day_order") == set()


def test_midnight_is_that_of_the_time_zone(draft, failures):
    draft.time_zone = "Asia/Shanghai"
    draft.change_all(pl.col("time") - 8 * HOUR)
    assert failures(draft, "stray_rows", "future_rows") == set()


def test_validation_rows_of_the_test_day_fail(draft, failures):
    draft.change(pl.col("time") + 24 * HOUR, day="2026-01-04")
    assert ("time", "2026-01-04") in failures(draft, "future_rows")


def test_rows_without_a_time_are_let_pass(draft, failures):
    draft.change_all(pl.lit(None, dtype=pl.Int64).alias("time"))
    assert failures(draft, "stray_rows", "future_rows") == set()


def test_splits_that_are_not_days_are_not_put_in_order(draft, failures):
    draft.data_date = None
    draft.splits["2026-01-01"] = "test"
    assert failures(draft, "day_order", "future_rows", "stray_rows", "row_volume") == set()
