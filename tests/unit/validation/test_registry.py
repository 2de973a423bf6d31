"""Every expectation fails on data that breaks it, and on no other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from lt4rec_core.errors import ConfigError
from lt4rec_core.validation.expectation import ALL_DAYS
from lt4rec_core.validation.registry import EXPECTATIONS, severities

DAY = "2026-01-04"


def cell(column: str, value: object) -> pl.Expr:
    """`column` with `value` in its third row."""
    there = pl.int_range(pl.len()) == 2
    return pl.when(there).then(value).otherwise(pl.col(column)).alias(column)


def drop_column(draft):
    draft.frames[DAY] = draft.frames[DAY].drop("tab")


def time_as_text(draft):
    draft.change(pl.col("time").cast(pl.String))


def one_user_missing(draft):
    draft.change(cell("user", None))


def mostly_null(draft):
    draft.change(pl.when(pl.int_range(pl.len()) % 3 == 0).then(pl.col("tab")).alias("tab"))


def click_of_two(draft):
    draft.change(cell("label.click", 2.0).cast(pl.Float32))


def click_unknown(draft):
    draft.change(cell("label.click", None))


def watched_without_click(draft):
    draft.change(pl.col("label.watch_ratio").fill_null(0.5))


def no_clicks_to_validate_on(draft):
    draft.change(pl.lit(None, dtype=pl.Float32).alias("label.watch_ratio"))


def row_of_another_day(draft):
    first = draft.frames["2026-01-01"]["row_id"][0]
    draft.change(cell("row_id", pl.lit(first)))


def id_beyond_table(draft):
    draft.change(cell("id.tab", 8).cast(pl.Int32))


def no_tags(draft):
    draft.change(cell("id.tags", pl.lit([], dtype=pl.List(pl.Int32))))


def few_rows(draft):
    draft.frames[DAY] = draft.frames[DAY].head(99)


def half_a_day(draft):
    draft.frames[DAY] = draft.frames[DAY].head(150)


def nobody_clicks(draft):
    draft.change(pl.lit(0, dtype=pl.Float32).alias("label.click"))


def half_the_clicks(draft):
    half = pl.col("label.click") * (pl.int_range(pl.len()) % 2)
    draft.change(half.cast(pl.Float32).alias("label.click"))


def train_after_test(draft):
    draft.splits["2026-01-01"] = "test"


def train_row_of_tomorrow(draft):
    tomorrow = draft.frames[DAY]["time"][0]
    draft.change(cell("time", tomorrow), day="2026-01-03")


def clock_of_another_zone(draft):
    draft.time_zone = "Asia/Shanghai"


def tab_tells_click(draft):
    for day, frame in draft.frames.items():
        told = 5 + frame["label.click"].to_numpy().astype(np.int32)
        draft.change(pl.Series("id.tab", told), day=day)


def age_is_watch_ratio(draft):
    draft.change_all(pl.col("label.watch_ratio").cast(pl.Float64).alias("age"))


def all_on_one_tab(draft):
    draft.change(pl.lit(5, dtype=pl.Int32).alias("id.tab"))


def unheard_of_items(draft):
    draft.change(pl.lit(3, dtype=pl.Int32).alias("id.item"))


def few_users(draft):
    draft.change(("u" + (pl.int_range(pl.len()) % 20).cast(pl.String)).alias("user"))


def one_item_everywhere(draft):
    draft.change(
        pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("i1")).otherwise("item").alias("item")
    )


def nobody_after_noon(draft):
    midnight = 1_767_484_800_000  # of DAY
    draft.change((midnight + (pl.col("time") - midnight) // 2).alias("time"))


def yesterday_again(draft):
    draft.frames[DAY] = draft.frames["2026-01-03"].with_columns(
        pl.col("time") + 86_400_000, ("copy of " + pl.col("row_id")).alias("row_id")
    )


def watched_in_percent(draft):
    draft.change(
        pl.when(pl.col("label.watch_ratio") > 0)
        .then(1.0)
        .cast(pl.Float32)
        .alias("label.watch_ratio")
    )


def other_ids_on_the_test_day(draft):
    draft.change(pl.lit(2, dtype=pl.Int32).alias("id.user"), day="2026-01-05")


# One poison for every expectation: what it does to the data, and the failure that must follow.
POISONS: dict[str, tuple[Callable, str, str]] = {
    "column_present": (drop_column, "tab", DAY),
    "column_type": (time_as_text, "time", DAY),
    "key_missing": (one_user_missing, "user", DAY),
    "null_share": (mostly_null, "tab", DAY),
    "label_range": (click_of_two, "label.click", DAY),
    "label_missing": (click_unknown, "label.click", DAY),
    "label_population": (watched_without_click, "label.watch_ratio", DAY),
    "task_rows": (no_clicks_to_validate_on, "cvr in validation", ALL_DAYS),
    "duplicates": (row_of_another_day, "row_id", ALL_DAYS),
    "id_range": (id_beyond_table, "id.tab", DAY),
    "id_missing": (no_tags, "id.tags", DAY),
    "row_count": (few_rows, "rows", DAY),
    "row_volume": (half_a_day, "rows", DAY),
    "user_count": (few_users, "user", DAY),
    "top_share": (one_item_everywhere, "item", DAY),
    "silent_hours": (nobody_after_noon, "time", DAY),
    "copied_rows": (yesterday_again, "rows", DAY),
    "click_rate": (nobody_clicks, "label.click", DAY),
    "click_rate_change": (half_the_clicks, "label.click", DAY),
    "label_mean_change": (watched_in_percent, "label.watch_ratio", DAY),
    "day_order": (train_after_test, "day", "2026-01-02"),
    "future_rows": (train_row_of_tomorrow, "time", "2026-01-03"),
    "stray_rows": (clock_of_another_zone, "time", DAY),
    "leakage": (tab_tells_click, "tab for click", ALL_DAYS),
    "label_copy": (age_is_watch_ratio, "age for watch_ratio", ALL_DAYS),
    "drift": (all_on_one_tab, "id.tab", DAY),
    "drift_since_yesterday": (all_on_one_tab, "id.tab", "2026-01-05"),
    "shift": (all_on_one_tab, "id.tab", DAY),
    "known_change": (other_ids_on_the_test_day, "id.user", "2026-01-05"),
    "oov_share": (unheard_of_items, "id.item", DAY),
}


@pytest.mark.parametrize("name", EXPECTATIONS)
def test_expectation_fails_on_its_poison(name, draft, judged):
    poison, column, day = POISONS[name]
    poison(draft)
    assert (column, day) in judged(draft, name)


def test_sound_data_fails_nothing(draft, judged):
    assert judged(draft) == set()


@pytest.mark.parametrize("name", EXPECTATIONS)
def test_expectation_says_what_it_expects(name):
    assert EXPECTATIONS[name].about.endswith(".")


def test_no_poison_is_left_over():
    assert set(POISONS) == set(EXPECTATIONS)


def test_severity_can_be_changed():
    assert severities({"drift": "error"})["drift"] == "error"
    assert severities({})["drift"] == "warning"


def test_unknown_expectation_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigError, match="did you mean 'duplicates'"):
        severities({"duplicate": "off"})
