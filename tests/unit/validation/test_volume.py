"""Bounds of volume and click rate are inclusive, and look back `reference_days` days."""

from __future__ import annotations

import polars as pl
import pytest


@pytest.mark.parametrize(("rows", "fails"), [(200, False), (199, True)])
def test_volume_bound(draft, failures, rows, fails):
    draft.frames["2026-01-05"] = draft.frames["2026-01-05"].head(rows)
    assert (failures(draft, "row_volume") == {("rows", "2026-01-05")}) is fails


def test_volume_is_compared_with_the_reference_days_only(draft, failures):
    draft.validate = {"reference_days": 1}
    for place, day in enumerate(draft.frames):
        draft.frames[day] = draft.frames[day].head(int(400 * 0.6**place))
    assert failures(draft, "row_volume") == set()


def test_one_odd_day_does_not_condemn_the_next(draft, failures):
    draft.frames["2026-01-02"] = draft.frames["2026-01-02"].head(101)
    assert failures(draft, "row_volume") == {("rows", "2026-01-02")}


def test_click_rate_of_a_day_without_labels_is_not_judged(draft, failures):
    draft.change(pl.lit(None, dtype=pl.Float32).alias("label.click"))
    assert failures(draft, "click_rate", "click_rate_change") == set()


def test_empty_day_fails_the_row_count_and_breaks_nothing_else(draft, judged):
    draft.frames["2026-01-05"] = draft.frames["2026-01-05"].head(0)
    assert {("rows", "2026-01-05"), ("ctr in test", "all days")} <= judged(draft)


@pytest.mark.parametrize(("left", "fails"), [(0.0, True), (0.5, False)])
def test_a_small_day_without_any_of_a_label_fails(draft, failures, left, fails):
    for day in draft.frames:
        draft.frames[day] = draft.frames[day].head(200)
    draft.change(pl.col("label.watch_ratio") * left, day="2026-01-05")
    place = {("label.watch_ratio", "2026-01-05")}
    assert (failures(draft, "label_mean_change") == place) is fails
