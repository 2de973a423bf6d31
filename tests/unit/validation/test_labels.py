"""Labels: what is refused, and what is let pass."""

from __future__ import annotations

import polars as pl
import pytest

NAN = float("nan")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("label.click", 0.5),
        ("label.click", -1.0),
        ("label.click", NAN),
        ("label.watch_ratio", 1.01),
        ("label.watch_ratio", -0.1),
        ("label.watch_ratio", NAN),
    ],
)
def test_label_out_of_range_fails(draft, failures, column, value):
    known = pl.col(column).is_not_null()
    draft.change(pl.when(known).then(pl.lit(value, dtype=pl.Float32)).alias(column))
    assert failures(draft, "label_range") == {(column, "2026-01-04")}


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_watch_ratio_in_the_closed_unit_interval_passes(draft, failures, value):
    known = pl.col("label.watch_ratio").is_not_null()
    draft.change(pl.when(known).then(pl.lit(value, dtype=pl.Float32)).alias("label.watch_ratio"))
    assert failures(draft, "label_range") == set()


def test_further_labels_of_the_source_are_checked_too(draft, failures):
    draft.change_all(pl.lit(3.0, dtype=pl.Float32).alias("label.like"))
    assert ("label.like", "2026-01-01") in failures(draft, "label_range")


def test_click_without_watch_ratio_fails(draft, failures):
    draft.change(pl.lit(None, dtype=pl.Float32).alias("label.watch_ratio"), day="2026-01-05")
    assert failures(draft, "label_missing") == {("label.watch_ratio", "2026-01-05")}


def test_no_clicks_at_all_leave_no_samples_for_cvr(draft, failures):
    draft.change_all(
        pl.lit(0.0, dtype=pl.Float32).alias("label.click"),
        pl.lit(None, dtype=pl.Float32).alias("label.watch_ratio"),
    )
    seen = failures(draft, "task_rows", "click_rate")
    assert ("cvr in train", "all days") in seen
    assert ("label.click", "2026-01-05") in seen


def test_a_binary_label_may_be_known_outside_of_its_task_s_population(draft, failures):
    draft.tasks = [{"name": "comment", "label": "comment", "population": "click"}]
    draft.tasks[0] |= {"loss": "log_loss", "metric": "auc"}
    draft.change_all(pl.lit(0.0, dtype=pl.Float32).alias("label.comment"))
    assert failures(draft, "label_population", "label_missing") == set()


@pytest.fixture
def sharing(draft):
    """Three tasks of one label, which is known of clicked and of liked rows."""
    share = {"label": "watch_ratio", "population": "click", "loss": "log_loss", "metric": "mse"}
    draft.tasks += [{"name": "share", **share}, {"name": "liked", **share, "population": "like"}]
    ratio = pl.col("label.watch_ratio")
    liked = ratio.is_null() & (pl.int_range(pl.len()) % 2 == 0)
    draft.change_all(
        liked.cast(pl.Float32).alias("label.like"),
        pl.when(liked).then(0.5).otherwise(ratio).cast(pl.Float32).alias("label.watch_ratio"),
    )
    return draft


def test_tasks_that_share_a_label_have_each_rows_of_their_own(sharing, failures):
    assert failures(sharing, "task_rows", "label_missing", "label_population") == set()


def test_a_share_is_known_on_the_rows_of_none_of_its_tasks(sharing, failures):
    sharing.change(pl.col("label.watch_ratio").fill_null(0.5))
    assert failures(sharing, "label_population") == {("label.watch_ratio", "2026-01-04")}
